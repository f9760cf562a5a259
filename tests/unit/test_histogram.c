/* SPDX-License-Identifier: MIT */
#include "lib/histogram.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void a_span_is_in_its_bucket_and_all_above(void **state)
{
	(void)state;
	struct histogram h = { .scale = &histogram_of_stalls };
	histogram_add(&h, 100 * USEC_PER_MSEC);
	histogram_add(&h, 100 * USEC_PER_MSEC + 1);
	histogram_add(&h, 39 * USEC_PER_SEC);
	assert_int_equal(h.up_to[0], 1);
	assert_int_equal(h.up_to[1], 2);
	assert_int_equal(h.up_to[histogram_of_stalls.n - 1], 2);
	assert_int_equal(h.count, 3);
	assert_int_equal(h.sum, 39 * USEC_PER_SEC + 200 * USEC_PER_MSEC + 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_span_is_in_its_bucket_and_all_above),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
