/* SPDX-License-Identifier: MIT */
#include "lib/clock.h"

#include "lib/array.h"
#include "lib/mono.h"
#include "lib/wallclock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <time.h>

#include <cmocka.h>

static wall_t of(struct timespec t)
{
	return (wall_t)t.tv_sec * USEC_PER_SEC + (wall_t)t.tv_nsec / 1000;
}

static void the_wall_clock_is_read_in_microseconds(void **state)
{
	(void)state;
	struct timespec before, after;
	clock_gettime(CLOCK_REALTIME, &before);
	wall_t now = wall_now();
	clock_gettime(CLOCK_REALTIME, &after);
	assert_in_range(now, of(before), of(after));
}

static void a_date_is_written_in_utc(void **state)
{
	static const struct {
		wall_t at;
		const char *text;
	} rows[] = {
		{ 0, "1970-01-01T00:00:00.000Z" },
		{ 999, "1970-01-01T00:00:00.000Z" },
		{ 1999999, "1970-01-01T00:00:01.999Z" },
		{ 951782399 * USEC_PER_SEC + 7000, "2000-02-28T23:59:59.007Z" },
		{ 951782400 * USEC_PER_SEC, "2000-02-29T00:00:00.000Z" },
		{ 1798761599 * USEC_PER_SEC + 120000, "2026-12-31T23:59:59.120Z" },
		{ 4102444800 * USEC_PER_SEC, "2100-01-01T00:00:00.000Z" },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char text[DATE_TEXT_MAX];
		assert_string_equal(date_format(rows[i].at, text), rows[i].text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_wall_clock_is_read_in_microseconds),
		cmocka_unit_test(a_date_is_written_in_utc),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
