/* SPDX-License-Identifier: MIT */
/* Effect of failing monitors on an app, and when. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "agent/model/fault.h"
#include "lib/array.h"
#include "monitors/kinds.h"

#define SECONDS(n) ((n)*USEC_PER_SEC)
#define UP(...)                                                                                    \
	{                                                                                          \
		.health = HEALTH_UP, __VA_ARGS__                                                   \
	}
#define DOWN(...)                                                                                  \
	{                                                                                          \
		.health = HEALTH_DOWN, __VA_ARGS__                                                 \
	}
#define NEW(...)                                                                                   \
	{                                                                                          \
		.health = HEALTH_UNKNOWN, __VA_ARGS__                                              \
	}
#define FAILS(s) .fails = true, .notice = SECONDS(s), .checks = (s)

static void judged(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		struct fault_monitor monitors[3];
		size_t n, quorum;
		bool goes_down;
		unsigned checks; /* of the deciding one; its notice is as many seconds */
	} cases[] = {
		{ "no monitors", { { 0 } }, 0, 0, false, 0 },
		{ "none fails", { UP(.fails = false) }, 1, 0, false, 0 },
		{ "the only one", { UP(FAILS(3)) }, 1, 0, true, 3 },
		{ "by an event", { UP(FAILS(0)) }, 1, 0, true, 0 },
		{ "one of all", { UP(FAILS(3)), UP(.fails = false) }, 2, 0, true, 3 },
		{ "the first to be noticed", { UP(FAILS(9)), UP(FAILS(2)) }, 2, 0, true, 2 },
		{ "the last one of any", { UP(FAILS(9)), UP(FAILS(2)) }, 2, 1, true, 9 },
		{ "the second of two of three",
		  { UP(FAILS(9)), UP(FAILS(2)), UP(FAILS(5)) },
		  3,
		  2,
		  true,
		  5 },
		{ "a quorum that is left", { UP(FAILS(9)), UP(.fails = false) }, 2, 1, false, 9 },
		{ "one that has failed", { DOWN(FAILS(2)), UP(FAILS(5)) }, 2, 1, true, 5 },
		{ "it is down", { DOWN(FAILS(2)) }, 1, 0, false, 0 },
		{ "it is down by another", { DOWN(0), UP(FAILS(5)) }, 2, 0, false, 0 },
		{ "no monitors, of which one is to pass", { { 0 } }, 0, 1, false, 0 },
		{ "one that is unknown may pass",
		  { UP(FAILS(2)), NEW(.fails = false) },
		  2,
		  1,
		  false,
		  2 },
		{ "one that is unknown fails", { NEW(FAILS(2)) }, 1, 0, true, 2 },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct fault_monitor monitors[3];
		for (size_t k = 0; k < cases[i].n; k++)
			monitors[k] = cases[i].monitors[k];
		struct fault_verdict v = fault_judge(monitors, cases[i].n, cases[i].quorum);
		if (v.goes_down != cases[i].goes_down)
			fail_msg("%s", cases[i].name);
		if (v.goes_down &&
		    (v.checks != cases[i].checks || v.notice != SECONDS((span_t)cases[i].checks)))
			fail_msg("%s: %u", cases[i].name, v.checks);
	}
}

static void evidence(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		struct fault_monitor monitors[2];
		size_t n, quorum;
		bool is_hard;
	} cases[] = {
		{ "soft", { UP(FAILS(1)) }, 1, 0, false },
		{ "hard", { UP(FAILS(1), .is_hard = true) }, 1, 0, true },
		{ "hard and well", { UP(.is_hard = true), UP(FAILS(1)) }, 2, 0, false },
		{ "one of both", { UP(FAILS(1), .is_hard = true), UP(FAILS(1)) }, 2, 0, true },
		{ "both are needed", { UP(FAILS(1), .is_hard = true), UP(FAILS(1)) }, 2, 1, false },
		{ "down, and now by both", { DOWN(0), UP(FAILS(1), .is_hard = true) }, 2, 0, true },
		{ "down by both", { DOWN(.is_hard = true), DOWN(0) }, 2, 0, true },
		{ "none", { { 0 } }, 0, 0, false },
		{ "none, of which one is to pass", { { 0 } }, 0, 1, false },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct fault_monitor monitors[2] = { cases[i].monitors[0], cases[i].monitors[1] };
		if (fault_judge(monitors, cases[i].n, cases[i].quorum).is_hard != cases[i].is_hard)
			fail_msg("%s", cases[i].name);
	}
}

static void names_and_kinds(void **state)
{
	(void)state;
	struct fault f = { 0 };
	const struct monitor_kind *port = monitor_kind_find("port"),
				  *exec = monitor_kind_find("exec");
	fault_add_app(&f, "dns");
	fault_add_kind(&f, port);
	assert_true(fault_hits_app(&f, "dns"));
	assert_false(fault_hits_app(&f, "port"));
	assert_true(fault_hits_kind(&f, port));
	assert_false(fault_hits_kind(&f, exec));
	fault_add_app(&f, "web");
	fault_add_kind(&f, exec);
	assert_true(fault_hits_app(&f, "dns") && fault_hits_app(&f, "web"));
	assert_true(fault_hits_kind(&f, port) && fault_hits_kind(&f, exec));
	for (size_t i = 4; i < FAULT_NAMES_MAX; i++)
		fault_add_app(&f, "more");
	assert_int_equal(f.n_apps + f.n_kinds, FAULT_NAMES_MAX);
	fault_done(&f);
	assert_false(fault_hits_app(&f, "dns"));
	assert_int_equal(f.n_apps + f.n_kinds, 0);
}

/* Of one sort only. */
static void as_many_as_there_may_be(void **state)
{
	(void)state;
	struct fault apps = { 0 }, kinds = { 0 };
	const struct monitor_kind *port = monitor_kind_find("port");
	for (size_t i = 0; i < FAULT_NAMES_MAX; i++) {
		fault_add_app(&apps, "dns");
		fault_add_kind(&kinds, port);
	}
	assert_false(fault_hits_app(&apps, "web"));
	assert_false(fault_hits_kind(&kinds, monitor_kind_find("exec")));
	assert_true(fault_hits_kind(&kinds, port));
	fault_done(&apps);
	fault_done(&kinds);
	assert_false(fault_hits_kind(&kinds, port));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(judged),
		cmocka_unit_test(evidence),
		cmocka_unit_test(names_and_kinds),
		cmocka_unit_test(as_many_as_there_may_be),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
