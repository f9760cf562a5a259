/* SPDX-License-Identifier: MIT */
/* The rules of the guard: of one VIP, and of all that are not named. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "agent/model/fleet_spec.h"
#include "lib/mem.h"

static const struct prefix first = PREFIX4(32, 192, 0, 2, 1), second = PREFIX4(32, 192, 0, 2, 2),
			   other = PREFIX4(32, 192, 0, 2, 3), wider = PREFIX4(31, 192, 0, 2, 2);

static void the_rule_of_a_vip_or_of_all(void **state)
{
	struct fleet_spec s = { .prefix = mem_strdup("p"), .node = mem_strdup("n") };
	(void)state;
	assert_null(fleet_spec_find(&s, NULL));
	assert_null(fleet_spec_of(&s, &first));
	assert_null(fleet_spec_min_up(&s, &first));
	fleet_spec_add(&s, &first)->min_up.value = 1;
	assert_int_equal(fleet_spec_find(&s, &first)->max_joining, FLEET_MAX_JOINING);
	assert_null(fleet_spec_of(&s, &second));
	fleet_spec_add(&s, &second)->min_up.value = 2;
	fleet_spec_add(&s, NULL)->min_up.value = 3;
	assert_int_equal(s.n, 3);
	assert_int_equal(fleet_spec_find(&s, &first)->min_up.value, 1);
	assert_int_equal(fleet_spec_find(&s, &second)->min_up.value, 2);
	assert_int_equal(fleet_spec_find(&s, NULL)->min_up.value, 3);
	assert_null(fleet_spec_find(&s, &other));
	assert_null(fleet_spec_find(&s, &wider));
	assert_int_equal(fleet_spec_of(&s, &second)->min_up.value, 2);
	assert_int_equal(fleet_spec_of(&s, &other)->min_up.value, 3);
	assert_int_equal(fleet_spec_min_up(&s, &first)->value, 1);
	assert_int_equal(fleet_spec_min_up(&s, &wider)->value, 3);
	/* Once more: the rules that are there. */
	assert_int_equal(fleet_spec_add(&s, &first)->min_up.value, 1);
	assert_int_equal(fleet_spec_add(&s, &second)->min_up.value, 2);
	assert_int_equal(fleet_spec_add(&s, NULL)->min_up.value, 3);
	assert_int_equal(s.n, 3);
	fleet_spec_done(&s);
	assert_null(s.vips);
	assert_int_equal(s.n, 0);
}

static void a_number_or_a_share(void **state)
{
	char text[FLEET_MIN_UP_TEXT_MAX];
	const struct fleet_min_up share = { .is_share = true, .value = 50 },
				  number = { .value = 3 };
	(void)state;
	assert_string_equal(fleet_min_up_format(&share, text), "50%");
	assert_string_equal(fleet_min_up_format(&number, text), "3");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_rule_of_a_vip_or_of_all),
		cmocka_unit_test(a_number_or_a_share),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
