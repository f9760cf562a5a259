/* SPDX-License-Identifier: MIT */
/*
 * `vipherald apps`. There may be 10,000 of them, some megabytes of JSON: it is walked while it
 * comes, without a tree of it, and of each app only what the table shows is looked at.
 */
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "agent/cli/show.h"
#include "lib/array.h"
#include "lib/json_scan.h"
#include "lib/mem.h"
#include "lib/str.h"

#define VIPS_SHOWN 2
#define TEXT_MAX   2048

enum { NAME, STATE, SINCE, ANNOUNCED, ANNOUNCED_TO, SOURCE, VIPS, REASON };
static const char *const members[] = {
	[NAME] = "name",           [STATE] = "state",   [SINCE] = "since_seconds",
	[ANNOUNCED] = "announced", [SOURCE] = "source", [ANNOUNCED_TO] = "announced_to",
	[VIPS] = "vips",           [REASON] = "reason",
};

/* ---- values ---- */

static bool is(struct json_slice value, const char *text)
{
	return value.p && value.len == strlen(text) && memcmp(value.p, text, value.len) == 0;
}

/* "": it is none. Most texts have nothing escaped. */
static const char *text_of(struct json_slice value, char buf[static TEXT_MAX])
{
	buf[0] = 0;
	if (value.len < 2 || value.p[0] != '"')
		return buf;
	if (!memchr(value.p, '\\', value.len)) {
		snprintf(buf, TEXT_MAX, "%.*s", (int)(value.len - 2), value.p + 1);
		return buf;
	}
	json_t *text = json_loadb(value.p, value.len, JSON_DECODE_ANY, NULL);
	if (json_is_string(text))
		snprintf(buf, TEXT_MAX, "%s", json_string_value(text));
	json_decref(text);
	return buf;
}

/* -1: it is none. */
static double number_of(struct json_slice value)
{
	char text[40], *end;
	if (value.len == 0 || value.len >= sizeof(text))
		return -1;
	memcpy(text, value.p, value.len);
	text[value.len] = 0;
	double number = strtod(text, &end);
	return *end ? -1 : number;
}

static const char *announced_to(struct json_slice value, char buf[static 32])
{
	static const char *const names[] = { "sent", "peers" };
	struct json_scan s = json_scan_over(value.p, value.len);
	struct json_slice of[ARRAY_SIZE(names)];
	if (!value.p || !json_scan_fields(&s, names, ARRAY_SIZE(names), of))
		return "-";
	double sent = number_of(of[0]), peers = number_of(of[1]);
	if (sent < 0 || peers < 0)
		return "-";
	snprintf(buf, 32, "%.0f of %.0f", sent, peers);
	return buf;
}

/* The first ones, and how many more. */
static void list_vips(struct json_slice value, struct strbuf *text)
{
	static const char *const names[] = { "prefix" };
	struct json_scan s = json_scan_over(value.p, value.len);
	struct json_slice prefix;
	char first[VIPS_SHOWN + 1][64], buf[TEXT_MAX];
	size_t n = 0;
	if (json_scan_peek(&s) == '[')
		json_scan_enter(&s);
	while (json_scan_element(&s) && json_scan_fields(&s, names, 1, &prefix)) {
		if (n <= VIPS_SHOWN)
			snprintf(first[n], sizeof(first[n]), "%s", text_of(prefix, buf));
		n++;
	}
	size_t shown = n > VIPS_SHOWN + 1 ? VIPS_SHOWN : n;
	for (size_t i = 0; i < shown; i++)
		strbuf_add(text, "%s%s", i > 0 ? " " : "", first[i]);
	if (shown < n)
		strbuf_add(text, " +%zu", n - shown);
}

/* ---- the table ---- */

static void add_app(struct table *t, const struct json_slice *app, const char *state)
{
	char vips[256] = "", age[TABLE_AGE_MAX], announced[32], buf[TEXT_MAX];
	struct strbuf text = strbuf_over(vips, sizeof(vips));
	list_vips(app[VIPS], &text);
	table_add(t, text_of(app[NAME], buf));
	table_add_toned(t, show_tone(state), state);
	table_add(t, table_age(number_of(app[SINCE]), age));
	table_add_toned(t, is(app[ANNOUNCED], "true") ? TABLE_PLAIN : TABLE_WARNING,
			announced_to(app[ANNOUNCED_TO], announced));
	table_add(t, text_of(app[SOURCE], buf));
	table_add(t, vips);
	table_add(t, text_of(app[REASON], buf));
}

/* The answer as far as it has come: what has been shown is dropped. An app that has not come whole
 * is walked again from its beginning, but not before twice as much of it is there. */
struct app_list {
	const struct show *show;
	struct table *table;
	char *text;
	size_t len, cap;
	size_t due;    /* walked again with that length */
	size_t walked; /* in all */
	enum { BEFORE_APPS, FIRST_APP, MORE_APPS, BEHIND_APPS, WRONG } at;
};

struct app_list *show_apps_begin(const struct show *s)
{
	struct app_list *list = mem_new(1, sizeof(*list));
	list->show = s;
	list->table = table_new("APP|STATE|FOR|PEERS|SOURCE|VIPS|REASON");
	return list;
}

static void show_app_of(struct app_list *list, const struct json_slice *app)
{
	const struct verb_call *call = list->show->call;
	const char *wanted = verb_value(call, "state");
	char state[TEXT_MAX], buf[TEXT_MAX];
	text_of(app[STATE], state);
	if (wanted && !str_equal(wanted, state))
		return;
	if (verb_has(call, "names"))
		fprintf(list->show->out, "%s\n", text_of(app[NAME], buf));
	else
		add_app(list->table, app, state);
}

static bool is_at_end(const struct json_scan *s)
{
	return s->failed || s->p == s->end;
}

/* These two return false when more has to come first, or what came is WRONG. */

static bool find_apps(struct app_list *list, struct json_scan *s)
{
	struct json_slice key;
	json_scan_enter(s);
	while (json_scan_member(s, &key)) {
		if (is(key, "\"apps\"") && json_scan_peek(s) == '[') {
			json_scan_enter(s);
			list->at = FIRST_APP;
			return true;
		}
		if (is(key, "\"apps\""))
			break;
		json_scan_value(s);
	}
	if (!is_at_end(s))
		list->at = WRONG;
	return false;
}

static bool next_app(struct app_list *list, struct json_scan *s)
{
	struct json_slice app[ARRAY_SIZE(members)];
	s->opened = list->at == FIRST_APP;
	if (!json_scan_element(s)) {
		list->at = s->failed ? list->at : BEHIND_APPS;
		return !s->failed;
	}
	if (!json_scan_fields(s, members, ARRAY_SIZE(members), app)) {
		list->at = is_at_end(s) ? list->at : WRONG;
		return false;
	}
	show_app_of(list, app);
	list->at = MORE_APPS;
	return true;
}

static void walk(struct app_list *list)
{
	const char *shown = list->text, *end = list->text + list->len;
	bool more = true;
	while (more && list->at < BEHIND_APPS) {
		struct json_scan s = json_scan_over(shown, (size_t)(end - shown));
		more = list->at == BEFORE_APPS ? find_apps(list, &s) : next_app(list, &s);
		list->walked += (size_t)(s.p - shown);
		shown = more ? s.p : shown;
	}
	list->len = (size_t)(end - shown);
	memmove(list->text, shown, list->len);
	list->due = list->len * 2;
}

void show_apps_octets(const char *octets, size_t n, void *userdata)
{
	struct app_list *list = userdata;
	if (list->at == WRONG || n == 0)
		return;
	list->text = mem_grow(list->text, &list->cap, list->len + n, 1);
	memcpy(list->text + list->len, octets, n);
	list->len += n;
	if (list->len >= list->due)
		walk(list);
}

size_t show_apps_walked(const struct app_list *list)
{
	return list->walked;
}

/* The members behind the list. */
static bool is_whole(const struct app_list *list)
{
	struct json_slice key;
	struct json_scan s = json_scan_over(list->text, list->len);
	while (json_scan_member(&s, &key))
		json_scan_value(&s);
	json_scan_finish(&s);
	return list->at == BEHIND_APPS && !s.failed;
}

int show_apps_end(struct app_list *list)
{
	if (list->len > 0)
		walk(list);
	bool whole = is_whole(list);
	if (whole && !verb_has(list->show->call, "names"))
		table_print(list->table, &list->show->style, list->show->out);
	table_free(list->table);
	free(list->text);
	free(list);
	return whole ? 0 : -EINVAL;
}
