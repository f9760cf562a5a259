/* SPDX-License-Identifier: MIT */
#include "lib/array.h"
#include "lib/backoff.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define S USEC_PER_SEC

static const struct {
	const char *name;
	span_t first, max;
	span_t waits[6];
} cases[] = {
	{ "doubles up to the maximum", S, 10 * S, { S, 2 * S, 4 * S, 8 * S, 10 * S, 10 * S } },
	{ "a maximum on the way", S, 4 * S, { S, 2 * S, 4 * S, 4 * S, 4 * S, 4 * S } },
	{ "first is the maximum", S, S, { S, S, S, S, S, S } },
	{ "a maximum below the first", 3 * S, S, { S, S, S, S, S, S } },
};

static void test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct backoff b = { .first = cases[i].first, .max = cases[i].max };
		for (size_t round = 0; round < 2; round++) {
			for (size_t j = 0; j < ARRAY_SIZE(cases[i].waits); j++) {
				span_t w = backoff_next(&b, 0);
				if (w != cases[i].waits[j])
					fail_msg("%s: wait %zu is %llu", cases[i].name, j,
						 (unsigned long long)w);
			}
			backoff_reset(&b);
		}
	}
}

/* After days of refused connections: no overflow, whatever the numbers. */
static void test_long(void **state)
{
	(void)state;
	struct backoff b = { .first = 1, .max = USEC_NEVER };
	for (int i = 0; i < 100000; i++)
		backoff_next(&b, 0);
	assert_true(backoff_next(&b, 0) == USEC_NEVER);
}

static void test_jitter(void **state)
{
	(void)state;
	span_t least = USEC_NEVER;
	for (uint32_t random = 0; random < 4096; random++) {
		span_t w = jitter(1000 * S, random * 2654435761U);
		assert_true(w <= 1000 * S && w > 750 * S);
		least = usec_min(least, w);
	}
	assert_true(least < 751 * S); /* the whole range is used */
	assert_int_equal(jitter(0, 123), 0);
	assert_int_equal(jitter(3, UINT32_MAX), 3);
}

static void test_saturation(void **state)
{
	(void)state;
	assert_true(usec_add(USEC_NEVER, 1) == USEC_NEVER);
	assert_true(usec_add(USEC_NEVER - 1, 2) == USEC_NEVER);
	assert_int_equal(usec_add(1, 2), 3);
	assert_int_equal(usec_sub(1, 2), 0);
	assert_int_equal(usec_sub(3, 2), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_long),
		cmocka_unit_test(test_jitter),
		cmocka_unit_test(test_saturation),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
