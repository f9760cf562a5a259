/* SPDX-License-Identifier: MIT */
/* Requests to drain: each source has its own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "agent/model/drain.h"
#include "lib/array.h"

static void each_source_has_its_own_request(void **state)
{
	static const char *const names[DRAIN_SOURCES] = { "api", "file", "stop", "host", "fleet" };
	(void)state;
	assert_false(drain_is_on(NULL));
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		enum drain_source source = (enum drain_source)i;
		struct drain d = { 0 };
		assert_string_equal(drain_source_name(source), names[i]);
		assert_false(drain_is_on(&d));
		assert_false(drain_lift(&d, source));
		assert_true(drain_request(&d, source, "why", 9, 5));
		assert_true(drain_is_on(&d));
		for (size_t k = 0; k < ARRAY_SIZE(names); k++)
			assert_int_equal(d.requests[k].on, k == i);
		assert_true(drain_lift(&d, source));
		assert_false(drain_is_on(&d));
		assert_false(drain_lift(&d, source));
	}
}

static void a_request_that_is_on_keeps_its_time(void **state)
{
	struct drain d = { 0 };
	const struct drain_request *r = &d.requests[DRAIN_BY_FILE];
	(void)state;
	d.requests[DRAIN_BY_FILE].earlier = 77;
	assert_true(drain_request(&d, DRAIN_BY_FILE, "first", 9, 5));
	assert_true(r->since == 5 && r->until == 9 && r->earlier == 0);
	d.requests[DRAIN_BY_FILE].earlier = 3;
	assert_false(drain_request(&d, DRAIN_BY_FILE, "sec\nond", USEC_NEVER, 6));
	assert_true(r->since == 5 && r->until == USEC_NEVER && r->earlier == 3);
	assert_string_equal(r->reason, "sec?ond");
	drain_lift(&d, DRAIN_BY_FILE);
	assert_true(drain_request(&d, DRAIN_BY_FILE, "", 9, 7));
	assert_true(r->since == 7 && r->earlier == 0);
	assert_string_equal(r->reason, "");
}

static void a_long_reason_is_cut(void **state)
{
	char reason[DRAIN_REASON_MAX + 9];
	struct drain d = { 0 };
	(void)state;
	memset(reason, 'x', sizeof(reason));
	reason[sizeof(reason) - 1] = 0;
	drain_request(&d, DRAIN_BY_FLEET, reason, 9, 5);
	assert_int_equal(strlen(d.requests[DRAIN_BY_FLEET].reason), DRAIN_REASON_MAX - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_source_has_its_own_request),
		cmocka_unit_test(a_request_that_is_on_keeps_its_time),
		cmocka_unit_test(a_long_reason_is_cut),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
