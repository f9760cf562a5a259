/* SPDX-License-Identifier: MIT */
#include "agent/page/facts.h"

#include "agent/page/marks.h"
#include "agent/status/view_json.h"
#include "lib/array.h"
#include "lib/str.h"

static size_t number(const json_t *status, const char *of, const char *key)
{
	return (size_t)json_integer_value(json_object_get(json_object_get(status, of), key));
}

void facts_add_title(struct html *h, const json_t *status, const char *host)
{
	size_t alarms = json_array_size(json_object_get(status, "alarms"));
	size_t down = number(status, "apps", "down");
	if (alarms > 0)
		html_add(h, alarms == 1 ? "%zu alarm, " : "%zu alarms, ", alarms);
	if (down > 0)
		html_add(h, down == 1 ? "%zu app down, " : "%zu apps down, ", down);
	html_add(h, "%s", host);
}

static void add_drain(struct html *h, const json_t *drain)
{
	const json_t *hold = json_array_get(json_object_get(drain, "holds"), 0);
	if (!json_is_object(drain))
		return;
	html_add(h, "<p>");
	mark_add(h, MARK_ODD, "drained");
	html_add(h, " The agent is drained for ");
	html_add_time(h, drain, "since");
	html_add(h, ": %s</p>", view_member(hold, "reason"));
}

static void add_apps(struct html *h, const json_t *status)
{
	static const struct {
		const char *state, *class;
	} rows[] = { { "up", MARK_GOOD },    { "down", MARK_BAD },     { "unknown", MARK_ODD },
		     { "kept", MARK_ODD },   { "draining", MARK_ODD }, { "drained", MARK_ODD },
		     { "joining", MARK_ODD } };
	/* The first three sum up to all; the others are among them. */
	bool among = false;
	html_add(h, "<div><dt>Apps</dt><dd>");
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		size_t n = number(status, "apps", rows[i].state);
		if (n == 0 && i > 0)
			continue;
		if (i > 2 && !among)
			html_add(h, "<small>of these</small> ");
		among = i > 2;
		html_add(h, "<a href=\"?show=%s\"><span class=\"%s\">%zu %s</span></a> ",
			 rows[i].state, n > 0 ? rows[i].class : MARK_NONE, n, rows[i].state);
	}
	html_add(h, "</dd></div>");
}

static const char *mark_of_ratio(size_t n, size_t of)
{
	if (of == 0)
		return MARK_NONE;
	return n >= of ? MARK_GOOD : n > 0 ? MARK_ODD : MARK_BAD;
}

/* "3 of 4 WORD" */
static void add_ratio(struct html *h, const char *head, size_t n, size_t of, const char *word)
{
	html_add(h, "<div><dt>%s</dt><dd><span class=\"%s\">%zu of %zu %s</span></dd></div>", head,
		 mark_of_ratio(n, of), n, of, word);
}

/* Those that an aggregate stands for are as they should be; whether it is announced stands beside
 * them. */
static void add_vips(struct html *h, const json_t *status)
{
	size_t announced = number(status, "vips", "announced"),
	       of = number(status, "vips", "total");
	size_t suppressed = number(status, "vips", "suppressed");
	html_add(h, "<div><dt>VIPs</dt><dd><span class=\"%s\">%zu of %zu announced",
		 mark_of_ratio(announced + suppressed, of), announced, of);
	if (suppressed > 0)
		html_add(h, ", %zu suppressed", suppressed);
	html_add(h, "</span></dd></div>");
	if (number(status, "aggregates", "total") > 0)
		add_ratio(h, "Aggregates", number(status, "aggregates", "announced"),
			  number(status, "aggregates", "total"), "announced");
}

void facts_add(struct html *h, const json_t *status)
{
	const char *phase = view_member(status, "phase");
	html_add(h, "<p>");
	mark_add(h, str_equal(phase, "running") ? MARK_GOOD : MARK_ODD, phase);
	html_add(h, " for ");
	html_add_time(h, status, "started");
	html_add(h, ", vipherald <span id=\"version\">%s</span></p>",
		 view_member(status, "version"));
	add_drain(h, json_object_get(status, "drain"));
	html_add(h, "<dl>");
	add_apps(h, status);
	add_vips(h, status);
	add_ratio(h, "Sessions", number(status, "peers", "established"),
		  number(status, "peers", "total"), "established");
	html_add(h, "</dl>");
}

void facts_add_alarms(struct html *h, const json_t *status)
{
	size_t i, count;
	const json_t *alarm, *alarms = json_object_get(status, "alarms");
	if (json_array_size(alarms) == 0) {
		html_add(h, "<li data-key=\"none\">");
		mark_add(h, MARK_GOOD, "No alarm");
		html_add(h, "</li>");
	}
	json_array_foreach(alarms, i, alarm)
	{
		count = (size_t)json_integer_value(json_object_get(alarm, "count"));
		html_add(h, "<li data-key=\"%s%s\">", view_member(alarm, "alarm"),
			 view_member(alarm, "text"));
		mark_add(h, MARK_BAD, view_member(alarm, "alarm"));
		html_add(h, " %s ", view_member(alarm, "text"));
		if (count > 1)
			html_add(h, "<small>the first of %zu</small> ", count);
		html_add_time(h, alarm, "since");
		html_add(h, "</li>");
	}
}
