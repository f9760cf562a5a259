/* SPDX-License-Identifier: MIT */
/* Lanes: how many checks run at once, and in which order the others wait. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "monitors/lane.h"

static void test_only_commands_have_a_lane_of_their_own(void **state)
{
	(void)state;
	assert_int_equal(lane_of_access(MONITOR_RUNS_COMMAND), LANE_COMMAND);
	assert_int_equal(lane_of_access(MONITOR_USES_NETWORK), LANE_NETWORK);
}

static void test_the_one_that_waited_longest_is_next(void **state)
{
	struct lane lane;
	struct list_node a = { 0 }, b = { 0 };
	(void)state;
	lane_init(&lane, 2);
	assert_false(lane_is_open(&lane)); /* none waits */
	assert_null(lane_next(&lane));
	lane_join(&lane, &a);
	lane_join(&lane, &b);
	assert_int_equal(lane.n_waiting, 2);
	assert_ptr_equal(lane_next(&lane), &a);
	assert_int_equal(lane.n_waiting, 1);
	assert_ptr_equal(lane_next(&lane), &b);
	assert_int_equal(lane.n_waiting, 0);
	assert_false(list_linked(&a));
	assert_false(list_linked(&b));
}

static void test_a_full_lane_is_closed(void **state)
{
	struct lane lane;
	struct list_node a = { 0 };
	(void)state;
	lane_init(&lane, 2);
	lane_join(&lane, &a);
	lane.n_running = 2;
	assert_false(lane_is_open(&lane));
	assert_null(lane_next(&lane));
	assert_true(list_linked(&a));
	lane.n_running = 1;
	assert_true(lane_is_open(&lane));
	assert_ptr_equal(lane_next(&lane), &a);
}

static void test_leaving_twice_counts_once(void **state)
{
	struct lane lane;
	struct list_node a = { 0 }, b = { 0 };
	(void)state;
	lane_init(&lane, 1);
	lane_join(&lane, &a);
	lane_join(&lane, &b);
	lane_leave(&lane, &a);
	lane_leave(&lane, &a);
	assert_int_equal(lane.n_waiting, 1);
	assert_false(list_linked(&a));
	assert_ptr_equal(lane_next(&lane), &b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_only_commands_have_a_lane_of_their_own),
		cmocka_unit_test(test_the_one_that_waited_longest_is_next),
		cmocka_unit_test(test_a_full_lane_is_closed),
		cmocka_unit_test(test_leaving_twice_counts_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
