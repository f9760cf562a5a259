/* SPDX-License-Identifier: MIT */
/* Rates, orders and keys of `vipherald top`. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "agent/cli/top_model.h"
#include "lib/array.h"
#include "lib/str.h"

#define SECOND USEC_PER_SEC

static void answer(struct top_model *m, enum top_view view, mono_t now, json_t *json)
{
	assert_non_null(json);
	top_model_answer(m, view, json, now);
}

static json_t *status(const char *started, double checks)
{
	return json_pack("{s:s, s:f}", "started", started, "n", checks);
}

static void test_keys(void **state)
{
	struct top_model m = { 0 };
	(void)state;
	assert_false(top_model_key(&m, 'Q'));
	assert_true(top_model_key(&m, 'h') && m.help);
	assert_true(top_model_key(&m, '?') && !m.help);
	assert_true(top_model_key(&m, 'h') && m.help);
	assert_true(top_model_key(&m, 's') && !m.help);
	assert_string_equal(top_sort_name(TOP_BY_STATE), "state");
	assert_string_equal(top_sort_name(TOP_BY_CHANGE), "last change");
	assert_string_equal(top_sort_name(TOP_BY_NAME), "name");
}

static const struct {
	double before, last;
	mono_t took;
	const char *rate;
} rates[] = {
	{ 1, 1, SECOND, "0.0" },
	{ 1, 2, 2 * SECOND, "0.5" },
	{ 0, 99.94, SECOND, "99.9" },
	{ 0, 99.95, SECOND, "100" },
	{ 0, 1e6, SECOND, "1000000" },
	{ 2, 1, SECOND, "-" },
	{ 1, 2, 0, "-" },
	{ 1, 2, 1, "1000000" },
	{ 0, 299, 3 * SECOND, "99.7" },
};

static void test_a_rate_is_of_the_time_between_two_answers(void **state)
{
	char buf[TOP_RATE_MAX];
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rates); i++) {
		struct top_model m = { 0 };
		answer(&m, TOP_STATUS, SECOND, status("a", rates[i].before));
		assert_string_equal(top_model_rate(&m, "n", buf), "-");
		answer(&m, TOP_STATUS, SECOND + rates[i].took, status("a", rates[i].last));
		assert_string_equal(top_model_rate(&m, "n", buf), rates[i].rate);
		top_model_done(&m);
	}
}

/* Only the status says which agent it is of. */
static void test_counters_of_another_agent(void **state)
{
	struct top_model m = { 0 };
	(void)state;
	answer(&m, TOP_PEERS, SECOND, status("a", 1));
	answer(&m, TOP_PEERS, 2 * SECOND, status("b", 2));
	assert_non_null(m.views[TOP_PEERS].before);
	answer(&m, TOP_STATUS, 3 * SECOND, status("a", 1));
	answer(&m, TOP_STATUS, 4 * SECOND, status("a", 1));
	assert_non_null(m.views[TOP_PEERS].last);
	assert_int_equal(m.views[TOP_STATUS].before_at, 3 * SECOND);
	assert_int_equal(m.views[TOP_STATUS].last_at, 4 * SECOND);
	answer(&m, TOP_STATUS, 5 * SECOND, status("b", 1));
	assert_null(m.views[TOP_PEERS].last);
	assert_null(m.views[TOP_STATUS].before);
	top_model_done(&m);
	assert_null(m.views[TOP_STATUS].last);
}

static json_t *peers(int a, int b)
{
	json_t *list = json_array();
	if (a >= 0)
		json_array_append_new(list, json_pack("{s:s, s:i}", "address", "a", "n", a));
	json_array_append_new(list, json_pack("{s:s}", "address", "none"));
	if (b >= 0)
		json_array_append_new(list, json_pack("{s:s, s:i}", "address", "b", "n", b));
	return json_pack("{s:o}", "peers", list);
}

/* A counter that began again, and that of a new peer, counts from 0. */
static void test_rates_of_peers(void **state)
{
	static const struct {
		int before[2], last[2];
		const char *of[3]; /* a, b, all */
	} cases[] = {
		{ { 10, 20 }, { 11, 22 }, { "1.0", "2.0", "3.0" } },
		{ { 10, 20 }, { 10, 20 }, { "0.0", "0.0", "0.0" } },
		{ { 10, 20 }, { 4, 25 }, { "4.0", "5.0", "9.0" } },
		{ { -1, 20 }, { 7, 21 }, { "7.0", "1.0", "8.0" } },
		{ { 0, 1 }, { 1, 1 }, { "1.0", "0.0", "1.0" } },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct top_model m = { 0 };
		char buf[TOP_RATE_MAX];
		answer(&m, TOP_PEERS, SECOND, peers(cases[i].before[0], cases[i].before[1]));
		answer(&m, TOP_PEERS, 2 * SECOND, peers(cases[i].last[0], cases[i].last[1]));
		const json_t *list = json_object_get(m.views[TOP_PEERS].last, "peers");
		assert_string_equal(top_model_peer_rate(&m, json_array_get(list, 0), "n", buf),
				    cases[i].of[0]);
		assert_string_equal(top_model_peer_rate(&m, json_array_get(list, 1), "n", buf),
				    "-");
		assert_string_equal(top_model_peer_rate(&m, json_array_get(list, 2), "n", buf),
				    cases[i].of[1]);
		assert_string_equal(top_model_peer_rate(&m, NULL, "n", buf), cases[i].of[2]);
		top_model_done(&m);
	}
}

static void test_how_many_there_are(void **state)
{
	static const struct {
		const char *answer;
		size_t total;
	} cases[] = {
		{ "{\"apps\": [1, 2]}", 2 },
		{ "{\"total\": 0, \"apps\": [1, 2]}", 2 },
		{ "{\"total\": 1, \"apps\": [1, 2]}", 2 },
		{ "{\"total\": 2, \"apps\": [1, 2]}", 2 },
		{ "{\"total\": 3, \"apps\": [1, 2]}", 3 },
		{ "{\"total\": 1, \"apps\": []}", 1 },
		{ "{}", 0 },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct top_model m = { 0 };
		answer(&m, TOP_APPS, SECOND, json_loads(cases[i].answer, 0, NULL));
		assert_int_equal(top_model_total(&m, TOP_APPS), cases[i].total);
		top_model_done(&m);
	}
}

static void expect_order(struct top_model *m, enum top_view view, const char *name,
			 const char *wanted)
{
	const json_t **sorted;
	size_t n;
	char names[64] = "";
	struct strbuf text = strbuf_over(names, sizeof(names));
	top_model_sorted(m, view, &sorted, &n);
	for (size_t i = 0; i < n; i++)
		strbuf_add(&text, "%s", json_string_value(json_object_get(sorted[i], name)));
	assert_string_equal(names, wanted);
	free(sorted);
}

/* Bad before warning, plain, dim and good; the shortest time first; then by name. */
static void test_orders_of_apps_and_peers(void **state)
{
	static const char list[] =
		"[{\"name\": \"g\", \"address\": \"7\", \"state\": \"up\", \"since_seconds\": 1}, "
		"{\"name\": \"d\", \"address\": \"6\", \"state\": \"not-announced\", "
		"\"since_seconds\": 3}, {\"name\": \"p\", \"address\": \"5\", \"state\": \"new\", "
		"\"since_seconds\": 2}, {\"name\": \"w\", \"address\": \"4\", \"state\": \"kept\", "
		"\"since_seconds\": 3}, {\"name\": \"b\", \"address\": \"3\", \"state\": \"down\", "
		"\"since_seconds\": 4}, {\"name\": \"a\", \"address\": \"2\", \"state\": \"up\", "
		"\"since_seconds\": 3}]";
	struct top_model m = { 0 };
	(void)state;
	answer(&m, TOP_APPS, SECOND, json_pack("{s:o}", "apps", json_loads(list, 0, NULL)));
	answer(&m, TOP_PEERS, SECOND, json_pack("{s:o}", "peers", json_loads(list, 0, NULL)));
	m.sort = TOP_BY_STATE;
	expect_order(&m, TOP_APPS, "name", "bwpdag");
	expect_order(&m, TOP_PEERS, "address", "345627");
	m.sort = TOP_BY_CHANGE;
	expect_order(&m, TOP_APPS, "name", "gpadwb");
	m.sort = TOP_BY_NAME;
	expect_order(&m, TOP_APPS, "name", "abdgpw");
	expect_order(&m, TOP_PEERS, "address", "234567");
	top_model_done(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_a_rate_is_of_the_time_between_two_answers),
		cmocka_unit_test(test_counters_of_another_agent),
		cmocka_unit_test(test_rates_of_peers),
		cmocka_unit_test(test_how_many_there_are),
		cmocka_unit_test(test_orders_of_apps_and_peers),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
