/* SPDX-License-Identifier: MIT */
#include "agent/page/html.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/status/view_json.h"
#include "lib/mem.h"
#include "lib/utf8.h"

static void add_octets(struct html *h, const char *octets, size_t n)
{
	if (n == 0)
		return;
	h->text = mem_grow(h->text, &h->cap, h->len + n + 1, 1);
	memcpy(h->text + h->len, octets, n);
	h->len += n;
	h->text[h->len] = 0;
}

static void add_plain(struct html *h, const char *text)
{
	static const char special[] = "&<>\"'";
	static const char *const escaped[] = { "&amp;", "&lt;", "&gt;", "&quot;", "&#39;" };
	while (*text) {
		size_t plain = strcspn(text, special);
		add_octets(h, text, plain);
		text += plain;
		if (!*text)
			return;
		const char *as = escaped[strchr(special, *text) - special];
		add_octets(h, as, strlen(as));
		text++;
	}
}

/* A direction control could make the rest of the row read as something else. */
static void add_text(struct html *h, const char *text)
{
	struct err err;
	size_t len = strlen(text);
	if (utf8_check(text, &err) == 0) {
		add_plain(h, text);
		return;
	}
	char *escaped = mem_new(UTF8_ESCAPED_MAX(len), 1);
	add_plain(h, utf8_escape(escaped, UTF8_ESCAPED_MAX(len), text, len));
	free(escaped);
}

static void add_number(struct html *h, size_t n)
{
	char text[24];
	int len = snprintf(text, sizeof(text), "%zu", n);
	add_octets(h, text, (size_t)len);
}

void html_add(struct html *h, const char *markup, ...)
{
	va_list args;
	va_start(args, markup);
	for (const char *p; (p = strchr(markup, '%')); markup = p) {
		add_octets(h, markup, (size_t)(p - markup));
		if (strncmp(p, "%s", 2) == 0) {
			add_text(h, va_arg(args, const char *));
			p += 2;
		} else if (strncmp(p, "%zu", 3) == 0) {
			add_number(h, va_arg(args, size_t));
			p += 3;
		} else {
			assert(strncmp(p, "%%", 2) == 0);
			add_octets(h, "%", 1);
			p += 2;
		}
	}
	add_octets(h, markup, strlen(markup));
	va_end(args);
}

void html_add_query(struct html *h, const char *text)
{
	static const char plain[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
	char code[4];
	for (; *text; text++) {
		if (strchr(plain, *text)) {
			add_octets(h, text, 1);
			continue;
		}
		snprintf(code, sizeof(code), "%%%02X", (unsigned char)*text);
		add_octets(h, code, 3);
	}
}

const char *html_age(double seconds, char buf[static HTML_AGE_MAX])
{
	unsigned long s = seconds < 0 ? 0 : (unsigned long)seconds;
	if (seconds < 0.001)
		snprintf(buf, HTML_AGE_MAX, "%.0fus", seconds < 0 ? 0 : seconds * 1e6);
	else if (s < 1)
		snprintf(buf, HTML_AGE_MAX, "%.*fms", seconds < 0.01, seconds * 1000);
	else if (s < 60)
		snprintf(buf, HTML_AGE_MAX, "%lus", s);
	else if (s < 3600)
		snprintf(buf, HTML_AGE_MAX, "%lum%02lus", s / 60, s % 60);
	else if (s < 86400)
		snprintf(buf, HTML_AGE_MAX, "%luh%02lum", s / 3600, s / 60 % 60);
	else
		snprintf(buf, HTML_AGE_MAX, "%lud%02luh", s / 86400, s / 3600 % 24);
	return buf;
}

void html_add_time(struct html *h, const json_t *object, const char *key)
{
	char name[64], age[HTML_AGE_MAX];
	const char *date = view_member(object, key);
	snprintf(name, sizeof(name), "%s_seconds", key);
	double seconds = json_number_value(json_object_get(object, name));
	if (*date)
		html_add(h, "<time datetime=\"%s\" title=\"%s\">%s</time>", date, date,
			 html_age(seconds, age));
}
