/* SPDX-License-Identifier: MIT */
#include "agent/model/damping.h"
#include "lib/array.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define S USEC_PER_SEC

struct event {
	mono_t at;
	bool up;
	span_t hold; /* of a fall: how long; 0: not at all */
};

static const struct {
	const char *name;
	struct damping_config config;
	struct event events[16];
} cases[] = {
	{ "off",
	  { 0, 300 * S },
	  { { 1 * S, true, 0 },
	    { 2 * S, false, 0 },
	    { 3 * S, true, 0 },
	    { 4 * S, false, 0 },
	    { 5 * S, true, 0 },
	    { 6 * S, false, 0 } } },
	{ "the first fall is free",
	  { 10 * S, 300 * S },
	  { { 1 * S, true, 0 }, { 2 * S, false, 0 } } },
	{ "down from the start is not a fall after a return",
	  { 10 * S, 300 * S },
	  { { 1 * S, false, 0 }, { 2 * S, true, 0 }, { 3 * S, false, 10 * S } } },
	{ "twice as long each time, up to the most",
	  { 10 * S, 30 * S },
	  { { 1 * S, true, 0 },
	    { 2 * S, false, 0 },
	    { 3 * S, true, 0 },
	    { 4 * S, false, 10 * S },
	    { 14 * S, true, 0 },
	    { 15 * S, false, 20 * S },
	    { 35 * S, true, 0 },
	    { 36 * S, false, 30 * S },
	    { 66 * S, true, 0 },
	    { 67 * S, false, 30 * S } } },
	{ "forgotten after a quiet time",
	  { 10 * S, 30 * S },
	  { { 1 * S, true, 0 },
	    { 2 * S, false, 0 },
	    { 3 * S, true, 0 },
	    { 4 * S, false, 10 * S },
	    { 14 * S, true, 0 },
	    { 44 * S, false, 0 },
	    { 45 * S, true, 0 },
	    { 46 * S, false, 10 * S } } },
	{ "more than the most at once",
	  { 60 * S, 30 * S },
	  { { 1 * S, true, 0 },
	    { 2 * S, false, 0 },
	    { 3 * S, true, 0 },
	    { 4 * S, false, 30 * S } } },
};

static void test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct damping h = { 0 };
		for (const struct event *e = cases[i].events; e->at; e++) {
			if (e->up)
				damping_went_up(&h, e->at);
			else
				damping_went_down(&h, &cases[i].config, e->at);
			span_t hold = h.until ? h.until - e->at : 0;
			if (!e->up && e->hold == 0)
				assert_int_equal(h.until, 0);
			if (hold != e->hold || damping_is_on(&h, e->at) != (e->hold > 0))
				fail_msg("%s: at %llu held for %llu", cases[i].name,
					 (unsigned long long)e->at, (unsigned long long)hold);
			assert_false(damping_is_on(&h, e->at + e->hold));
		}
	}
}

/* A second fall without a recovery in between does not keep it down for the first one. */
static void test_down_twice(void **state)
{
	const struct damping_config config = { 10 * S, 30 * S };
	struct damping d = { 0 };
	(void)state;
	damping_went_up(&d, 1 * S);
	damping_went_down(&d, &config, 2 * S);
	damping_went_up(&d, 3 * S);
	damping_went_down(&d, &config, 4 * S);
	assert_true(damping_is_on(&d, 5 * S));
	damping_went_down(&d, &config, 34 * S);
	assert_int_equal(d.until, 0);
	assert_int_equal(d.flaps, 0);
}

/* An app that is up is not held down. */
static void test_up_ends_it(void **state)
{
	const struct damping_config config = { 10 * S, 30 * S };
	struct damping d = { 0 };
	(void)state;
	damping_went_down(&d, &config, 1 * S);
	damping_went_up(&d, 2 * S);
	damping_went_down(&d, &config, 3 * S);
	assert_true(damping_is_on(&d, 4 * S));
	damping_went_up(&d, 5 * S);
	assert_false(damping_is_on(&d, 6 * S));
}

/* The least that can be said, at the earliest time. */
static void test_one_microsecond(void **state)
{
	const struct damping_config config = { 1, 30 * S };
	struct damping d = { 0 };
	(void)state;
	damping_went_down(&d, &config, 1);
	damping_went_up(&d, 1);
	damping_went_down(&d, &config, 2);
	assert_true(d.until == 3);
}

/* Flapping for ever: no overflow, and never more than the most. */
static void test_for_ever(void **state)
{
	(void)state;
	const struct damping_config config = { 1, 3600 * S };
	struct damping h = { 0 };
	for (mono_t t = 1, i = 0; i<100000; i++, t = h.until> t ? h.until : t + 1) {
		damping_went_up(&h, t);
		damping_went_down(&h, &config, t);
		assert_true(h.until <= t + config.max);
	}
	assert_true(h.flaps > 90000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),      cmocka_unit_test(test_down_twice),
		cmocka_unit_test(test_up_ends_it), cmocka_unit_test(test_one_microsecond),
		cmocka_unit_test(test_for_ever),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
