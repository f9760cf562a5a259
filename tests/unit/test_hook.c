/* SPDX-License-Identifier: MIT */
/* Which events a hook is run for, and which patterns are accepted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "agent/model/hook.h"
#include "lib/array.h"

static void patterns(void **state)
{
	static const struct {
		const char *pattern, *says; /* NULL: accepted */
	} cases[] = {
		{ "app", NULL },
		{ "app.down", NULL },
		{ "alarm.on", NULL },
		{ "route.withdrawn", NULL },
		{ "", "is not a kind of event" },
		{ "app.", "is not a kind of event" },
		{ "ap", "is not a kind of event" },
		{ "app.dwon", "did you mean 'app.down'?" },
		{ "app.down.x", "is not a kind of event" },
		{ "*", "expected one like app.down" },
		{ "hook", "no hook is run" },
		{ "hook.failed", "no hook is run" },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct err err = { "" };
		int rc = hook_check_pattern(cases[i].pattern, &err);
		assert_int_equal(rc, cases[i].says ? -EINVAL : 0);
		if (cases[i].says && !strstr(err.text, cases[i].says))
			fail_msg("'%s': %s", cases[i].pattern, err.text);
	}
}

static void events(void **state)
{
	char app[] = "app", on[] = "alarm.on", every[] = "hook";
	char *patterns_of[] = { app, on, every, NULL };
	const struct hook hook = { .on = patterns_of }, none = { .on = NULL };
	(void)state;
	assert_true(hook_is_for(&hook, "app.up"));
	assert_true(hook_is_for(&hook, "alarm.on"));
	assert_false(hook_is_for(&hook, "alarm.off"));
	assert_false(hook_is_for(&hook, "apps.up"));
	assert_false(hook_is_for(&none, "app.up"));
	/* Whatever it says: one that fails would be run for its own failure. */
	assert_false(hook_is_for(&hook, "hook.failed"));
	assert_false(hook_is_for(&hook, "hook.lost"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(patterns),
		cmocka_unit_test(events),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
