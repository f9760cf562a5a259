/* SPDX-License-Identifier: MIT */
/* Whether an answer is applied, and when to query again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "consul/plan.h"
#include "lib/array.h"

#define SEC  USEC_PER_SEC
#define MSEC USEC_PER_MSEC
#define NOW  (1000 * SEC)

/* The state before: index 20, queried with 20, node "a" created at 5. */
static void known(struct consul_stream *s)
{
	const struct consul_answer a = {
		.index = 20, .present = true, .node_id = "a", .create_index = 5, .error = ""
	};
	struct err err;
	consul_stream_init(s);
	assert_int_equal(consul_stream_step(s, &a, NOW, 0, 0, &err).use, CONSUL_FOLLOW);
}

#define FOLLOWED       CONSUL_FOLLOW, false, ""
#define REJECTED(text) CONSUL_REJECT, false, text

static const struct {
	const char *name;
	struct consul_answer a;
	enum consul_use use;
	bool reset;
	const char *why;

} cases[] = {
	{ "a grown index is followed",
	  { .index = 21, .present = true, .node_id = "a", .create_index = 5 },
	  FOLLOWED },
	{ "the node is gone and the index grew: deregistered",
	  { .index = 21, .present = false, .node_id = "" },
	  FOLLOWED },
	{ "the same index takes nothing away",
	  { .index = 20, .present = true, .node_id = "a", .create_index = 5 },
	  CONSUL_MERGE,
	  false,
	  "" },
	{ "an index that fell means that Consul state was reset",
	  { .index = 19, .present = true, .node_id = "a", .create_index = 5 },
	  CONSUL_MERGE,
	  true,
	  "" },
	{ "another node ID means so too, however high the index",
	  { .index = 999, .present = true, .node_id = "b", .create_index = 5 },
	  CONSUL_MERGE,
	  true,
	  "" },
	{ "another registration of the same node, too",
	  { .index = 999, .present = true, .node_id = "a", .create_index = 6 },
	  CONSUL_MERGE,
	  true,
	  "" },
	{ "the node is gone and the index is the same",
	  { .index = 20, .present = false, .node_id = "" },
	  REJECTED("state was reset") },
	{ "the node is gone and the index fell",
	  { .index = 1, .present = false, .node_id = "" },
	  REJECTED("state was reset") },
	{ "the checks are gone and the index is the same",
	  { .index = 20, .present = false, .node_id = NULL },
	  REJECTED("no checks left") },
	{ "no answer", { .failed = true, .error = "refused" }, REJECTED("refused") },
	{ "no answer, whatever else it says",
	  { .failed = true, .error = "500", .index = 50, .present = true, .node_id = "a" },
	  REJECTED("500") },
	{ "no index", { .index = 0, .present = true, .node_id = "a" }, REJECTED("X-Consul-Index") },
	{ "no leader",
	  { .index = 50, .present = true, .node_id = "a", .leaderless = true },
	  REJECTED("no leader") },
	{ "the token does not show all",
	  { .index = 50, .present = false, .node_id = "", .filtered = true },
	  REJECTED("token") },
};

static void test_what_it_is_worth(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct consul_stream s;
		struct consul_answer a = cases[i].a;
		struct err err = { "" };
		known(&s);
		if (!a.error)
			a.error = "";
		struct consul_step step = consul_stream_step(&s, &a, NOW + 1, 0, 0, &err);
		if (step.use != cases[i].use || step.reset != cases[i].reset)
			fail_msg("%s: use %d, reset %d", cases[i].name, (int)step.use, step.reset);
		if (step.use == CONSUL_REJECT) {
			if (!strstr(err.text, cases[i].why))
				fail_msg("%s: '%s'", cases[i].name, err.text);
			assert_int_equal(s.failing_since, NOW + 1);
			assert_int_equal(s.index, 20);
			assert_int_equal(s.asked_index, 0);
			assert_true(step.wait > 0);
		} else {
			assert_int_equal(s.failing_since, USEC_NEVER);
			assert_int_equal(s.index, a.index);
			assert_int_equal(s.asked_index, a.index < 20 ? 0 : a.index);
			assert_int_equal(step.wait, 0);
		}
	}
}

/* A part of the answer is newer than the rest, which the next answer is compared with. */
static void test_an_answer_of_several_times(void **state)
{
	struct consul_stream s;
	struct err err;
	const struct consul_answer torn = { .index = 22,
					    .from_index = 20,
					    .present = true,
					    .node_id = "a",
					    .create_index = 5,
					    .nomad = true,
					    .error = "" };
	struct consul_answer whole = torn;
	(void)state;
	whole.index = 22;
	whole.from_index = 0;
	known(&s);
	assert_int_equal(consul_stream_step(&s, &torn, NOW, 0, 0, &err).use, CONSUL_FOLLOW);
	assert_int_equal(s.asked_index, 20);
	assert_int_equal(consul_stream_step(&s, &whole, NOW, 0, 0, &err).use, CONSUL_FOLLOW);
	assert_int_equal(consul_stream_step(&s, &whole, NOW, 0, 0, &err).use, CONSUL_MERGE);
}

/* How Consul may come back with another identity, and that none of it looks like a deregistration.
 * Each answer comes after the one before it. */
static const struct {
	const char *name;
	struct consul_answer a[3];
	enum consul_use use[3];
	bool reset[3];
	bool renamed;
} returns[] = {
	{ "restarted: the node is not registered yet, the index is higher",
	  { { .failed = true, .cut_off = true }, { .index = 99, .node_id = "" } },
	  { CONSUL_REJECT, CONSUL_MERGE },
	  { false, true },
	  false },
	{ "the state was reset, and the index passes the former one before the node is back",
	  { { .index = 3, .node_id = "" },
	    { .index = 21, .node_id = "" },
	    { .index = 22, .present = true, .node_id = "b", .create_index = 22 } },
	  { CONSUL_REJECT, CONSUL_MERGE, CONSUL_FOLLOW },
	  { false, true, false },
	  false },
	{ "Nomad was restarted, and the last service has gone meanwhile",
	  { { .failed = true, .cut_off = true, .nomad = true },
	    { .index = 99, .node_id = "a", .nomad = true } },
	  { CONSUL_REJECT, CONSUL_FOLLOW },
	  { false, false },
	  false },
	{ "Nomad's state was reset, and the index passes the former one",
	  { { .index = 3, .node_id = "a", .nomad = true },
	    { .index = 21, .node_id = "a", .nomad = true } },
	  { CONSUL_REJECT, CONSUL_MERGE },
	  { false, true },
	  false },
	{ "another name, not registered yet",
	  { { .index = 99, .node_id = "" } },
	  { CONSUL_MERGE },
	  { true },
	  true },
	{ "another name, with the node ID as before",
	  { { .index = 99, .present = true, .node_id = "a", .create_index = 5 },
	    { .index = 100, .present = true, .node_id = "a", .create_index = 5 } },
	  { CONSUL_MERGE, CONSUL_FOLLOW },
	  { true, false },
	  true },
	{ "restarted with what it had: followed, with all that was deregistered meanwhile",
	  { { .failed = true, .cut_off = true },
	    { .index = 21, .present = true, .node_id = "a", .create_index = 5 },
	    { .index = 22, .node_id = "" } },
	  { CONSUL_REJECT, CONSUL_FOLLOW, CONSUL_FOLLOW },
	  { false },
	  false },
};

static void test_returns_with_another_identity(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(returns) / sizeof(returns[0]); i++) {
		struct consul_stream s;
		struct err err = { "" };
		known(&s);
		if (returns[i].renamed)
			consul_stream_rename(&s);
		for (size_t j = 0; j < 3; j++) {
			struct consul_answer a = returns[i].a[j];
			if (!a.failed && a.index == 0)
				break;
			a.error = "";
			struct consul_step step =
				consul_stream_step(&s, &a, NOW + 1 + j, 0, 0, &err);
			if (step.use != returns[i].use[j] || step.reset != returns[i].reset[j])
				fail_msg("%s: answer %zu: use %d, reset %d", returns[i].name, j,
					 (int)step.use, step.reset);
		}
	}
}

/* Consul's lowest index is one like any other. */
static void test_another_node_behind_the_first_index(void **state)
{
	struct consul_stream s;
	struct consul_answer a = {
		.index = 1, .present = true, .node_id = "a", .create_index = 1, .error = ""
	};
	struct err err;
	(void)state;
	consul_stream_init(&s);
	assert_false(consul_stream_step(&s, &a, NOW, 0, 0, &err).reset);
	a.node_id = "b";
	a.index = 2;
	assert_true(consul_stream_step(&s, &a, NOW + 1, 0, 0, &err).reset);
}

static void test_the_first_answer_is_taken_as_it_is(void **state)
{
	(void)state;
	const struct consul_answer answers[] = {
		{ .index = 1, .present = false, .node_id = "", .error = "" },
		{ .index = 5, .present = true, .node_id = "x", .leaderless = true, .error = "" },
		{ .index = 5, .present = true, .node_id = "x", .filtered = true, .error = "" },
	};
	for (size_t i = 0; i < 3; i++) {
		struct consul_stream s;
		struct err err;
		consul_stream_init(&s);
		assert_int_equal(consul_stream_step(&s, &answers[i], NOW, 0, 0, &err).use,
				 CONSUL_FOLLOW);
	}
}

static void test_only_a_cut_is_regained(void **state)
{
	(void)state;
	struct consul_answer bad = { .failed = true, .error = "x" };
	const struct consul_answer good = {
		.index = 20, .present = true, .node_id = "a", .create_index = 5, .error = ""
	};
	struct consul_stream s;
	struct err err;
	known(&s);
	consul_stream_step(&s, &bad, NOW, 0, 0, &err);
	assert_false(consul_stream_step(&s, &good, NOW, 0, 0, &err).regained);
	bad.cut_off = true;
	consul_stream_step(&s, &bad, NOW, 0, 0, &err);
	bad.cut_off = false;
	consul_stream_step(&s, &bad, NOW, 0, 0, &err);
	assert_true(consul_stream_step(&s, &good, NOW, 0, 0, &err).regained);
	assert_false(consul_stream_step(&s, &good, NOW, 0, 0, &err).regained);
}

static void test_retries_back_off_and_start_over(void **state)
{
	(void)state;
	const struct consul_answer bad = { .failed = true, .error = "x" };
	const struct consul_answer good = {
		.index = 20, .present = true, .node_id = "a", .create_index = 5, .error = ""
	};
	struct consul_stream s;
	struct err err;
	known(&s);
	mono_t last = 0;
	for (int i = 0; i < 12; i++) {
		span_t wait = consul_stream_step(&s, &bad, NOW, 0, 0, &err).wait;
		assert_true(wait >= last);
		last = wait;
	}
	assert_int_equal(last, 10 * SEC);
	/* Jitter shortens, and differs. */
	assert_true(consul_stream_step(&s, &bad, NOW, 0, 1023, &err).wait < 8 * SEC);
	consul_stream_step(&s, &good, NOW, 0, 0, &err);
	assert_int_equal(consul_stream_step(&s, &bad, NOW, 0, 0, &err).wait, 100 * MSEC);
}

static void test_who_is_refused_asks_less_often(void **state)
{
	(void)state;
	const struct consul_answer bad = { .failed = true, .refused = true, .error = "429" };
	struct consul_stream s;
	struct err err;
	known(&s);
	assert_true(consul_stream_step(&s, &bad, NOW, 0, 0, &err).wait >= SEC);
}

static void test_a_storm_is_followed_at_our_pace(void **state)
{
	(void)state;
	struct consul_answer a = {
		.index = 20, .present = true, .node_id = "a", .create_index = 5, .error = ""
	};
	struct consul_stream s;
	struct err err;
	mono_t now = NOW;
	known(&s);
	/* Small ones: a couple of hundred at once, then eight milliseconds apart. */
	for (int i = 0; i < 150; i++, a.index++)
		assert_int_equal(consul_stream_step(&s, &a, now, 0, 0, &err).wait, 0);
	for (int i = 0; i < 100; i++, a.index++)
		now += consul_stream_step(&s, &a, now, 0, 0, &err).wait;
	for (int i = 0; i < 100; i++, a.index++) {
		span_t wait = consul_stream_step(&s, &a, now, 0, 0, &err).wait;
		assert_int_equal(wait, 8 * MSEC);
		now += wait;
	}
	/* Those that are dear to digest come less often, within reason. */
	assert_int_equal(consul_stream_step(&s, &a, now, 20 * MSEC, 0, &err).wait, 160 * MSEC);
	now += 160 * MSEC;
	assert_int_equal(consul_stream_step(&s, &a, now, 60 * SEC, 0, &err).wait, 2 * SEC);
	/* After two quiet seconds a change is followed at once. */
	now += 4 * SEC;
	assert_int_equal(consul_stream_step(&s, &a, now, 20 * MSEC, 0, &err).wait, 0);
}

/* The cost of an answer beyond the credit is waited for, eight times as long. */
static void test_credit(void **state)
{
	(void)state;
	struct consul_answer a = {
		.index = 20, .present = true, .node_id = "a", .create_index = 5, .error = ""
	};
	struct consul_stream s;
	struct err err;
	mono_t now = NOW;
	known(&s); /* which cost 1 ms of 200 */
	assert_int_equal(consul_stream_step(&s, &a, now, 199 * MSEC, 0, &err).wait, 0);
	assert_int_equal(consul_stream_step(&s, &a, now, 3 * MSEC, 0, &err).wait, 24 * MSEC);
	now += 24 * MSEC;
	assert_int_equal(consul_stream_step(&s, &a, now, 0, 0, &err).wait, 8 * MSEC);
	now += 8 * MSEC + 80 * MSEC; /* which earn 10 ms */
	assert_int_equal(consul_stream_step(&s, &a, now, 11 * MSEC, 0, &err).wait, 8 * MSEC);
	now += 8 * MSEC + 80 * MSEC;
	assert_int_equal(consul_stream_step(&s, &a, now, 4 * MSEC, 0, &err).wait, 0);
	assert_int_equal(consul_stream_step(&s, &a, now, 16 * MSEC, 0, &err).wait, 80 * MSEC);
	now += 80 * MSEC; /* the credit that was left is spent, too */
	assert_int_equal(consul_stream_step(&s, &a, now, 2 * MSEC, 0, &err).wait, 16 * MSEC);
}

static void test_before_the_first_answer(void **state)
{
	(void)state;
	const struct consul_answer bad = { .failed = true, .error = "x" };
	const struct consul_answer good = {
		.index = 1, .present = true, .node_id = "a", .create_index = 5, .error = ""
	};
	struct consul_stream s;
	struct err err;
	consul_stream_init(&s);
	consul_stream_rename(&s);
	assert_int_equal(consul_stream_step(&s, &bad, NOW, 0, 0, &err).wait, 100 * MSEC);
	assert_true(s.failing_since == NOW);
	struct consul_step step = consul_stream_step(&s, &good, NOW + 1, 0, 0, &err);
	assert_int_equal(step.use, CONSUL_FOLLOW);
	assert_false(step.reset);
	assert_true(s.failing_since == USEC_NEVER);
	/* The lowest index is one like any other. */
	assert_int_equal(consul_stream_step(&s, &good, NOW + 2, 0, 0, &err).use, CONSUL_MERGE);
}

/* It says nothing of the node. */
static void test_no_index_contradicts_nothing(void **state)
{
	(void)state;
	const struct consul_answer none = { .node_id = "", .error = "" };
	const struct consul_answer gone = { .index = 21, .node_id = "", .error = "" };
	struct consul_stream s;
	struct err err;
	known(&s);
	assert_int_equal(consul_stream_step(&s, &none, NOW, 0, 0, &err).use, CONSUL_REJECT);
	assert_string_equal(err.text, "no X-Consul-Index in the answer: is this Consul?");
	assert_int_equal(consul_stream_step(&s, &gone, NOW, 0, 0, &err).use, CONSUL_FOLLOW);
}

/* The stream of checks. */
static void test_answers_without_a_node(void **state)
{
	(void)state;
	struct consul_answer a = { .index = 7, .present = true, .error = "" };
	struct consul_stream s;
	struct err err;
	consul_stream_init(&s);
	assert_int_equal(consul_stream_step(&s, &a, NOW, 0, 0, &err).use, CONSUL_FOLLOW);
	a.index = 8;
	assert_int_equal(consul_stream_step(&s, &a, NOW, 0, 0, &err).use, CONSUL_FOLLOW);
	assert_string_equal(s.node_id, "");
}

/* It is none of those that are known, nor is that known afterwards which it took the place of. */
static void test_a_node_whose_id_is_too_long(void **state)
{
	(void)state;
	char id[CONSUL_NODE_ID_MAX + 1];
	struct consul_answer a = {
		.index = 21, .present = true, .node_id = id, .create_index = 5, .error = ""
	};
	struct consul_stream s;
	struct err err;
	memset(id, 'a', sizeof(id));
	id[CONSUL_NODE_ID_MAX] = 0;
	known(&s);
	assert_true(consul_stream_step(&s, &a, NOW, 0, 0, &err).reset);
	assert_string_equal(s.node_id, "");
	a.index++;
	assert_true(consul_stream_step(&s, &a, NOW, 0, 0, &err).reset);
	id[CONSUL_NODE_ID_MAX - 1] = 0; /* the longest one */
	a.index++;
	assert_true(consul_stream_step(&s, &a, NOW, 0, 0, &err).reset);
	a.index++;
	assert_false(consul_stream_step(&s, &a, NOW, 0, 0, &err).reset);
}

static void test_what_is_said_of_nomad(void **state)
{
	static const struct {
		struct consul_answer a;
		const char *why;
	} answers[] = {
		{ { .nomad = true }, "no X-Nomad-Index in the answer: is this Nomad?" },
		{ { .nomad = true, .index = 30, .leaderless = true }, "Nomad has no leader" },
		{ { .nomad = true, .index = 20 },
		  "no services left, but the index did not grow: Nomad state was reset" },
		{ { .index = 30, .leaderless = true }, "Consul has no leader" },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(answers); i++) {
		struct consul_stream s;
		struct err err = { "" };
		known(&s);
		assert_int_equal(consul_stream_step(&s, &answers[i].a, NOW, 0, 0, &err).use,
				 CONSUL_REJECT);
		assert_string_equal(err.text, answers[i].why);
	}
}

static void test_refresh_answers_at_once(void **state)
{
	(void)state;
	struct consul_stream s;
	known(&s);
	assert_int_equal(s.asked_index, 20);
	consul_stream_refresh(&s);
	assert_int_equal(s.asked_index, 0);
	assert_int_equal(s.index, 20);
	assert_false(s.renamed);
	known(&s);
	consul_stream_rename(&s);
	assert_int_equal(s.asked_index, 0);
	assert_int_equal(s.index, 20);
	assert_true(s.renamed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_it_is_worth),
		cmocka_unit_test(test_an_answer_of_several_times),
		cmocka_unit_test(test_returns_with_another_identity),
		cmocka_unit_test(test_the_first_answer_is_taken_as_it_is),
		cmocka_unit_test(test_another_node_behind_the_first_index),
		cmocka_unit_test(test_only_a_cut_is_regained),
		cmocka_unit_test(test_retries_back_off_and_start_over),
		cmocka_unit_test(test_who_is_refused_asks_less_often),
		cmocka_unit_test(test_a_storm_is_followed_at_our_pace),
		cmocka_unit_test(test_credit),
		cmocka_unit_test(test_before_the_first_answer),
		cmocka_unit_test(test_no_index_contradicts_nothing),
		cmocka_unit_test(test_answers_without_a_node),
		cmocka_unit_test(test_a_node_whose_id_is_too_long),
		cmocka_unit_test(test_what_is_said_of_nomad),
		cmocka_unit_test(test_refresh_answers_at_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
