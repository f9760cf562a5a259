/* SPDX-License-Identifier: MIT */
/* The last checks of a monitor. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "monitors/recent.h"

static void test_the_oldest_goes_first(void **state)
{
	static const enum health healths[] = { HEALTH_UP, HEALTH_DOWN, HEALTH_UNKNOWN };
	struct recent_checks r = { 0 };
	(void)state;
	for (size_t added = 1; added <= (size_t)3 * RECENT_CHECKS; added++) {
		recent_checks_add(&r, healths[added % 3], added * 1000);
		size_t kept = added < RECENT_CHECKS ? added : RECENT_CHECKS;
		assert_int_equal(r.n, kept);
		for (size_t i = 0; i < kept; i++) {
			size_t number = added - kept + i + 1;
			span_t took = 0;
			assert_int_equal(recent_checks_at(&r, i, &took), healths[number % 3]);
			assert_int_equal(took, number * 1000);
		}
	}
}

static void test_more_than_an_hour_is_an_hour(void **state)
{
	const span_t hour = 3600 * USEC_PER_SEC;
	struct recent_checks r = { 0 };
	span_t took;
	(void)state;
	recent_checks_add(&r, HEALTH_DOWN, hour - 1);
	recent_checks_add(&r, HEALTH_DOWN, hour + 1);
	recent_checks_add(&r, HEALTH_DOWN, USEC_NEVER);
	recent_checks_at(&r, 0, &took);
	assert_true(took == hour - 1);
	for (size_t i = 1; i < 3; i++) {
		recent_checks_at(&r, i, &took);
		assert_true(took == hour);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_oldest_goes_first),
		cmocka_unit_test(test_more_than_an_hour_is_an_hour),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
