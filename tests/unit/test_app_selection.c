/* SPDX-License-Identifier: MIT */
/* Which apps are meant: by a word for all or none, or by their names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <errno.h>

#include <cmocka.h>

#include "agent/model/app_selection.h"
#include "lib/array.h"

static void words_and_names(void **state)
{
	static const struct {
		const char *first, *text; /* first NULL: nothing before */
		const char *error;        /* NULL: accepted */
		bool limited;
		size_t n;
	} cases[] = {
		{ NULL, "true", NULL, false, 0 },
		{ NULL, "false", NULL, true, 0 },
		{ NULL, "dns", NULL, true, 1 },
		{ "dns", "web", NULL, true, 2 },
		{ "dns", "dns", "duplicate app 'dns'", true, 1 },
		{ "true", "true",
		  "'true' stands for itself, expected true, false, or names of apps", false, 0 },
		{ "dns", "false",
		  "'false' stands for itself, expected true, false, or names of apps", true, 1 },
		{ "true", "dns",
		  "'dns' beside true or false, expected one of them, or names of apps alone", false,
		  0 },
		{ "false", "dns",
		  "'dns' beside true or false, expected one of them, or names of apps alone", true,
		  0 },
		{ NULL, "", "'' is not the name of an app, expected one without comma", false, 0 },
		{ "dns", "a,b", "'a,b' is not the name of an app, expected one without comma", true,
		  1 },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct app_selection s = { 0 };
		struct err err = { "" };
		if (cases[i].first)
			assert_int_equal(app_selection_add(&s, cases[i].first, NULL), 0);
		assert_int_equal(app_selection_add(&s, cases[i].text, &err),
				 cases[i].error ? -EINVAL : 0);
		assert_string_equal(err.text, cases[i].error ? cases[i].error : "");
		assert_int_equal(s.given, cases[i].first || !cases[i].error);
		assert_int_equal(s.limited, cases[i].limited);
		assert_int_equal(s.n, cases[i].n);
		app_selection_done(&s);
		assert_false(s.given || s.limited || s.names);
	}
}

static void a_list_has_an_end(void **state)
{
	struct app_selection s = { 0 }, copy;
	struct err err = { "" };
	char name[16], wanted[32];
	(void)state;
	for (int i = 0; i < APP_SELECTION_MAX; i++) {
		snprintf(name, sizeof(name), "app%d", i);
		assert_int_equal(app_selection_add(&s, name, &err), 0);
		if (i < APP_SELECTION_MAX - 1)
			assert_int_equal(app_selection_add(&s, name, &err), -EINVAL);
	}
	assert_int_equal(app_selection_add(&s, "more", &err), -EINVAL);
	snprintf(wanted, sizeof(wanted), "more than %d names", APP_SELECTION_MAX);
	assert_string_equal(err.text, wanted);
	assert_int_equal(s.n, APP_SELECTION_MAX);
	app_selection_copy(&copy, &s);
	assert_int_equal(copy.n, s.n);
	for (size_t i = 0; i < s.n; i++) {
		assert_string_equal(copy.names[i], s.names[i]);
		assert_ptr_not_equal(copy.names[i], s.names[i]);
	}
	app_selection_done(&s);
	app_selection_done(&copy);
}

static void a_copy_of_few(void **state)
{
	struct app_selection s = { 0 }, copy;
	(void)state;
	assert_int_equal(app_selection_add(&s, "false", NULL), 0);
	app_selection_copy(&copy, &s);
	assert_true(copy.given && copy.limited);
	assert_null(copy.names);
	app_selection_done(&s);
	assert_int_equal(app_selection_add(&s, "dns", NULL), 0);
	app_selection_copy(&copy, &s);
	assert_string_equal(copy.names[0], "dns");
	app_selection_done(&s);
	app_selection_done(&copy);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_and_names),
		cmocka_unit_test(a_list_has_an_end),
		cmocka_unit_test(a_copy_of_few),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
