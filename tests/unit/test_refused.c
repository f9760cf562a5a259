/* SPDX-License-Identifier: MIT */
/* The list of apps that today's rules refuse. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>

#include "agent/store/refused.h"

static void fill(struct refused_apps *r, const char *const *names)
{
	for (; *names; names++) {
		char text[32];
		snprintf(text, sizeof(text), "why %s", *names);
		refused_apps_add(r, *names, text);
	}
}

static void expect(const struct refused_apps *r, const char *const *names)
{
	size_t n = 0;
	for (; names[n]; n++) {
		char text[32];
		snprintf(text, sizeof(text), "why %s", names[n]);
		assert_true(n < r->n);
		assert_string_equal(r->items[n].name, names[n]);
		assert_string_equal(r->items[n].text, text);
	}
	assert_int_equal(r->n, n);
}

static void test_the_others_stay_in_order(void **state)
{
	static const char *const all[] = { "a", "b", "c", "d", NULL };
	struct refused_apps r = { 0 };
	(void)state;
	fill(&r, all);
	expect(&r, all);
	assert_true(refused_apps_remove(&r, "b"));
	expect(&r, (const char *const[]){ "a", "c", "d", NULL });
	assert_true(refused_apps_remove(&r, "d"));
	expect(&r, (const char *const[]){ "a", "c", NULL });
	assert_true(refused_apps_remove(&r, "a"));
	expect(&r, (const char *const[]){ "c", NULL });
	refused_apps_done(&r);
}

static void test_one_that_is_not_there_changes_nothing(void **state)
{
	static const char *const all[] = { "a", "b", NULL };
	struct refused_apps r = { 0 };
	(void)state;
	assert_false(refused_apps_remove(&r, "a"));
	fill(&r, all);
	assert_false(refused_apps_remove(&r, "c"));
	expect(&r, all);
	refused_apps_done(&r);
}

static void test_done_leaves_an_empty_list(void **state)
{
	struct refused_apps r = { 0 };
	(void)state;
	refused_apps_add(&r, "a", "why a");
	refused_apps_done(&r);
	assert_int_equal(r.n, 0);
	assert_null(r.items);
	refused_apps_done(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_others_stay_in_order),
		cmocka_unit_test(test_one_that_is_not_there_changes_nothing),
		cmocka_unit_test(test_done_leaves_an_empty_list),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
