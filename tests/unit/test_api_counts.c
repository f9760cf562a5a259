/* SPDX-License-Identifier: MIT */
#include "agent/model/api_counts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* Each status that is told apart has its place, all others the last one. */
static void test_requests_by_status(void **state)
{
	struct api_counts c = { 0 };
	(void)state;
	for (size_t i = 0; i < API_CODES - 1; i++) {
		api_count_request(&c, 3, "/info", api_codes[i]);
		assert_int_equal(c.requests[3][i], 1);
	}
	api_count_request(&c, 3, "/info", 418);
	api_count_request(&c, 3, "/info", 599);
	assert_int_equal(c.requests[3][API_CODES - 1], 2);
	assert_string_equal(c.paths[3], "/info");
	for (size_t i = 0; i < API_CODES; i++)
		assert_int_equal(c.requests[2][i] + c.requests[4][i], 0);
}

static void test_the_last_path(void **state)
{
	struct api_counts c = { 0 };
	(void)state;
	api_count_request(&c, API_PATHS_MAX - 1, "/last", 200);
	api_count_request(&c, API_PATHS_MAX, "/none", 200);
	assert_string_equal(c.paths[API_PATHS_MAX - 1], "/last");
	assert_int_equal(c.requests[API_PATHS_MAX - 1][0], 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_requests_by_status),
		cmocka_unit_test(test_the_last_path),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
