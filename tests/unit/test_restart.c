/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "agent/daemon/restart.h"

static void test_manager(void **state)
{
	(void)state;
	assert_true(restart_is_manager(1, NULL));
	assert_true(restart_is_manager(0, NULL)); /* of another PID namespace */
	assert_true(restart_is_manager(815, "815"));
}

static void test_no_manager(void **state)
{
	(void)state;
	assert_false(restart_is_manager(815, NULL));
	assert_false(restart_is_manager(815, ""));
	assert_false(restart_is_manager(815, "816"));
	assert_false(restart_is_manager(815, "815 "));
	assert_false(restart_is_manager(815, "x"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_manager),
		cmocka_unit_test(test_no_manager),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
