/* SPDX-License-Identifier: MIT */
#include "lib/clock.h"

#include "lib/mono.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_wall_clock_is_read_in_microseconds),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
