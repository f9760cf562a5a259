/* SPDX-License-Identifier: MIT */
#include "lib/json_scan.h"

#include <string.h>

struct json_scan json_scan_over(const char *text, size_t len)
{
	return (struct json_scan){ .p = text, .end = len > 0 ? text + len : text };
}

static void fail(struct json_scan *s)
{
	s->failed = true;
	s->end = s->p;
}

static size_t left(const struct json_scan *s)
{
	return (size_t)(s->end - s->p);
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

char json_scan_peek(struct json_scan *s)
{
	while (left(s) > 0 && is_space(*s->p))
		s->p++;
	if (left(s) == 0)
		return 0;
	return *s->p;
}

static bool match(struct json_scan *s, char c)
{
	if (json_scan_peek(s) != c)
		return false;
	s->p++;
	return true;
}

/* ---- values ---- */

/* From its first quote to behind its last. */
static void pass_string(struct json_scan *s)
{
	for (s->p++; left(s) > 0; s->p++) {
		if (*s->p == '"') {
			s->p++;
			return;
		}
		if (*s->p == '\\' && left(s) > 1)
			s->p++;
	}
	fail(s);
}

/* A number, true, false, null: up to what cannot belong to it. At the end there is none. */
static void pass_literal(struct json_scan *s)
{
	const char *from = s->p;
	while (left(s) > 0 && !is_space(*s->p) && !strchr(",:\"[]{}", *s->p))
		s->p++;
	if (s->p == from)
		fail(s);
}

static void pass_brackets(struct json_scan *s)
{
	size_t depth = 0;
	do {
		if (*s->p == '"') {
			pass_string(s);
			continue;
		}
		if (*s->p == '{' || *s->p == '[')
			depth++;
		else if (*s->p == '}' || *s->p == ']')
			depth--;
		s->p++;
	} while (depth > 0 && left(s) > 0);
	if (depth > 0)
		fail(s);
}

struct json_slice json_scan_value(struct json_scan *s)
{
	char c = json_scan_peek(s);
	const char *from = s->p;
	s->opened = false;
	if (c == '"')
		pass_string(s);
	else if (c == '{' || c == '[')
		pass_brackets(s);
	else
		pass_literal(s);
	if (s->failed)
		return (struct json_slice){ 0 };
	return (struct json_slice){ .p = from, .len = (size_t)(s->p - from) };
}

/* ---- walking ---- */

void json_scan_enter(struct json_scan *s)
{
	char c = json_scan_peek(s);
	if (c != '{' && c != '[') {
		fail(s);
		return;
	}
	s->p++;
	s->opened = true;
}

/* To where the next member or element begins; false behind `close`. */
static bool next(struct json_scan *s, char close)
{
	bool first = s->opened;
	s->opened = false;
	if (match(s, close))
		return false;
	if (!first && !match(s, ','))
		fail(s);
	return !s->failed;
}

bool json_scan_element(struct json_scan *s)
{
	return next(s, ']');
}

bool json_scan_member(struct json_scan *s, struct json_slice *ret_key)
{
	if (!next(s, '}'))
		return false;
	if (json_scan_peek(s) != '"') {
		fail(s);
		return false;
	}
	*ret_key = json_scan_value(s);
	if (!s->failed && !match(s, ':'))
		fail(s);
	return !s->failed;
}

void json_scan_finish(struct json_scan *s)
{
	json_scan_peek(s);
	if (left(s) > 0)
		fail(s);
}

/* ---- fields ---- */

static bool is_name(struct json_slice key, const char *name)
{
	size_t len = strlen(name);
	return key.len == len + 2 && memcmp(key.p + 1, name, len) == 0;
}

bool json_scan_fields(struct json_scan *s, const char *const *names, size_t n,
		      struct json_slice *ret)
{
	struct json_slice key;
	memset(ret, 0, n * sizeof(*ret));
	if (json_scan_peek(s) != '{')
		return false;
	json_scan_enter(s);
	while (json_scan_member(s, &key)) {
		size_t i = 0;
		while (i < n && !is_name(key, names[i]))
			i++;
		struct json_slice value = json_scan_value(s);
		if (i < n && ret[i].p)
			fail(s);
		else if (i < n)
			ret[i] = value;
	}
	if (s->failed)
		memset(ret, 0, n * sizeof(*ret));
	return !s->failed;
}

size_t json_scan_line(const struct json_scan *s, const char *text)
{
	size_t line = 1;
	for (; text < s->p; text++)
		line += *text == '\n';
	return line;
}
