/* SPDX-License-Identifier: MIT */
#include "agent/convert/properties.h"

#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"
#include "lib/str.h"

#define BLANKS " \t\r\f"

static void add(struct properties *p, const char *key, size_t key_len, const char *text,
		struct convert_at at)
{
	p->items = mem_grow(p->items, &p->cap, p->n + 1, sizeof(*p->items));
	struct property *item = &p->items[p->n++];
	item->key = mem_new(key_len + 1, 1);
	memcpy(item->key, key, key_len);
	item->text = mem_strdup(text);
	item->at = at;
}

/* The whole line, with those that continue it; *line is the next one's number. */
static char *logical_line(const struct convert_input *in, size_t *at, unsigned *line)
{
	char *text = NULL;
	size_t n = 0, cap = 0;
	while (*at < in->len) {
		const char *start = in->text + *at, *end = memchr(start, '\n', in->len - *at);
		size_t len = end ? (size_t)(end - start) : in->len - *at;
		*at += len + 1;
		++*line;
		len -= len > 0 && start[len - 1] == '\r';
		size_t blanks = 0;
		while (blanks < len && strchr(BLANKS, start[blanks]))
			blanks++;
		text = mem_grow(text, &cap, n + len + 1, 1);
		memcpy(text + n, start + blanks, len - blanks);
		n += len - blanks;
		text[n] = 0;
		if (n == 0 || text[n - 1] != '\\')
			break;
		text[--n] = 0;
	}
	return text; /* not NULL: there was a line */
}

static void parse_line(char *text, struct convert_at at, struct properties *ret)
{
	size_t key = strcspn(text, BLANKS "=:");
	if (*text == '#' || *text == '!' || key == 0)
		return;
	char *value = text + key;
	value += strspn(value, BLANKS);
	value += *value == '=' || *value == ':';
	value += strspn(value, BLANKS);
	for (size_t n = strlen(value); n > 0 && strchr(BLANKS, value[n - 1]); n--)
		value[n - 1] = 0;
	add(ret, text, key, value, at);
}

void properties_parse(const struct convert_input *in, struct properties *ret)
{
	unsigned line = 0;
	for (size_t at = 0; at < in->len;) {
		struct convert_at place = { in->name, line + 1 };
		char *text = logical_line(in, &at, &line);
		parse_line(text, place, ret);
		free(text);
	}
}

/* Flags of Go's flag package that take no value of their own. */
static bool is_switch(const char *key, size_t len)
{
	static const char *const keys[] = { "bgp.enabled", "bgp.enablegrpc",
					    "bgp.grpctls", "insecure",
					    "v",           "version" };
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (strlen(keys[i]) == len && strncmp(keys[i], key, len) == 0)
			return true;
	return false;
}

void properties_parse_args(const char *const *args, size_t n, struct properties *ret)
{
	for (size_t i = 0; i < n; i++) {
		const struct convert_at at = { "arguments", (unsigned)i + 1 };
		const char *key = args[i];
		if (*key != '-')
			continue;
		key += 1 + (key[1] == '-');
		size_t len = strcspn(key, "=");
		if (key[len])
			add(ret, key, len, key + len + 1, at);
		else if (is_switch(key, len))
			add(ret, key, len, "true", at);
		else
			add(ret, key, len, i + 1 < n ? args[++i] : "", at);
	}
}

const struct property *properties_find(const struct properties *p, const char *key)
{
	for (size_t i = p->n; i > 0; i--)
		if (str_equal(p->items[i - 1].key, key))
			return &p->items[i - 1];
	return NULL;
}

void properties_done(struct properties *p)
{
	for (size_t i = 0; i < p->n; i++) {
		free(p->items[i].key);
		free(p->items[i].text);
	}
	free(p->items);
	*p = (struct properties){ 0 };
}
