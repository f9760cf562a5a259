/* SPDX-License-Identifier: MIT */
#include "bgp/config.h"

#include "lib/array.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void a_number_that_is_not_given_has_no_value(void **state)
{
	(void)state;
	static const struct {
		struct bgp_number a, b;
		bool equal;
	} cases[] = {
		{ { false, 0 }, { false, 0 }, true }, { { false, 1 }, { false, 2 }, true },
		{ { true, 1 }, { true, 1 }, true },   { { true, 1 }, { true, 2 }, false },
		{ { true, 0 }, { false, 0 }, false },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		if (bgp_number_equal(cases[i].a, cases[i].b) != cases[i].equal ||
		    bgp_number_equal(cases[i].b, cases[i].a) != cases[i].equal)
			fail_msg("case %zu", i);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_number_that_is_not_given_has_no_value),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
