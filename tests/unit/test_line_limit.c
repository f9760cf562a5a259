/* SPDX-License-Identifier: MIT */
/* Lines of one cause: a few, then a number. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/line_limit.h"

#define NOW (1000 * USEC_PER_SEC)

static size_t write_lines(struct line_limit *l, size_t n, mono_t now)
{
	size_t written = 0;
	for (size_t i = 0; i < n; i++)
		written += line_limit_allow(l, now);
	return written;
}

static void test_few_lines_are_written(void **state)
{
	struct line_limit l = { 0 };
	span_t span = 0;
	(void)state;
	assert_int_equal(line_limit_due(&l), USEC_NEVER);
	assert_int_equal(write_lines(&l, LINES_MAX, NOW), LINES_MAX);
	assert_int_equal(line_limit_due(&l), NOW + LINE_INTERVAL);
	assert_int_equal(line_limit_end(&l, NOW + LINE_INTERVAL - 1, &span), 0);
	assert_int_equal(line_limit_due(&l), NOW + LINE_INTERVAL);
	assert_int_equal(line_limit_end(&l, NOW + LINE_INTERVAL, &span), 0);
	assert_int_equal(line_limit_due(&l), USEC_NEVER);
	assert_int_equal(write_lines(&l, 1, NOW + LINE_INTERVAL), 1);
}

static void test_a_flood_is_a_number(void **state)
{
	struct line_limit l = { 0 };
	span_t span = 0, expected = LINE_INTERVAL;
	mono_t now = NOW;
	(void)state;
	for (int i = 0; i < 6; i++) {
		assert_int_equal(write_lines(&l, 71000, now), LINES_MAX);
		now = line_limit_due(&l);
		assert_int_equal(line_limit_end(&l, now, &span), 71000 - LINES_MAX);
		assert_int_equal(span, expected);
		expected = usec_min(2 * expected, LINE_INTERVAL_MAX);
	}
	assert_int_equal(span, LINE_INTERVAL_MAX);
	/* It is over: as before the flood. */
	now = line_limit_due(&l);
	assert_int_equal(line_limit_end(&l, now, &span), 0);
	assert_int_equal(write_lines(&l, 1, now), 1);
	assert_int_equal(line_limit_due(&l), now + LINE_INTERVAL);
}

static void test_one_line_too_many_is_a_flood(void **state)
{
	struct line_limit l = { 0 };
	span_t span = 0;
	(void)state;
	assert_int_equal(write_lines(&l, LINES_MAX + 1, NOW), LINES_MAX);
	assert_int_equal(line_limit_end(&l, NOW + LINE_INTERVAL, &span), 1);
	assert_int_equal(span, LINE_INTERVAL);
	assert_int_equal(line_limit_due(&l), NOW + 3 * LINE_INTERVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_few_lines_are_written),
		cmocka_unit_test(test_a_flood_is_a_number),
		cmocka_unit_test(test_one_line_too_many_is_a_flood),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
