/* SPDX-License-Identifier: MIT */
/*
 *	vipherald 0.1.0, running for 3d04h                        every 2s
 *	Apps 2 up, 1 down   VIPs 3 of 4 announced   Peers 1 of 2 established
 *	Checks 4.5/s, 0.5/s failed   Messages 0.1/s sent, 0.2/s received
 *	ALARM …
 *	PEER …      sessions, apps and events share what is left: one that needs less leaves the
 *	APP …       rest to the others
 *	TIME …
 *	q quit  s sort: state  p pause  ? help
 */
#include "agent/cli/top_layout.h"

#include <assert.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "agent/cli/json_at.h"
#include "agent/cli/show.h"
#include "lib/array.h"
#include "lib/mem.h"
#include "lib/str.h"

#define ALARMS_MAX  3
#define CELL_MAX    512
#define COLUMNS_MAX 8
/* A heading and a row: with less room for all lists, the last ones are left out. */
#define LIST_MIN 2

struct cell {
	enum table_tone tone;
	char text[CELL_MAX];
};

/* A list on its lines: a heading, and as many rows as there is room for. */
struct list {
	const char *const *headings;       /* as many as there are columns */
	size_t n_columns, n_rows, n_total; /* n_rows: of all those, which are there */
	void (*fill)(const struct top_model *m, const void *rows, size_t row, struct cell *cells);
	const void *rows;
	const char *more; /* of what there is more than room; NULL: that is not said */
};

static void set(struct cell *cell, enum table_tone tone, const char *text)
{
	cell->tone = tone;
	snprintf(cell->text, sizeof(cell->text), "%s", *text ? text : "-");
}

static void set_count(struct cell *cell, long long n)
{
	cell->tone = TABLE_PLAIN;
	snprintf(cell->text, sizeof(cell->text), n < 0 ? "-" : "%lld", n);
}

static size_t put(struct top_screen *s, size_t line, size_t column, enum table_tone tone,
		  const char *fmt, ...) __attribute__((format(printf, 5, 6)));

static size_t put(struct top_screen *s, size_t line, size_t column, enum table_tone tone,
		  const char *fmt, ...)
{
	char text[1024];
	va_list args;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	return top_screen_put(s, line, column, SIZE_MAX, tone, text);
}

/* ---- the head ---- */

static const json_t *status_of(const struct top_model *m)
{
	return m->views[TOP_STATUS].last;
}

static void put_title(const struct top_model *m, struct top_screen *s)
{
	const json_t *status = status_of(m);
	char age[TABLE_AGE_MAX], interval[DURATION_TEXT_MAX], right[64];
	size_t end = put(s, 0, 0, TABLE_PLAIN, "vipherald %s", text_at(status, "version"));
	if (status)
		end = put(s, 0, end, TABLE_PLAIN, ", %s for %s", text_at(status, "phase"),
			  table_age(number_at(status, "started_seconds"), age));
	snprintf(right, sizeof(right), m->paused ? "paused" : "every %s",
		 duration_format(m->interval, interval));
	size_t columns = top_screen_columns(right);
	if (end + 2 + columns <= s->width)
		put(s, 0, s->width - columns, m->paused ? TABLE_WARNING : TABLE_DIM, "%s", right);
}

/* Those that are not 0, by commas. */
static size_t put_app_counts(const struct top_model *m, struct top_screen *s, size_t line,
			     size_t at)
{
	static const struct {
		const char *path, *name;
		enum table_tone tone;
	} counts[] = {
		{ "apps.up", "up", TABLE_GOOD },
		{ "apps.down", "down", TABLE_BAD },
		{ "apps.unknown", "unknown", TABLE_WARNING },
		{ "apps.draining", "draining", TABLE_WARNING },
		{ "apps.drained", "drained", TABLE_WARNING },
		{ "apps.joining", "joining", TABLE_WARNING },
	};
	bool any = false;
	for (size_t i = 0; i < ARRAY_SIZE(counts); i++) {
		long long n = count_at(status_of(m), counts[i].path);
		if (n <= 0)
			continue;
		at = put(s, line, at, TABLE_PLAIN, "%s", any ? ", " : "");
		at = put(s, line, at, counts[i].tone, "%lld %s", n, counts[i].name);
		any = true;
	}
	return any ? at : put(s, line, at, TABLE_PLAIN, "none");
}

static void put_counts(const struct top_model *m, struct top_screen *s, size_t line)
{
	const json_t *a = status_of(m);
	size_t at = put(s, line, 0, TABLE_PLAIN, "Apps ");
	at = put_app_counts(m, s, line, at);
	at = put(s, line, at + 3, TABLE_PLAIN, "VIPs %lld of %lld announced",
		 count_at(a, "vips.announced"), count_at(a, "vips.total"));
	if (count_at(a, "vips.suppressed") > 0)
		at = put(s, line, at, TABLE_PLAIN, ", %lld suppressed",
			 count_at(a, "vips.suppressed"));
	put(s, line, at + 3, TABLE_PLAIN, "Peers %lld of %lld established",
	    count_at(a, "peers.established"), count_at(a, "peers.total"));
}

static void put_rates(const struct top_model *m, struct top_screen *s, size_t line)
{
	char total[TOP_RATE_MAX], failed[TOP_RATE_MAX];
	size_t at = put(s, line, 0, TABLE_PLAIN, "Checks %s/s, %s/s failed",
			top_model_rate(m, "checks.total", total),
			top_model_rate(m, "checks.failures", failed));
	put(s, line, at + 3, TABLE_PLAIN, "Messages %s/s sent, %s/s received",
	    top_model_peer_rate(m, NULL, "messages.sent.total", total),
	    top_model_peer_rate(m, NULL, "messages.received.total", failed));
}

static size_t put_trouble(const struct top_model *m, mono_t now, struct top_screen *s, size_t line)
{
	char age[TABLE_AGE_MAX];
	mono_t last = m->views[TOP_STATUS].last_at;
	if (!m->trouble.text[0])
		return line;
	size_t at = put(s, line, 0, TABLE_BAD, "ERROR ");
	if (status_of(m))
		at = put(s, line, at, TABLE_PLAIN, "(last answer %s ago) ",
			 table_age((double)usec_sub(now, last) / (double)USEC_PER_SEC, age));
	put(s, line, at, TABLE_PLAIN, "%s", m->trouble.text);
	return line + 1;
}

/* Those that there is no room for are counted. */
static size_t put_alarms(const struct top_model *m, struct top_screen *s, size_t line)
{
	const json_t *alarms = json_at(status_of(m), "alarms"), *alarm;
	size_t i, n = json_array_size(alarms), max = s->height / 8 < ALARMS_MAX ? 1 : ALARMS_MAX;
	json_array_foreach(alarms, i, alarm)
	{
		bool last = i + 1 == max && n > max;
		size_t at = put(s, line, 0, TABLE_BAD, "ALARM ");
		if (last)
			at = put(s, line, at, TABLE_PLAIN, "(and %zu more) ", n - max);
		put(s, line++, at, TABLE_PLAIN, "%s: %s", text_at(alarm, "alarm"),
		    text_at(alarm, "text"));
		if (last)
			break;
	}
	return line;
}

/* ---- the lists ---- */

static const char *const peer_headings[] = { "PEER",   "AS",   "STATE", "FOR",
					     "ROUTES", "SENT", "RCVD",  "PROBLEM" };

static void fill_peer(const struct top_model *m, const void *rows, size_t row, struct cell *cells)
{
	const json_t *p = ((const json_t *const *)rows)[row];
	const char *state = text_at(p, "state"), *path = text_at(p, "path_error");
	char age[TABLE_AGE_MAX], rate[TOP_RATE_MAX];
	bool up = str_equal(state, "established");
	set(&cells[0], TABLE_PLAIN, text_at(p, "address"));
	set_count(&cells[1], count_at(p, "peer_as"));
	set(&cells[2], show_tone(state), state);
	set(&cells[3], TABLE_PLAIN, table_age(number_at(p, "since_seconds"), age));
	set_count(&cells[4], count_at(p, "routes.sent"));
	set(&cells[5], TABLE_PLAIN, top_model_peer_rate(m, p, "messages.sent.total", rate));
	set(&cells[6], TABLE_PLAIN, top_model_peer_rate(m, p, "messages.received.total", rate));
	set(&cells[7], TABLE_BAD, up ? "" : *path ? path : text_at(p, "last_error"));
}

static const char *const app_headings[] = { "APP", "STATE", "FOR", "PEERS", "REASON" };

static void fill_app(const struct top_model *m, const void *rows, size_t row, struct cell *cells)
{
	(void)m;
	const json_t *app = ((const json_t *const *)rows)[row];
	const char *state = text_at(app, "state");
	char age[TABLE_AGE_MAX], announced[32];
	set(&cells[0], TABLE_PLAIN, text_at(app, "name"));
	set(&cells[1], show_tone(state), state);
	set(&cells[2], TABLE_PLAIN, table_age(number_at(app, "since_seconds"), age));
	set(&cells[3], true_at(app, "announced") ? TABLE_PLAIN : TABLE_WARNING,
	    show_announced(json_at(app, "announced_to"), announced));
	set(&cells[4], TABLE_PLAIN, text_at(app, "reason"));
}

static const char *const event_headings[] = { "UTC", "EVENT", "" };

static void fill_event(const struct top_model *m, const void *rows, size_t row, struct cell *cells)
{
	(void)m;
	const json_t *e = json_array_get(rows, row);
	const char *time = text_at(e, "time"), *level = text_at(e, "level");
	enum table_tone tone = str_equal(level, "error")     ? TABLE_BAD
			       : str_equal(level, "warning") ? TABLE_WARNING
							     : TABLE_PLAIN;
	/* Of 2026-01-31T12:00:00.000Z. */
	set(&cells[0], TABLE_DIM, strlen(time) > 19 ? time + 11 : time);
	cells[0].text[8] = 0;
	set(&cells[1], TABLE_PLAIN, text_at(e, "kind"));
	set(&cells[2], tone, text_at(e, "text"));
}

/* A long name leaves room for the columns behind it. */
static void widen(size_t *width, const char *text, size_t max)
{
	size_t columns = top_screen_columns(text);
	columns = columns > max ? max : columns;
	*width = columns > *width ? columns : *width;
}

static void put_row(struct top_screen *s, size_t line, const size_t *widths, size_t n,
		    const struct cell *cells)
{
	for (size_t i = 0, at = 0; i < n; at += widths[i++] + 2)
		top_screen_put(s, line, at, i + 1 < n ? widths[i] : SIZE_MAX, cells[i].tone,
			       cells[i].text);
}

/* A heading, and `rows` rows from `first` on. */
static void put_rows(const struct top_model *m, struct top_screen *s, const struct list *l,
		     size_t line, size_t first, size_t rows)
{
	size_t widths[COLUMNS_MAX] = { 0 };
	struct cell *cells = mem_new((rows + 1) * l->n_columns, sizeof(*cells));
	for (size_t i = 0; i < l->n_columns; i++) {
		cells[i].tone = TABLE_DIM;
		str_copy(cells[i].text, CELL_MAX, l->headings[i]);
	}
	for (size_t row = 0; row < rows; row++)
		l->fill(m, l->rows, first + row, &cells[(row + 1) * l->n_columns]);
	for (size_t i = 0; i < (rows + 1) * l->n_columns; i++)
		widen(&widths[i % l->n_columns], cells[i].text, s->width / 2);
	for (size_t row = 0; row <= rows; row++)
		put_row(s, line + row, widths, l->n_columns, &cells[row * l->n_columns]);
	free(cells);
}

static void put_list(const struct top_model *m, struct top_screen *s, const struct list *l,
		     size_t line, size_t lines)
{
	assert(lines > 0); /* no more lists than there are lines */
	size_t rows = lines - 1;
	bool all = rows >= l->n_total;
	rows = rows < l->n_rows ? rows : l->n_rows;
	if (!l->more) { /* the latest are the last */
		put_rows(m, s, l, line, l->n_rows - rows, rows);
		return;
	}
	rows -= !all && rows > 1 && rows + 1 == lines;
	put_rows(m, s, l, line, 0, rows);
	if (!all && rows + 1 < lines)
		put(s, line + 1 + rows, 0, TABLE_DIM, "… %zu more %s", l->n_total - rows, l->more);
}

void top_share(size_t lines, const size_t *wants, size_t n, size_t *ret)
{
	memset(ret, 0, n * sizeof(*ret));
	for (bool given = true; given;) {
		given = false;
		for (size_t i = 0; i < n && lines > 0; i++)
			if (ret[i] < wants[i]) {
				ret[i]++;
				lines--;
				given = true;
			}
	}
}

static void put_lists(const struct top_model *m, struct top_screen *s, size_t line, size_t lines)
{
	const json_t **peers, **apps, *events = json_at(m->views[TOP_EVENTS].last, "events");
	size_t n_peers, n_apps, n_events = json_array_size(events), n = lines / LIST_MIN;
	top_model_sorted(m, TOP_PEERS, &peers, &n_peers);
	top_model_sorted(m, TOP_APPS, &apps, &n_apps);
	const struct list lists[] = {
		{ peer_headings, ARRAY_SIZE(peer_headings), n_peers, n_peers, fill_peer, peers,
		  "peers" },
		{ app_headings, ARRAY_SIZE(app_headings), n_apps, top_model_total(m, TOP_APPS),
		  fill_app, apps, "apps" },
		{ event_headings, ARRAY_SIZE(event_headings), n_events, n_events, fill_event,
		  events, NULL },
	};
	size_t wants[ARRAY_SIZE(lists)], shares[ARRAY_SIZE(lists)];
	n = n < 1 ? 1 : n > ARRAY_SIZE(lists) ? ARRAY_SIZE(lists) : n;
	bool spaced = lines >= 4 * n;
	for (size_t i = 0; i < n; i++)
		wants[i] = lists[i].n_total + 1;
	top_share(lines - (spaced ? n : 0), wants, n, shares);
	for (size_t i = 0; i < n; line += shares[i++] + spaced)
		put_list(m, s, &lists[i], line + spaced, shares[i]);
	free(peers);
	free(apps);
}

/* ---- */

static void put_help(struct top_screen *s, size_t line)
{
	static const char *const lines[] = {
		"q     quit",
		"s     sort peers and apps: by state (the worst first), by last change, by name",
		"p     pause, and go on",
		"?     this help, and away with it",
		"",
		"SENT and RCVD are messages a second. Rates and lists are of the interval",
		"(--interval); checks and messages in between are counted.",
	};
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++)
		put(s, line + i, 0, TABLE_PLAIN, "%s", lines[i]);
}

static void put_foot(const struct top_model *m, struct top_screen *s, size_t line)
{
	put(s, line, 0, TABLE_DIM, "q quit  s sort: %s  p %s  ? help", top_sort_name(m->sort),
	    m->paused ? "go on" : "pause");
}

void top_layout(const struct top_model *m, mono_t now, struct top_screen *s)
{
	size_t line = 1, foot = s->height > 4 ? s->height - 1 : s->height;
	put_title(m, s);
	line = put_trouble(m, now, s, line);
	if (status_of(m)) {
		put_counts(m, s, line++);
		put_rates(m, s, line++);
		line = put_alarms(m, s, line);
	}
	if (m->help)
		put_help(s, line + 1);
	else if (status_of(m) && line < foot)
		put_lists(m, s, line, foot - line);
	if (foot < s->height)
		put_foot(m, s, foot);
}
