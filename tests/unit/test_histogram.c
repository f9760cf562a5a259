/* SPDX-License-Identifier: MIT */
#include "lib/array.h"
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

/* No more buckets than the scale has, the one with the most of them among these. */
static void no_time_at_all_is_in_every_bucket(void **state)
{
	const struct histogram_scale *const scales[] = { &histogram_of_stalls, &histogram_of_checks,
							 &histogram_of_latencies };
	(void)state;
	for (size_t k = 0; k < ARRAY_SIZE(scales); k++) {
		struct histogram h = { .scale = scales[k] };
		histogram_add(&h, 0);
		for (size_t i = 0; i < HISTOGRAM_BOUNDS_MAX; i++)
			assert_int_equal(h.up_to[i], i < scales[k]->n);
		assert_int_equal(h.count, 1);
		assert_int_equal(h.sum, 0);
	}
}

static void expect_bounds(const struct histogram_scale *scale, const span_t *bounds, size_t n)
{
	assert_int_equal(scale->n, n);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(scale->bounds[i], bounds[i]);
}

static void the_bounds_of_each_scale(void **state)
{
	/* In microseconds. */
	static const span_t
		stalls[] = { 100000, 250000, 500000, 1000000, 2500000, 5000000, 10000000 },
		checks[] = { 1000,   2500,   5000,    10000,   25000,   50000,   100000,
			     250000, 500000, 1000000, 2500000, 5000000, 10000000 },
		latencies[] = { 50,    100,   250,   500,    1000,   2500,   5000,
				10000, 25000, 50000, 100000, 250000, 500000, 1000000 };
	(void)state;
	expect_bounds(&histogram_of_stalls, stalls, ARRAY_SIZE(stalls));
	expect_bounds(&histogram_of_checks, checks, ARRAY_SIZE(checks));
	expect_bounds(&histogram_of_latencies, latencies, ARRAY_SIZE(latencies));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_span_is_in_its_bucket_and_all_above),
		cmocka_unit_test(no_time_at_all_is_in_every_bucket),
		cmocka_unit_test(the_bounds_of_each_scale),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
