/* SPDX-License-Identifier: MIT */
/*
 * `vipherald apps`. There may be 10,000 of them, some megabytes of JSON: it is walked once, without a
 * tree of it, and of each app only what the table shows is looked at.
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

static void add_apps(const struct show *s, struct json_scan *list, struct table *t)
{
	const char *wanted = verb_value(s->call, "state");
	bool names = verb_has(s->call, "names");
	struct json_slice app[ARRAY_SIZE(members)];
	char state[TEXT_MAX], buf[TEXT_MAX];
	json_scan_enter(list);
	while (json_scan_element(list) &&
	       json_scan_fields(list, members, ARRAY_SIZE(members), app)) {
		text_of(app[STATE], state);
		if (wanted && !str_equal(wanted, state))
			continue;
		if (names)
			fprintf(s->out, "%s\n", text_of(app[NAME], buf));
		else
			add_app(t, app, state);
	}
}

int show_apps(const struct show *s, const char *answer, size_t len)
{
	struct json_scan scan = json_scan_over(answer, len);
	struct json_slice key;
	struct table *t = table_new("APP|STATE|FOR|PEERS|SOURCE|VIPS|REASON");
	json_scan_enter(&scan);
	while (json_scan_member(&scan, &key)) {
		if (is(key, "\"apps\""))
			add_apps(s, &scan, t);
		else
			json_scan_value(&scan);
	}
	json_scan_finish(&scan);
	if (!verb_has(s->call, "names") && !scan.failed)
		table_print(t, &s->style, s->out);
	table_free(t);
	return scan.failed ? -EINVAL : 0;
}
