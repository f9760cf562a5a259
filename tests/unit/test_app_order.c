/* SPDX-License-Identifier: MIT */
/* The first of many apps in an order, against a sort of all of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/status/app_order.h"
#include "lib/array.h"
#include "lib/str.h"

static const struct app_key some[] = {
	{ "web10", APP_UP, 5 },    { "web2", APP_UP, 9 },     { "dns", APP_DOWN, 1 },
	{ "ntp", APP_KEPT, 7 },    { "log", APP_DRAINED, 7 }, { "api", APP_LAST_RESORT, 3 },
	{ "new", APP_UNKNOWN, 2 }, { "aaa", APP_DOWN, 8 },    { "bbb", APP_DRAINING, 100 },
};

static const struct {
	enum app_sort sort;
	size_t limit;
	const char *names;
} cases[] = {
	{ APP_SORT_STATE, 9, "aaa dns api bbb log new ntp web2 web10 " },
	{ APP_SORT_STATE, 3, "aaa dns api " },
	{ APP_SORT_CHANGE, 4, "bbb web2 aaa log " },
	{ APP_SORT_NAME, 20, "aaa api bbb dns log new ntp web2 web10 " },
	{ APP_SORT_NAME, 1, "aaa " },
	{ APP_SORT_NAME, 0, "" },
	{ APP_SORT_CHANGE, 8, "bbb web2 aaa log ntp web10 api new " },
};

static void test_orders(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct app_order order;
		char names[128] = "";
		struct strbuf text = strbuf_over(names, sizeof(names));
		app_order_init(&order, &(struct app_query){ cases[i].sort, cases[i].limit });
		for (size_t k = 0; k < ARRAY_SIZE(some); k++)
			app_order_add(&order, &some[k]);
		app_order_sort(&order);
		for (size_t k = 0; k < order.n; k++)
			strbuf_add(&text, "%s ", order.keys[k].name);
		assert_string_equal(names, cases[i].names);
		app_order_done(&order);
	}
}

static int by_name(const void *a, const void *b)
{
	return strverscmp(((const struct app_key *)a)->name, ((const struct app_key *)b)->name);
}

#define MANY 3000

static void test_the_first_of_many(void **state)
{
	static struct app_key all[MANY];
	static char names[MANY][16];
	struct app_order order;
	(void)state;
	srand(1);
	app_order_init(&order, &(struct app_query){ APP_SORT_NAME, 100 });
	for (size_t i = 0; i < MANY; i++) {
		snprintf(names[i], sizeof(names[i]), "%d", rand());
		all[i] = (struct app_key){ .name = names[i] };
		app_order_add(&order, &all[i]);
	}
	qsort(all, MANY, sizeof(all[0]), by_name);
	app_order_sort(&order);
	assert_int_equal(order.n, 100);
	for (size_t i = 0; i < order.n; i++)
		assert_string_equal(order.keys[i].name, all[i].name);
	app_order_done(&order);
}

static void test_names_of_orders(void **state)
{
	static const char *const names[] = {
		[APP_SORT_STATE] = "state", [APP_SORT_CHANGE] = "change", [APP_SORT_NAME] = "name"
	};
	enum app_sort sort = APP_SORT_NONE;
	struct err err;
	(void)state;
	for (size_t i = APP_SORT_STATE; i < ARRAY_SIZE(names); i++) {
		assert_int_equal(app_sort_parse(names[i], &sort, &err), 0);
		assert_int_equal(sort, i);
	}
	assert_int_equal(app_sort_parse("size", &sort, &err), -EINVAL);
	assert_string_equal(err.text, "sort: 'size' is not state, change or name");
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_orders),
					    cmocka_unit_test(test_names_of_orders),
					    cmocka_unit_test(test_the_first_of_many) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
