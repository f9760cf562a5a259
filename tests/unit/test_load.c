/* SPDX-License-Identifier: MIT */
#include "monitors/load.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* A second of 100 checks of a 1 s interval, each so late; says whether and when something changed.
 */
static bool second(struct load *l, mono_t *now, span_t late)
{
	bool changed = false;
	for (int i = 0; i < 100; i++, *now += 10 * USEC_PER_MSEC)
		changed |= load_add(l, late, USEC_PER_SEC, *now);
	return changed;
}

static bool seconds(struct load *l, mono_t *now, span_t late, int n)
{
	bool changed = false;
	while (n-- > 0)
		changed |= second(l, now, late);
	return changed;
}

static void test_on_time(void **state)
{
	(void)state;
	struct load l = { 0 };
	mono_t now = 1;
	assert_false(seconds(&l, &now, 0, 60));
	assert_false(seconds(&l, &now, 200 * USEC_PER_MSEC, 60)); /* some delay is normal */
	assert_false(l.behind);
	assert_int_equal(l.percent, 19); /* of a rounded sum */
	assert_int_equal(l.late, 200 * USEC_PER_MSEC);
}

/* Reported once at its begin and once at its end, with hysteresis. */
static void test_behind(void **state)
{
	(void)state;
	struct load l = { 0 };
	mono_t now = 1;
	assert_true(seconds(&l, &now, USEC_PER_SEC, 12));
	assert_true(l.behind);
	assert_in_range(l.percent, 99, 100);
	mono_t since = l.since;
	assert_false(seconds(&l, &now, 200 * USEC_PER_MSEC, 12));
	assert_true(l.behind);
	assert_int_equal(l.since, since);
	assert_true(seconds(&l, &now, 0, 12));
	assert_false(l.behind);
	assert_true(l.since > since);
}

/* A check with an interval of a day may be a second late. */
static void test_relative(void **state)
{
	(void)state;
	struct load l = { 0 };
	for (span_t i = 0; i < 100; i++)
		assert_false(load_add(&l, USEC_PER_SEC, 86400 * USEC_PER_SEC, i * USEC_PER_SEC));
	assert_int_equal(l.percent, 0);
	assert_int_equal(l.late, USEC_PER_SEC);
}

static void test_absurd(void **state)
{
	(void)state;
	struct load l = { 0 };
	load_add(&l, USEC_NEVER, USEC_NEVER, 0);
	load_add(&l, USEC_NEVER, 0, 100 * USEC_PER_SEC);
	assert_true(l.percent <= 1000000);
}

/* A window of five seconds, and the limits of 25 and 10 percent. */
static void test_limits(void **state)
{
	struct load l = { 0 };
	(void)state;
	assert_false(load_add(&l, 0, 0, 1));
	assert_false(load_add(&l, 26, 100, 5 * USEC_PER_SEC));
	assert_int_equal(l.percent, 0); /* not yet */
	l = (struct load){ 0 };
	load_add(&l, 2600, 9900, 1);
	assert_false(load_add(&l, 0, 0, 5 * USEC_PER_SEC));
	assert_true(load_add(&l, 0, 0, 1 + 5 * USEC_PER_SEC));
	assert_int_equal(l.percent, 26);
	assert_int_equal(l.late, 2600 / 3);
	assert_true(l.since == 1 + 5 * USEC_PER_SEC);
	assert_int_equal(l.n, 0);
	load_add(&l, 1000, 9900, 100 * USEC_PER_SEC); /* 10 percent: caught up */
	assert_true(load_add(&l, 0, 0, 105 * USEC_PER_SEC));
	assert_int_equal(l.percent, 10);
	assert_false(l.behind);
	load_add(&l, 2500, 9900, 200 * USEC_PER_SEC); /* 25 percent: not behind */
	assert_false(load_add(&l, 0, 0, 205 * USEC_PER_SEC));
	assert_int_equal(l.percent, 25);
	assert_false(l.behind);
}

/* Without an interval there is nothing to be late against. */
static void test_no_interval_and_the_shortest(void **state)
{
	struct load l = { 0 };
	(void)state;
	load_add(&l, 5, 0, 1);
	load_add(&l, 5, 0, 10 * USEC_PER_SEC);
	assert_int_equal(l.percent, 0);
	load_add(&l, 5, 1, 20 * USEC_PER_SEC);
	load_add(&l, 0, 0, 30 * USEC_PER_SEC);
	assert_int_equal(l.percent, 5);
}

static void test_the_percentage_is_bounded(void **state)
{
	struct load l = { 0 };
	(void)state;
	load_add(&l, 1000000, 1, 1);
	load_add(&l, 0, 0, 10 * USEC_PER_SEC);
	assert_int_equal(l.percent, 1000000);
	load_add(&l, 1000001, 1, 20 * USEC_PER_SEC);
	load_add(&l, 0, 0, 30 * USEC_PER_SEC);
	assert_int_equal(l.percent, 1000000);
	load_add(&l, 999999, 1, 40 * USEC_PER_SEC);
	load_add(&l, 0, 0, 50 * USEC_PER_SEC);
	assert_int_equal(l.percent, 999999);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_on_time),
		cmocka_unit_test(test_behind),
		cmocka_unit_test(test_relative),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_no_interval_and_the_shortest),
		cmocka_unit_test(test_the_percentage_is_bounded),
		cmocka_unit_test(test_absurd),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
