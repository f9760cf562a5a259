/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "agent/status/status_line.h"
#include "lib/array.h"

static const struct line_case {
	struct status_counts in;
	const char *says;
} cases[] = {
	{ { 4, 3, 6, 5, 1, 2, 2, NULL },
	  "3 of 4 apps up, 5 of 6 VIPs announced (1 suppressed), 2 of 2 peers established" },
	{ { 1, 1, 1, 0, 0, 1, 0, NULL },
	  "1 of 1 app up, 0 of 1 VIP announced, 0 of 1 peer established" },
	{ { 1, 1, 2, 1, 2, 1, 1, "" },
	  "1 of 1 app up, 1 of 2 VIPs announced (2 suppressed), 1 of 1 peer established" },
	{ { 0 }, "0 of 0 apps up, 0 of 0 VIPs announced, 0 of 0 peers established" },
	{ { 1, 1, 1, 0, 0, 2, 2, "CAP_NET_ADMIN, CAP_KILL" },
	  "1 of 1 app up, 0 of 1 VIP announced, 2 of 2 peers established; missing: "
	  "CAP_NET_ADMIN, CAP_KILL" },
};

static void test_cases(void **state)
{
	(void)state;
	char text[STATUS_LINE_MAX];
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_string_equal(status_line_format(&cases[i].in, text), cases[i].says);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_cases) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
