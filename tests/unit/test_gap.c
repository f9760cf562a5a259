/* SPDX-License-Identifier: MIT */
#include "lib/gap.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define SEC USEC_PER_SEC

static void nothing_due_is_no_gap(void **state)
{
	(void)state;
	struct gap g;
	gap_init(&g);
	gap_note(&g, 5 * SEC);
	gap_expect(&g, USEC_NEVER);
	gap_note(&g, 500 * SEC);
	assert_int_equal(g.lost, 0);
	assert_int_equal(g.ended, 0);
}

static void early_and_slightly_late_is_no_gap(void **state)
{
	(void)state;
	struct gap g;
	gap_init(&g);
	gap_expect(&g, 5 * SEC);
	gap_note(&g, 4 * SEC);
	gap_note(&g, 5 * SEC + GAP_MIN - 1);
	assert_int_equal(g.lost, 0);
}

static void gaps_add_up_and_count_once(void **state)
{
	(void)state;
	struct gap g;
	gap_init(&g);
	gap_expect(&g, 5 * SEC);
	gap_note(&g, 5 * SEC + GAP_MIN);
	assert_int_equal(g.lost, GAP_MIN);
	gap_note(&g, 5 * SEC + GAP_MIN + 1);
	assert_int_equal(g.lost, GAP_MIN);
	gap_expect(&g, 6 * SEC);
	gap_note(&g, 9 * SEC);
	assert_int_equal(g.lost, GAP_MIN + 3 * SEC);
	assert_int_equal(g.ended, 9 * SEC);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_due_is_no_gap),
		cmocka_unit_test(early_and_slightly_late_is_no_gap),
		cmocka_unit_test(gaps_add_up_and_count_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
