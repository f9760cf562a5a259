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
#include "lib/mem.h"

static void patterns(void **state)
{
	static const struct {
		const char *pattern, *says; /* NULL: accepted */
	} cases[] = {
		{ "app", NULL },
		{ "agent.started", NULL },
		{ "vip.trouble", NULL },
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

/* Of each of them all is freed, which the leak checker sees. */
static void lists(void **state)
{
	struct hook_list list = { mem_new(3, sizeof(*list.items)), 3, 3 };
	(void)state;
	for (size_t i = 0; i < 2; i++) { /* the third one has nothing yet */
		list.items[i].exec = mem_strdup("run");
		list.items[i].on = mem_new(3, sizeof(char *));
		list.items[i].on[0] = mem_strdup("app.down");
		list.items[i].on[1] = mem_strdup("app.up");
	}
	hook_list_done(&list);
	assert_int_equal(list.n, 0);
	assert_null(list.items);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(patterns),
		cmocka_unit_test(events),
		cmocka_unit_test(lists),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
