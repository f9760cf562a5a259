/* SPDX-License-Identifier: MIT */
/* `vipherald top` without a terminal: its model, its keys, and the lines that it lays out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/cli/top_layout.h"
#include "agent/cli/top_model.h"
#include "agent/cli/top_screen.h"
#include "lib/array.h"
#include "lib/str.h"
#include "lib/utf8.h"

#define SECOND  USEC_PER_SEC
#define ROW_MAX 1024

/* ---- the screen ---- */

/* One line of a screen of ASCII as a terminal shows it; its pieces may not overlap. */
static const char *line_of(const struct top_screen *s, size_t line, char buf[static ROW_MAX])
{
	size_t end = 0;
	memset(buf, ' ', ROW_MAX);
	for (size_t i = 0; i < s->n; i++) {
		const struct top_piece *p = &s->pieces[i];
		size_t len = strlen(p->text);
		if (p->line != line)
			continue;
		for (size_t k = 0; k < len; k++)
			assert_int_equal(buf[p->column + k], ' ');
		memcpy(buf + p->column, p->text, len);
		end = p->column + len > end ? p->column + len : end;
	}
	while (end > 0 && buf[end - 1] == ' ')
		end--;
	buf[end] = 0;
	return buf;
}

static bool is_plain(const char *text)
{
	struct err err;
	return utf8_check(text, &err) == 0;
}

static const struct {
	const char *name, *text;
	size_t columns; /* that it may take */
	const char *wanted;
	size_t end; /* from column 2 of 20 */
} pieces[] = {
	{ "fits", "abc", 20, "abc", 5 },
	{ "fits exactly", "abc", 3, "abc", 5 },
	{ "is cut", "abcd", 3, "ab…", 5 },
	{ "is cut at the edge", "abcdefghijklmnopqrstuvwxyz", 99, "abcdefghijklmnopq…", 20 },
	{ "one column", "abc", 1, "…", 3 },
	{ "wide", "日本", 4, "日本", 6 },
	{ "wide, cut", "日本語", 5, "日本…", 7 },
	{ "wide, cut where half a character would fit", "日本語", 4, "日…", 5 },
	{ "combining", "e\xcc\x81t", 2, "e\xcc\x81t", 4 },
	{ "an escape sequence", "\033[2Jx", 20, "?[2Jx", 7 },
	{ "a line break", "a\r\nb", 20, "a??b", 6 },
	{ "C1",
	  "\xc2\x9b"
	  "31m",
	  20, "?31m", 6 },
	{ "reads backwards", "\xe2\x80\xaetxt", 20, "?txt", 6 },
	{ "no UTF-8", "\xff\xfe", 20, "??", 4 },
};

static void test_pieces(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(pieces); i++) {
		struct top_screen s;
		top_screen_init(&s, 20, 1);
		size_t end = top_screen_put(&s, 0, 2, pieces[i].columns, TABLE_BAD, pieces[i].text);
		if (s.n != 1 || strcmp(s.pieces[0].text, pieces[i].wanted) != 0 ||
		    end != pieces[i].end)
			fail_msg("%s: '%s' to column %zu", pieces[i].name,
				 s.n ? s.pieces[0].text : "", end);
		assert_true(is_plain(s.pieces[0].text));
		top_screen_done(&s);
	}
}

static void test_nothing_beyond_the_screen(void **state)
{
	struct top_screen s;
	(void)state;
	top_screen_init(&s, 20, 3);
	assert_int_equal(top_screen_put(&s, 3, 0, 20, TABLE_PLAIN, "x"), 0);
	assert_int_equal(top_screen_put(&s, 0, 20, 20, TABLE_PLAIN, "x"), 20);
	assert_int_equal(top_screen_put(&s, 0, 0, 0, TABLE_PLAIN, "x"), 0);
	assert_int_equal(top_screen_put(&s, 0, 0, 20, TABLE_PLAIN, ""), 0);
	assert_int_equal(s.n, 0);
	top_screen_done(&s);
}

/* ---- the model ---- */

static void answer(struct top_model *m, enum top_view view, mono_t now, const char *text)
{
	json_t *json = json_loads(text, JSON_DECODE_ANY, NULL);
	if (!json)
		fail_msg("no JSON: %s", text);
	top_model_answer(m, view, json, now);
}

static void expect_rates(const struct top_model *m, const char *checks, const char *messages)
{
	char buf[TOP_RATE_MAX];
	assert_string_equal(top_model_rate(m, "checks.total", buf), checks);
	assert_string_equal(top_model_peer_rate(m, NULL, "messages.sent.total", buf), messages);
}

static void test_rates(void **state)
{
	struct top_model m = { 0 };
	(void)state;
	expect_rates(&m, "-", "-");
	answer(&m, TOP_STATUS, SECOND, "{\"started\": \"a\", \"checks\": {\"total\": 100}}");
	answer(&m, TOP_PEERS, SECOND,
	       "{\"peers\": [{\"address\": \"10.0.0.1\", \"messages\": {\"sent\": {\"total\": "
	       "5}}}]}");
	expect_rates(&m, "-", "-");
	answer(&m, TOP_STATUS, 3 * SECOND, "{\"started\": \"a\", \"checks\": {\"total\": 125}}");
	/* One has sent 2; one is new and has sent 4. */
	answer(&m, TOP_PEERS, 3 * SECOND,
	       "{\"peers\": [{\"address\": \"10.0.0.2\", \"messages\": {\"sent\": {\"total\": "
	       "4}}}, "
	       "{\"address\": \"10.0.0.1\", \"messages\": {\"sent\": {\"total\": 7}}}]}");
	expect_rates(&m, "12.5", "3.0");
	/* Another agent: nothing of the one before counts. */
	answer(&m, TOP_STATUS, 5 * SECOND, "{\"started\": \"b\", \"checks\": {\"total\": 7}}");
	expect_rates(&m, "-", "-");
	assert_null(m.views[TOP_PEERS].last);
	/* An agent without these counters. */
	answer(&m, TOP_STATUS, 6 * SECOND, "{\"started\": \"b\"}");
	answer(&m, TOP_STATUS, 7 * SECOND, "{\"started\": \"b\"}");
	char buf[TOP_RATE_MAX];
	assert_string_equal(top_model_rate(&m, "checks.total", buf), "0.0");
	top_model_done(&m);
}

static void test_trouble(void **state)
{
	struct top_model m = { 0 };
	(void)state;
	answer(&m, TOP_STATUS, SECOND, "{\"started\": \"a\"}");
	top_model_failed(&m, "cannot reach the agent");
	assert_string_equal(m.trouble.text, "cannot reach the agent");
	assert_non_null(m.views[TOP_STATUS].last);
	answer(&m, TOP_STATUS, 2 * SECOND, "{\"started\": \"a\"}");
	assert_string_equal(m.trouble.text, "");
	answer(&m, TOP_STATUS, 3 * SECOND, "[]");
	assert_string_equal(m.trouble.text, "the agent's answer is not JSON");
	top_model_answer(&m, TOP_STATUS, NULL, 4 * SECOND);
	assert_string_equal(m.trouble.text, "the agent's answer is not JSON");
	top_model_done(&m);
}

static void test_keys(void **state)
{
	struct top_model m = { 0 };
	(void)state;
	assert_false(top_model_key(&m, 'q'));
	for (size_t i = 1; i <= N_TOP_SORTS; i++) {
		assert_true(top_model_key(&m, 's'));
		assert_int_equal(m.sort, i % N_TOP_SORTS);
	}
	assert_true(top_model_key(&m, 'p') && m.paused);
	assert_true(top_model_key(&m, 'p') && !m.paused);
	assert_true(top_model_key(&m, '?') && m.help);
	assert_true(top_model_key(&m, '?') && !m.help);
	assert_true(top_model_key(&m, '?') && top_model_key(&m, 'x') && !m.help);
	/* Of a new size, and the like. */
	assert_true(top_model_key(&m, 0x19a) && !m.help && !m.paused && m.sort == 0);
}

static const char apps[] =
	"{\"apps\": [{\"name\": \"a2\", \"state\": \"up\", \"since_seconds\": 5}, "
	"{\"name\": \"a10\", \"state\": \"up\", \"since_seconds\": 5}, "
	"{\"name\": \"c\", \"state\": \"down\", \"since_seconds\": 90}, "
	"{\"name\": \"b\", \"state\": \"draining\", \"since_seconds\": 1}, {}]}";

static void test_order(void **state)
{
	static const char *const wanted[N_TOP_SORTS] = {
		[TOP_BY_STATE] = "c b  a2 a10 ",
		[TOP_BY_CHANGE] = " b a2 a10 c ",
		[TOP_BY_NAME] = " a2 a10 b c ",
	};
	struct top_model m = { 0 };
	(void)state;
	answer(&m, TOP_APPS, SECOND, apps);
	for (m.sort = 0; m.sort < N_TOP_SORTS; m.sort++) {
		char names[64];
		struct strbuf text = strbuf_over(names, sizeof(names));
		const json_t **sorted;
		size_t n;
		top_model_sorted(&m, TOP_APPS, &sorted, &n);
		assert_int_equal(n, 5);
		for (size_t i = 0; i < n; i++) {
			const char *name = json_string_value(json_object_get(sorted[i], "name"));
			strbuf_add(&text, "%s ", name ? name : "");
		}
		assert_string_equal(names, wanted[m.sort]);
		free(sorted);
	}
	top_model_done(&m);
}

/* ---- the layout ---- */

static void test_share(void **state)
{
	static const struct {
		size_t lines, wants[3], gets[3];
	} cases[] = {
		{ 0, { 5, 5, 5 }, { 0, 0, 0 } },   { 15, { 5, 5, 5 }, { 5, 5, 5 } },
		{ 99, { 5, 5, 5 }, { 5, 5, 5 } },  { 9, { 5, 5, 5 }, { 3, 3, 3 } },
		{ 10, { 5, 5, 5 }, { 4, 3, 3 } },  { 12, { 2, 50, 50 }, { 2, 5, 5 } },
		{ 12, { 50, 2, 3 }, { 7, 2, 3 } }, { 20, { 0, 10001, 1 }, { 0, 19, 1 } },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		size_t gets[3];
		top_share(cases[i].lines, cases[i].wants, 3, gets);
		for (size_t k = 0; k < 3; k++)
			assert_int_equal(gets[k], cases[i].gets[k]);
	}
}

static void fill(struct top_model *m)
{
	*m = (struct top_model){ .interval = 2 * SECOND };
	answer(m, TOP_STATUS, 8 * SECOND,
	       "{\"started\": \"a\", \"checks\": {\"total\": 10, \"failures\": 1}}");
	answer(m, TOP_STATUS, 10 * SECOND,
	       "{\"version\": \"1.0\", \"phase\": \"running\", \"started\": \"a\", "
	       "\"started_seconds\": 7200, \"apps\": {\"up\": 1, \"down\": 1}, \"vips\": "
	       "{\"total\": 2, \"announced\": 1}, \"peers\": {\"total\": 1, \"established\": 1}, "
	       "\"checks\": {\"total\": 19, \"failures\": 2}, \"alarms\": [{\"alarm\": "
	       "\"peer-down\", "
	       "\"text\": \"peer 10.0.0.9\"}, {\"alarm\": \"lo-down\", \"text\": \"lo\"}]}");
	answer(m, TOP_PEERS, 10 * SECOND,
	       "{\"peers\": [{\"address\": \"10.0.0.1\", \"peer_as\": 65000, \"state\": "
	       "\"established\", \"since_seconds\": 61, \"routes\": {\"sent\": 1}, \"last_error\": "
	       "\"old\"}]}");
	answer(m, TOP_APPS, 10 * SECOND,
	       "{\"apps\": [{\"name\": \"dns\", \"state\": \"up\", \"since_seconds\": 42, "
	       "\"announced\": true, \"announced_to\": {\"sent\": 1, \"peers\": 1}, \"reason\": "
	       "\"all monitors pass\"}, {\"name\": \"web\", \"state\": \"down\", "
	       "\"since_seconds\": 3, \"reason\": \"nothing listens\"}]}");
	answer(m, TOP_EVENTS, 10 * SECOND,
	       "{\"events\": [{\"time\": \"2026-01-31T12:00:00.123Z\", \"kind\": \"app.up\", "
	       "\"text\": \"dns: up\"}, {\"time\": \"2026-01-31T12:00:01.000Z\", \"kind\": "
	       "\"app.down\", \"level\": \"warning\", \"text\": \"web: down\"}]}");
}

static void expect_screen(const struct top_model *m, size_t width, size_t height,
			  const char *const *lines)
{
	struct top_screen s;
	char buf[ROW_MAX];
	top_screen_init(&s, width, height);
	top_layout(m, 12 * SECOND, &s);
	for (size_t i = 0; i < height; i++)
		if (strcmp(line_of(&s, i, buf), lines[i]) != 0)
			fail_msg("line %zu is '%s', not '%s'", i, buf, lines[i]);
	top_screen_done(&s);
}

static void test_layout(void **state)
{
	static const char *const wide[] = {
		"vipherald 1.0, running for 2h00m                                     every 2s",
		"Apps 1 up, 1 down   VIPs 1 of 2 announced   Peers 1 of 1 established",
		"Checks 4.5/s, 0.5/s failed   Messages -/s sent, -/s received",
		"ALARM peer-down: peer 10.0.0.9",
		"ALARM lo-down: lo",
		"",
		"PEER      AS     STATE        FOR    ROUTES  SENT  RCVD  PROBLEM",
		"10.0.0.1  65000  established  1m01s  1       -     -     -",
		"",
		"APP  STATE  FOR  PEERS   REASON",
		"web  down   3s   -       nothing listens",
		"dns  up     42s  1 of 1  all monitors pass",
		"",
		"UTC       EVENT",
		"12:00:00  app.up    dns: up",
		"12:00:01  app.down  web: down",
		"",
		"",
		"",
		"",
		"",
		"",
		"",
		"q quit  s sort: state  p pause  ? help",
	};
	/* No room between the lists, none for the first event, and less of the alarms. */
	static const char *const low[] = {
		"vipherald 1.0, running for 2h00m                                     every 2s",
		"Apps 1 up, 1 down   VIPs 1 of 2 announced   Peers 1 of 1 established",
		"Checks 4.5/s, 0.5/s failed   Messages -/s sent, -/s received",
		"ALARM (and 1 more) peer-down: peer 10.0.0.9",
		"PEER      AS     STATE        FOR    ROUTES  SENT  RCVD  PROBLEM",
		"10.0.0.1  65000  established  1m01s  1       -     -     -",
		"APP  STATE  FOR  PEERS   REASON",
		"web  down   3s   -       nothing listens",
		"dns  up     42s  1 of 1  all monitors pass",
		"UTC       EVENT",
		"12:00:01  app.down  web: down",
		"q quit  s sort: state  p pause  ? help",
	};
	struct top_model m;
	(void)state;
	fill(&m);
	expect_screen(&m, 77, 24, wide);
	expect_screen(&m, 77, 12, low);
	top_model_done(&m);
}

static void test_layout_of_trouble_and_help(void **state)
{
	static const char *const trouble[] = {
		"vipherald 1.0, running for 2h00m      paused",
		"ERROR (last answer 2s ago) not there",
		"Apps 1 up, 1 down   VIPs 1 of 2 announced",
	};
	static const char *const nothing[] = {
		"vipherald                     every 2s", "ERROR not there", "", "", "",
		"q quit  s sort: state  p pause  ? help"
	};
	struct top_model m, empty = { .interval = 2 * SECOND };
	struct top_screen s;
	char buf[ROW_MAX];
	(void)state;
	fill(&m);
	top_model_failed(&m, "not there");
	m.paused = true;
	expect_screen(&m, 44, 3, trouble);
	m.help = true;
	top_screen_init(&s, 80, 24);
	top_layout(&m, 12 * SECOND, &s);
	assert_string_equal(line_of(&s, 7, buf), "q     quit");
	top_screen_done(&s);
	top_model_failed(&empty, "not there");
	expect_screen(&empty, 38, 6, nothing);
	top_model_done(&m);
}

static void test_vips_of_an_aggregate(void **state)
{
	struct top_model m = { .interval = SECOND };
	struct top_screen s;
	char buf[ROW_MAX];
	(void)state;
	answer(&m, TOP_STATUS, SECOND,
	       "{\"vips\": {\"total\": 3, \"announced\": 1, \"suppressed\": 2}}");
	top_screen_init(&s, 80, 24);
	top_layout(&m, SECOND, &s);
	assert_non_null(strstr(line_of(&s, 1, buf), "VIPs 1 of 3 announced, 2 suppressed   Peers"));
	top_screen_done(&s);
	top_model_done(&m);
}

/* More than there is room for is counted. */
static void test_many(void **state)
{
	struct top_model m = { .interval = SECOND };
	struct top_screen s;
	char buf[ROW_MAX];
	json_t *list = json_array();
	(void)state;
	for (int i = 0; i < 10000; i++)
		json_array_append_new(list, json_pack("{s:s, s:s}", "name", "app", "state", "up"));
	answer(&m, TOP_STATUS, SECOND, "{}");
	top_model_answer(&m, TOP_APPS, json_pack("{s:o}", "apps", list), SECOND);
	top_screen_init(&s, 80, 24);
	top_layout(&m, SECOND, &s);
	assert_string_equal(line_of(&s, 6, buf), "APP  STATE  FOR  PEERS  REASON");
	assert_non_null(strstr(line_of(&s, 20, buf), "more apps"));
	top_screen_done(&s);
	top_model_done(&m);
}

/* The agent was asked for those that there is room for. */
static void test_the_first_of_many(void **state)
{
	struct top_model m = { .interval = SECOND };
	struct top_screen s;
	char buf[ROW_MAX];
	json_t *list = json_array();
	(void)state;
	for (int i = 0; i < 24; i++)
		json_array_append_new(list, json_pack("{s:s, s:s}", "name", "app", "state", "up"));
	answer(&m, TOP_STATUS, SECOND, "{}");
	top_model_answer(&m, TOP_APPS, json_pack("{s:i, s:o}", "total", 10000, "apps", list),
			 SECOND);
	top_screen_init(&s, 80, 24);
	top_layout(&m, SECOND, &s);
	assert_string_equal(line_of(&s, 20, buf), "… 9987 more apps");
	top_screen_done(&s);
	/* The terminal has become larger: what is there is shown until there is more. */
	top_screen_init(&s, 80, 60);
	top_layout(&m, SECOND, &s);
	assert_string_equal(line_of(&s, 7 + 24, buf), "… 9976 more apps");
	top_screen_done(&s);
	top_model_done(&m);
}

static const struct {
	struct top_order order;
	const char *target;
} targets[] = {
	{ { TOP_BY_STATE, 24 }, "/v1/apps?sort=state&limit=24" },
	{ { TOP_BY_CHANGE, 0 }, "/v1/apps?sort=change&limit=1" },
	{ { TOP_BY_NAME, 1999 }, "/v1/apps?sort=name&limit=1000" },
};

static void test_what_is_asked_for(void **state)
{
	char buf[TOP_TARGET_MAX];
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(targets); i++)
		assert_string_equal(top_view_target(TOP_APPS, &targets[i].order, buf),
				    targets[i].target);
	assert_string_equal(top_view_target(TOP_PEERS, &targets[0].order, buf), "/v1/peers");
}

/* Whatever the size, all of it is on the screen. */
static void test_any_size(void **state)
{
	struct top_model m;
	(void)state;
	fill(&m);
	for (size_t width = 1; width < 120; width += 7)
		for (size_t height = 1; height < 40; height++) {
			struct top_screen s;
			top_screen_init(&s, width, height);
			m.help = width % 2;
			top_layout(&m, 12 * SECOND, &s);
			for (size_t i = 0; i < s.n; i++) {
				const struct top_piece *p = &s.pieces[i];
				assert_true(p->line < height);
				assert_true(p->column + top_screen_columns(p->text) <= width);
			}
			top_screen_done(&s);
		}
	top_model_done(&m);
}

/* ---- everything at once, with its tones ---- */

/* The pieces of a line as "column tone text|": tones are p(lain), g(ood), b(ad), w(arning) and
 * d(im). */
static const char *pieces_of(const struct top_screen *s, size_t line, char buf[static ROW_MAX])
{
	static const char tones[] = { [TABLE_PLAIN] = 'p',
				      [TABLE_GOOD] = 'g',
				      [TABLE_BAD] = 'b',
				      [TABLE_WARNING] = 'w',
				      [TABLE_DIM] = 'd' };
	struct strbuf text = strbuf_over(buf, ROW_MAX);
	buf[0] = 0;
	for (size_t i = 0; i < s->n; i++)
		if (s->pieces[i].line == line)
			strbuf_add(&text, "%zu%c%s|", s->pieces[i].column, tones[s->pieces[i].tone],
				   s->pieces[i].text);
	return buf;
}

static void expect_pieces(const struct top_model *m, size_t width, size_t height,
			  const char *const *lines)
{
	struct top_screen s;
	char buf[ROW_MAX];
	top_screen_init(&s, width, height);
	top_layout(m, 12 * SECOND, &s);
	for (size_t i = 0; i < height; i++) {
		pieces_of(&s, i, buf);
		if (strcmp(buf, lines[i]) != 0)
			fail_msg("line %zu of %zu is\n%s", i, height, buf);
	}
	top_screen_done(&s);
}

static void fill_all(struct top_model *m)
{
	*m = (struct top_model){ .interval = SECOND };
	answer(m, TOP_PEERS, 8 * SECOND,
	       "{\"peers\": [{\"address\": \"10.0.0.1\", \"messages\": {\"sent\": {\"total\": 1}, "
	       "\"received\": {\"total\": 9}}}]}");
	answer(m, TOP_STATUS, 10 * SECOND,
	       "{\"version\": \"1.0\", \"phase\": \"running\", \"started\": \"a\", "
	       "\"started_seconds\": 60, \"apps\": {\"up\": 1, \"down\": 2, \"unknown\": 3, "
	       "\"draining\": 4, \"drained\": 5, \"joining\": 6}, \"vips\": {\"total\": 7, "
	       "\"announced\": 6, \"suppressed\": 1}, \"peers\": {\"total\": 3, "
	       "\"established\": 1}, \"alarms\": [{\"alarm\": \"a1\", \"text\": \"t1\"}, "
	       "{\"alarm\": \"a2\", \"text\": \"t2\"}, {\"alarm\": \"a3\", \"text\": \"t3\"}, "
	       "{\"alarm\": \"a4\", \"text\": \"t4\"}, {\"alarm\": \"a5\", \"text\": \"t5\"}]}");
	answer(m, TOP_PEERS, 10 * SECOND,
	       "{\"peers\": [{\"address\": \"10.0.0.1\", \"peer_as\": 0, \"state\": "
	       "\"established\", \"since_seconds\": 61, \"routes\": {\"sent\": 0}, "
	       "\"messages\": {\"sent\": {\"total\": 4}, \"received\": {\"total\": 10}}, "
	       "\"path_error\": \"none\", \"last_error\": \"old\"}, "
	       "{\"address\": \"10.0.0.2\", \"state\": \"idle\", \"since_seconds\": 3, "
	       "\"path_error\": \"no route\", \"last_error\": \"refused\"}, "
	       "{\"address\": \"10.0.0.3\", \"peer_as\": 7, \"state\": \"active\", "
	       "\"since_seconds\": 2, \"last_error\": \"refused\"}]}");
	answer(m, TOP_APPS, 10 * SECOND,
	       "{\"apps\": [{\"name\": \"dns\", \"state\": \"up\", \"since_seconds\": 42, "
	       "\"announced\": true, \"announced_to\": {\"sent\": 1, \"peers\": 2}, \"reason\": "
	       "\"all pass\"}, {\"name\": "
	       "\"a-name-that-is-longer-than-a-half-of-this-screen-which-is-110-wide\", "
	       "\"state\": \"down\", \"since_seconds\": 3, \"announced\": false, \"reason\": "
	       "\"none\"}, {\"name\": \"web\", \"state\": \"drained\", \"since_seconds\": 4}]}");
	answer(m, TOP_EVENTS, 10 * SECOND,
	       "{\"events\": [{\"time\": \"2026-01-31T12:00:00Z\", \"kind\": \"k1\", \"level\": "
	       "\"info\", \"text\": \"e1\"}, {\"time\": \"2026-01-31T12:00:01.000Z\", \"kind\": "
	       "\"kind2\", \"level\": \"warning\", \"text\": \"e2\"}, {\"time\": "
	       "\"2026-01-31T12:00:02\", \"kind\": \"\", \"level\": \"error\", \"text\": "
	       "\"e3\"}]}");
}
static void test_everything_with_its_tones(void **state)
{
	static const char *const lines[] = {
		"0pvipherald 1.0|13p, running for 1m00s|102devery 1s|",
		("0pApps |5g1 up|9p, |11b2 down|17p, |19w3 unknown|28p, |30w4 draining|40p, |42w5 "
		 "drained|51p, |53w6 joining|65pVIPs 6 of 7 announced|86p, 1 suppressed|103pPeers "
		 "…|"),
		"0pChecks -/s, -/s failed|25pMessages 1.5/s sent, 0.5/s received|",
		"0bALARM |6pa1: t1|",
		"0bALARM |6pa2: t2|",
		"0bALARM |6p(and 2 more) |19pa3: t3|",
		"",
		"0dPEER|10dAS|14dSTATE|27dFOR|34dROUTES|42dSENT|48dRCVD|54dPROBLEM|",
		"0p10.0.0.2|10p-|14bidle|27p3s|34p-|42p-|48p-|54bno route|",
		"0p10.0.0.3|10p7|14wactive|27p2s|34p-|42p-|48p-|54brefused|",
		"0p10.0.0.1|10p0|14gestablished|27p1m01s|34p0|42p1.5|48p0.5|54b-|",
		"",
		"0dAPP|57dSTATE|66dFOR|71dPEERS|79dREASON|",
		("0pa-name-that-is-longer-than-a-half-of-this-screen-which…|57bdown|"
		 "66p3s|71w-|79pnone|"),
		"0pweb|57wdrained|66p4s|71w-|79p-|",
		"0pdns|57gup|66p42s|71p1 of 2|79pall pass|",
		"",
		"0dUTC|10dEVENT|",
		"0d12:00:00|10pk1|17pe1|",
		"0d12:00:01|10pkind2|17we2|",
		"0d2026-01-|10p-|17be3|",
		"",
		"",
		"",
		"",
		"",
		"0dq quit  s sort: state  p pause  ? help|",
	};
	static const char *const narrow[] = { "0pvipherald 1.0|13p, running for 1m00s|" };
	static const char *const wide_enough[] = {
		"0pvipherald 1.0|13p, running for 1m00s|34devery 1s|"
	};
	struct top_model m;
	(void)state;
	fill_all(&m);
	expect_pieces(&m, 110, 27, lines);
	expect_pieces(&m, 41, 1, narrow);
	expect_pieces(&m, 42, 1, wide_enough);
	m.paused = true;
	expect_pieces(&m, 40, 1,
		      (const char *const[]){ "0pvipherald 1.0|13p, running for 1m00s|34wpaused|" });
	top_model_done(&m);
}

/* Other columns get half of the screen at most; a heading is as wide as what is below it. */
static void test_the_last_column_has_the_rest(void **state)
{
	static const char *const lines[] = {
		"0pvipherald |10p,  for -|42devery 1s|",
		"0pApps |5pnone|12pVIPs -1 of -1 announced|38pPeers -1 of…|",
		"0pChecks -/s, -/s failed|25pMessages -/s sent, -/s r…|",
		"0dPEER|6dAS|10dSTATE|17dFOR|22dROUTES|30dSENT|36dRCVD|42dPROBLEM|",
		"0dAPP|5dSTATE|12dFOR|17dPEERS|24dREASON|",
		"0pa|5pnew|12p-|17w-|24pa reason that is longer t…|",
		"0dUTC|10dEVENT|",
		"0d12:00:00|10pk|37pa text longe…|",
		"0d12:00:01|10pa-kind-longer-than-half-…|37px|",
		"0dq quit  s sort: state  p pause  ? help|",
	};
	struct top_model m = { .interval = SECOND };
	(void)state;
	answer(&m, TOP_STATUS, SECOND, "{\"vips\": {\"suppressed\": 0}, \"apps\": {\"up\": 0}}");
	answer(&m, TOP_APPS, SECOND,
	       "{\"apps\": [{\"name\": \"a\", \"state\": \"new\", \"reason\": \"a reason that is "
	       "longer than half of the screen\"}]}");
	answer(&m, TOP_EVENTS, SECOND,
	       "{\"events\": [{\"time\": \"2026-01-31T12:00:00Z\", \"kind\": \"k\", \"text\": "
	       "\"a text longer than half of them has the rest\"}, {\"time\": "
	       "\"2026-01-31T12:00:01Z\", \"kind\": \"a-kind-longer-than-half-of-it\", \"text\": "
	       "\"x\"}]}");
	expect_pieces(&m, 50, 10, lines);
	top_model_done(&m);
}

static void test_the_help_takes_the_place_of_the_lists(void **state)
{
	static const char *const lines[] = {
		"0pvipherald 1.0|13p, running for 1m00s|82devery 1s|",
		NULL,
		NULL,
		"0bALARM |6p(and 4 more) |19pa1: t1|",
		"",
		"0pq     quit|",
		"0ps     sort peers and apps: by state (the worst first), by last change, by name|",
		"0pp     pause, and go on|",
		"0p?     this help, and away with it|",
		"",
		"0pSENT and RCVD are messages a second. Rates and lists are of the interval|",
		"0p(--interval); checks and messages in between are counted.|",
		"",
		"0dq quit  s sort: last change  p pause  ? help|",
	};
	struct top_model m;
	struct top_screen s;
	char buf[ROW_MAX];
	(void)state;
	fill_all(&m);
	m.help = true;
	m.sort = TOP_BY_CHANGE;
	top_screen_init(&s, 90, ARRAY_SIZE(lines));
	top_layout(&m, 12 * SECOND, &s);
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++)
		if (lines[i])
			assert_string_equal(pieces_of(&s, i, buf), lines[i]);
	top_screen_done(&s);
	top_model_done(&m);
}

static void test_alarms_that_just_fit_are_not_counted(void **state)
{
	static const char *const lines[] = {
		"0pvipherald |10p,  for -|20devery 1s|",
		"0bERROR |6p(last answer 3s ago) |27px|",
		"0pApps |5pnone|12pVIPs -1 of -1 a…|",
		"0pChecks -/s, -/s failed|25pMe…|",
		"0bALARM |6pa1: t1|",
		"0bALARM |6pa2: t2|",
		"0bALARM |6pa3: t3|",
	};
	struct top_model m = { .interval = SECOND };
	struct top_screen s;
	char buf[ROW_MAX];
	(void)state;
	answer(&m, TOP_STATUS, 9 * SECOND,
	       "{\"alarms\": [{\"alarm\": \"a1\", \"text\": \"t1\"}, {\"alarm\": \"a2\", "
	       "\"text\": \"t2\"}, {\"alarm\": \"a3\", \"text\": \"t3\"}]}");
	top_model_failed(&m, "x");
	top_screen_init(&s, 28, 24);
	top_layout(&m, 12 * SECOND, &s);
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++)
		assert_string_equal(pieces_of(&s, i, buf), lines[i]);
	top_screen_done(&s);
	top_model_done(&m);
}

/* The first three letters of each line. */
static const char *shape_of(const struct top_model *m, size_t height, char buf[static ROW_MAX])
{
	struct top_screen s;
	char line[ROW_MAX];
	struct strbuf text = strbuf_over(buf, ROW_MAX);
	top_screen_init(&s, 110, height);
	top_layout(m, 12 * SECOND, &s);
	for (size_t i = 0; i < height; i++)
		strbuf_add(&text, "%s%.3s", i > 0 ? "|" : "", line_of(&s, i, line));
	top_screen_done(&s);
	return buf;
}

static void test_what_there_is_room_for(void **state)
{
	static const char *const shapes[] = {
		"vip",
		"vip|App",
		"vip|App|Che",
		"vip|App|Che|ALA",
		"vip|App|Che|ALA|q q",
		"vip|App|Che|ALA|PEE|q q",
		"vip|App|Che|ALA|PEE|10.|q q",
		"vip|App|Che|ALA|PEE|10.|…|q q",
		"vip|App|Che|ALA|PEE|10.|APP|a-n|q q",
		"vip|App|Che|ALA|PEE|10.|…|APP|a-n|q q",
		"vip|App|Che|ALA|PEE|10.|APP|a-n|UTC|202|q q",
		"vip|App|Che|ALA|PEE|10.|…|APP|a-n|UTC|202|q q",
		"vip|App|Che|ALA|PEE|10.|…|APP|a-n|…|UTC|202|q q",
		"vip|App|Che|ALA|PEE|10.|…|APP|a-n|…|UTC|12:|202|q q",
		"vip|App|Che|ALA|PEE|10.|10.|10.|APP|a-n|…|UTC|12:|202|q q",
		"vip|App|Che|ALA|PEE|10.|10.|10.|APP|a-n|web|dns|UTC|12:|202|q q",
		"vip|App|Che|ALA||PEE|10.|…||APP|a-n|…||UTC|12:|202|q q",
		"vip|App|Che|ALA||PEE|10.|10.|10.||APP|a-n|…||UTC|12:|202|q q",
		"vip|App|Che|ALA||PEE|10.|10.|10.||APP|a-n|web|dns||UTC|12:|202|q q",
		"vip|App|Che|ALA||PEE|10.|10.|10.||APP|a-n|web|dns||UTC|12:|12:|202|q q",
		"vip|App|Che|ALA||PEE|10.|10.|10.||APP|a-n|web|dns||UTC|12:|12:|202||q q",
		"vip|App|Che|ALA||PEE|10.|10.|10.||APP|a-n|web|dns||UTC|12:|12:|202|||q q",
		"vip|App|Che|ALA||PEE|10.|10.|10.||APP|a-n|web|dns||UTC|12:|12:|202||||q q",
		"vip|App|Che|ALA|ALA|ALA||PEE|10.|10.|10.||APP|a-n|web|dns||UTC|12:|12:|202|||q q",
		"vip|App|Che|ALA|ALA|ALA||PEE|10.|10.|10.||APP|a-n|web|dns||UTC|12:|12:|202||||q q",
		("vip|App|Che|ALA|ALA|ALA||PEE|10.|10.|10.||APP|a-n|web|dns||UTC|12:|12:|202|||||q "
		 "q"),
		("vip|App|Che|ALA|ALA|ALA||PEE|10.|10.|10.||APP|a-n|web|dns||UTC|12:|12:|202||||||"
		 "q "
		 "q"),
		("vip|App|Che|ALA|ALA|ALA||PEE|10.|10.|10.||APP|a-n|web|dns||UTC|12:|12:|202|||||||"
		 "q q"),
		("vip|App|Che|ALA|ALA|ALA||PEE|10.|10.|10.||APP|a-n|web|dns||UTC|12:|12:|202|||||||"
		 "|"
		 "q q"),
	};
	struct top_model m;
	char buf[ROW_MAX];
	(void)state;
	fill_all(&m);
	for (size_t i = 0; i < ARRAY_SIZE(shapes); i++)
		assert_string_equal(shape_of(&m, i + 1, buf), shapes[i]);
	top_model_done(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pieces),
		cmocka_unit_test(test_nothing_beyond_the_screen),
		cmocka_unit_test(test_rates),
		cmocka_unit_test(test_trouble),
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_share),
		cmocka_unit_test(test_layout),
		cmocka_unit_test(test_layout_of_trouble_and_help),
		cmocka_unit_test(test_vips_of_an_aggregate),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_the_first_of_many),
		cmocka_unit_test(test_what_is_asked_for),
		cmocka_unit_test(test_any_size),
		cmocka_unit_test(test_everything_with_its_tones),
		cmocka_unit_test(test_the_last_column_has_the_rest),
		cmocka_unit_test(test_alarms_that_just_fit_are_not_counted),
		cmocka_unit_test(test_the_help_takes_the_place_of_the_lists),
		cmocka_unit_test(test_what_there_is_room_for),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
