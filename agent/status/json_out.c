/* SPDX-License-Identifier: MIT */
#include "agent/status/json_out.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/status/stream.h"
#include "lib/mem.h"
#include "lib/redact.h"

#define FIRST_SIZE 512 /* an element of most lists */

static void add(struct json_out *o, const char *octets, size_t n)
{
	size_t needed = o->len + n + 1;
	o->text = mem_grow(o->text, &o->cap, needed > FIRST_SIZE ? needed : FIRST_SIZE, 1);
	memcpy(o->text + o->len, octets, n);
	o->len += n;
	o->text[o->len] = 0;
}

void json_out_add(struct json_out *o, const char *octets)
{
	add(o, octets, strlen(octets));
}

/* In front of a key, or of an element. */
static void separate(struct json_out *o)
{
	if (o->len > 0 && !strchr("[{:\n", o->text[o->len - 1]))
		add(o, ",", 1);
}

void json_out_open(struct json_out *o, char bracket)
{
	separate(o);
	add(o, &bracket, 1);
}

void json_out_close(struct json_out *o, char bracket)
{
	add(o, &bracket, 1);
}

void json_out_key(struct json_out *o, const char *key)
{
	separate(o);
	add(o, "\"", 1);
	json_out_add(o, key);
	add(o, "\":", 2);
}

/* ASCII without anything to be escaped, as most are. */
static bool is_simple(const char *text)
{
	for (const unsigned char *p = (const unsigned char *)text; *p; p++)
		if (*p < 0x20 || *p > 0x7e || *p == '"' || *p == '\\')
			return false;
	return true;
}

static void add_null(struct json_out *o)
{
	separate(o);
	add(o, "null", 4);
}

void json_out_json(struct json_out *o, json_t *value)
{
	if (json_is_null(value)) {
		add_null(o);
		return;
	}
	char *text = stream_json_text(value);
	separate(o);
	add(o, text, strlen(text) - 1); /* without its line break */
	free(text);
	json_decref(value);
}

void json_out_text(struct json_out *o, const char *text)
{
	if (!text) {
		add_null(o);
		return;
	}
	if (!is_simple(text) || redact_is_needed(text)) {
		json_out_json(o, view_text(text));
		return;
	}
	separate(o);
	add(o, "\"", 1);
	json_out_add(o, text);
	add(o, "\"", 1);
}

void json_out_bool(struct json_out *o, bool value)
{
	separate(o);
	json_out_add(o, value ? "true" : "false");
}

void json_out_count(struct json_out *o, size_t n)
{
	char text[24], *p = text + sizeof(text);
	do
		*--p = (char)('0' + n % 10);
	while ((n /= 10) > 0);
	separate(o);
	add(o, p, (size_t)(text + sizeof(text) - p));
}

void json_out_add_text(struct json_out *o, const char *key, const char *text)
{
	json_out_key(o, key);
	json_out_text(o, text);
}

void json_out_add_bool(struct json_out *o, const char *key, bool value)
{
	json_out_key(o, key);
	json_out_bool(o, value);
}

void json_out_add_count(struct json_out *o, const char *key, size_t n)
{
	json_out_key(o, key);
	json_out_count(o, n);
}

void json_out_add_json(struct json_out *o, const char *key, json_t *value)
{
	json_out_key(o, key);
	json_out_json(o, value);
}

/* As jansson writes a double of milliseconds: 1.0, 1.5, 1.234. */
static void add_seconds(struct json_out *o, span_t span)
{
	char text[40];
	uint64_t ms = span / USEC_PER_MSEC;
	int n = snprintf(text, sizeof(text), "%" PRIu64 ".%03u", ms / 1000, (unsigned)(ms % 1000));
	while (text[n - 1] == '0' && text[n - 2] != '.')
		n--;
	add(o, text, (size_t)n);
}

void json_out_time(struct json_out *o, const struct view_clock *clock, const char *key, mono_t at)
{
	char seconds[64], date[DATE_TEXT_MAX];
	span_t distance;
	bool known = at != USEC_NEVER;
	wall_t wall = known ? view_wall_of(clock, at, &distance) : 0;
	snprintf(seconds, sizeof(seconds), "%s_seconds", key);
	json_out_key(o, key);
	json_out_text(o, known ? date_format(wall, date) : NULL);
	json_out_key(o, seconds);
	if (known)
		add_seconds(o, distance);
	else
		add_null(o);
}
