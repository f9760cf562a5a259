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

static void test_causes(void **state)
{
	static const char *const names[] = { "too_many", "pushed_out", "too_slow",
					     "invalid",  "token",      "forbidden",
					     "conflict", "rate",       "unavailable" };
	static const struct {
		unsigned status;
		enum api_cause cause; /* API_CAUSES: it is not refused */
	} cases[] = {
		{ 200, API_CAUSES },      { 399, API_CAUSES },      { 400, API_INVALID },
		{ 401, API_TOKEN },       { 403, API_FORBIDDEN },   { 404, API_INVALID },
		{ 409, API_CONFLICT },    { 429, API_RATE },        { 499, API_INVALID },
		{ 500, API_UNAVAILABLE }, { 503, API_UNAVAILABLE },
	};
	(void)state;
	assert_int_equal(API_CAUSES, sizeof(names) / sizeof(*names));
	for (int i = 0; i < API_CAUSES; i++)
		assert_string_equal(api_cause_name((enum api_cause)i), names[i]);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		assert_int_equal(api_cause_of(cases[i].status), cases[i].cause);
}

static void test_the_codes_that_are_told_apart(void **state)
{
	static const unsigned codes[] = { 200, 202, 400, 401, 403, 404, 405, 408,
					  409, 413, 422, 429, 500, 503, 507, 0 };
	(void)state;
	assert_int_equal(API_CODES, sizeof(codes) / sizeof(*codes));
	assert_memory_equal(api_codes, codes, sizeof(codes));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_requests_by_status),
		cmocka_unit_test(test_the_last_path),
		cmocka_unit_test(test_causes),
		cmocka_unit_test(test_the_codes_that_are_told_apart),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
