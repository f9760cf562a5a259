/* SPDX-License-Identifier: MIT */
/* When the commands of hooks are started, and how many wait. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "agent/daemon/hooks.h"
#include "lib/mem.h"
#include "process/loop.h"

#include "loop_until.h"

#define STEPS 20

struct bed {
	struct agent agent;
	struct config config;
	struct hook hook;
	char *on[2];
	struct hooks *hooks;
	sd_event_source *urgent, *work;
	int steps; /* of the work that the event led to */
};

static char app[] = "app", pass[] = "exit 0";

static int setup(void **state)
{
	static struct bed b;
	b = (struct bed){ .on = { app, NULL } };
	b.hook = (struct hook){ .on = b.on, .exec = pass, .timeout = 10 * USEC_PER_SEC };
	b.config.agent.hooks = (struct hook_list){ .items = &b.hook, .n = 1 };
	b.agent.config = &b.config;
	assert_true(sd_event_new(&b.agent.loop) >= 0);
	b.hooks = hooks_new(&b.agent);
	*state = &b;
	return 0;
}

static int teardown(void **state)
{
	struct bed *b = *state;
	hooks_free(b->hooks);
	sd_event_source_disable_unref(b->urgent);
	sd_event_source_disable_unref(b->work);
	sd_event_unref(b->agent.loop);
	return 0;
}

static const struct event down = { .id = 1,
				   .about = { .kind = "app.down", .app = "dns" },
				   .text = "down" };

static int on_urgent(sd_event_source *source, void *userdata)
{
	(void)source;
	const struct bed *b = userdata;
	assert_int_equal(hooks_counts(b->hooks).run, 0);
	return 0;
}

/* Reconciling in slices: each asks for the next, and hands routes to the speaker, which sends them
 * in a turn of its own. */
static int on_work(sd_event_source *source, void *userdata)
{
	(void)source;
	struct bed *b = userdata;
	assert_int_equal(hooks_counts(b->hooks).run, 0);
	loop_defer(b->agent.loop, &b->urgent, LOOP_FLUSH, on_urgent, b);
	if (++b->steps < STEPS)
		loop_defer(b->agent.loop, &b->work, LOOP_APPLY, on_work, b);
	return 0;
}

static bool is_done(void *userdata)
{
	const struct bed *b = userdata;
	return hooks_counts(b->hooks).waiting == 0;
}

/* Everything that the event leads to comes first, however many turns it takes. */
static void a_withdrawal_leaves_first(void **state)
{
	struct bed *b = *state;
	hooks_on_event(b->hooks, &down);
	assert_int_equal(hooks_counts(b->hooks).run, 0);
	loop_defer(b->agent.loop, &b->work, LOOP_APPLY, on_work, b);
	loop_until(b->agent.loop, is_done, b);
	assert_int_equal(b->steps, STEPS);
	assert_int_equal(hooks_counts(b->hooks).run, 1);
	assert_int_equal(hooks_counts(b->hooks).failed, 0);
}

static void too_many_are_lost(void **state)
{
	struct bed *b = *state;
	for (int i = 0; i < HOOKS_WAITING_MAX + 5; i++)
		hooks_on_event(b->hooks, &down);
	assert_int_equal(hooks_counts(b->hooks).waiting, HOOKS_WAITING_MAX);
	assert_int_equal(hooks_counts(b->hooks).lost, 5);
	loop_until(b->agent.loop, is_done, b);
	assert_int_equal(hooks_counts(b->hooks).run, HOOKS_WAITING_MAX);
}

/* Nor for a kind that it is not for; and a failure does not run another. */
static void no_hook_for_events_about_hooks(void **state)
{
	static char fails[] = "exit 1", hook_kind[] = "hook";
	struct bed *b = *state;
	const struct event failed = { .about = { .kind = "hook.failed" }, .text = "x" },
			   other = { .about = { .kind = "session.up" }, .text = "x" };
	b->on[0] = hook_kind;
	b->hook.exec = fails;
	hooks_on_event(b->hooks, &failed);
	hooks_on_event(b->hooks, &other);
	assert_int_equal(hooks_counts(b->hooks).waiting, 0);
}

/* The configuration may be another one by the time that the command is run. */
static void a_command_outlives_its_configuration(void **state)
{
	struct bed *b = *state;
	b->hook.exec = mem_strdup("exit 7");
	hooks_on_event(b->hooks, &down);
	free(b->hook.exec);
	b->config.agent.hooks = (struct hook_list){ .n = 0 };
	hooks_on_event(b->hooks, &down);
	assert_int_equal(hooks_counts(b->hooks).waiting, 1);
	loop_until(b->agent.loop, is_done, b);
	assert_string_equal(hooks_counts(b->hooks).last_failure, "exit 7: exit status 7");
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_withdrawal_leaves_first),
		TEST(too_many_are_lost),
		TEST(no_hook_for_events_about_hooks),
		TEST(a_command_outlives_its_configuration),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
