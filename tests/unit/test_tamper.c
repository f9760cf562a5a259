/* SPDX-License-Identifier: MIT */
/* An address that is removed again and again: how often it is put back, and when it rests. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "agent/model/tamper.h"

#define NOW (1000 * USEC_PER_SEC)

/* Loses it as often as may be, within the window. */
static struct tamper lost_often(void)
{
	struct tamper t = { 0 };
	for (unsigned i = 0; i < TAMPER_BURST; i++) {
		assert_true(tamper_lost(&t, NOW + i));
		assert_true(tamper_present(&t, true, NOW + i));
	}
	return t;
}

static void one_more_than_the_burst_makes_it_rest(void **state)
{
	struct tamper t = lost_often();
	(void)state;
	assert_false(t.on);
	assert_false(tamper_lost(&t, NOW + TAMPER_WINDOW - 1));
	assert_true(t.on);
	assert_true(t.rest_until == NOW + TAMPER_WINDOW - 1 + TAMPER_REST);
}

static void a_window_later_it_is_counted_anew(void **state)
{
	struct tamper t = lost_often();
	(void)state;
	assert_true(tamper_lost(&t, NOW + TAMPER_WINDOW));
	assert_int_equal(t.losses, 1);
	assert_true(t.since == NOW + TAMPER_WINDOW);
	assert_true(tamper_lost(&t, NOW + 2 * TAMPER_WINDOW - 1));
	assert_int_equal(t.losses, 2);
}

static void it_rests_until_it_has_stayed(void **state)
{
	struct tamper t = lost_often();
	mono_t now = NOW + TAMPER_BURST;
	(void)state;
	assert_false(tamper_lost(&t, now));
	/* However long it takes: it was lost while it was on. */
	now += 2 * TAMPER_WINDOW;
	assert_false(tamper_lost(&t, now));
	assert_false(tamper_present(&t, false, now + TAMPER_REST - 1));
	/* Put back at the end of the rest: now it has to stay. */
	now += TAMPER_REST;
	assert_false(tamper_present(&t, true, now));
	assert_true(t.rest_until == now + TAMPER_REST);
	assert_false(tamper_present(&t, false, now + TAMPER_REST - 1));
	assert_true(tamper_present(&t, false, now + TAMPER_REST));
	assert_false(t.on);
	assert_int_equal(t.losses, 0);
	assert_true(tamper_lost(&t, now + TAMPER_REST));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_more_than_the_burst_makes_it_rest),
		cmocka_unit_test(a_window_later_it_is_counted_anew),
		cmocka_unit_test(it_rests_until_it_has_stayed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
