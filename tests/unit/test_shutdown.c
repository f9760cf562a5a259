/* SPDX-License-Identifier: MIT */
/* The shutdown: its machine as a table, its shell in a loop with fake operations. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "agent/daemon/shutdown.h"
#include "lib/array.h"
#include "lib/str.h"
#include "tests/unit/loop_until.h"

/* ---- the machine ---- */

#define MS USEC_PER_MSEC
#define T0 (1000 * USEC_PER_SEC)

#define STOP    SHUTDOWN_ON_STOP
#define RESTART SHUTDOWN_ON_RESTART
#define TIMER   SHUTDOWN_ON_TIMER
#define REMOVED SHUTDOWN_ON_VIPS_REMOVED
#define CLOSED  SHUTDOWN_ON_SESSIONS_CLOSED

#define DRAIN_END (T0 + 5000 * MS) /* of every drain here */

struct line {
	enum shutdown_event event;
	span_t at; /* since T0 */
	enum shutdown_state state;
	unsigned actions;
	mono_t deadline;
};

#define END                                                                                        \
	{                                                                                          \
		0, 0, SHUTDOWN_RUNNING, 0, 0                                                       \
	}

static const struct story {
	const char *name;
	struct shutdown_facts facts;
	struct line lines[10];
} stories[] = {
	{ "a stop: VIPs, then sessions",
	  { .graceful = true },
	  { { STOP, 0, SHUTDOWN_WITHDRAWING, SHUTDOWN_DO_WITHDRAW, T0 + SHUTDOWN_UNBIND },
	    { TIMER, SHUTDOWN_UNBIND - 1, SHUTDOWN_WITHDRAWING, 0, T0 + SHUTDOWN_UNBIND },
	    { REMOVED, 300 * MS, SHUTDOWN_CLOSING, SHUTDOWN_DO_CLOSE, USEC_NEVER },
	    { TIMER, SHUTDOWN_MAX, SHUTDOWN_CLOSING, 0, USEC_NEVER },
	    { CLOSED, 400 * MS, SHUTDOWN_ENDED, SHUTDOWN_DO_EXIT, USEC_NEVER },
	    { CLOSED, 401 * MS, SHUTDOWN_ENDED, 0, USEC_NEVER },
	    END } },
	{ "VIPs that take long: sessions close meanwhile",
	  { 0 },
	  { { STOP, 0, SHUTDOWN_WITHDRAWING, SHUTDOWN_DO_WITHDRAW, T0 + SHUTDOWN_UNBIND },
	    { TIMER, SHUTDOWN_UNBIND, SHUTDOWN_CLOSING, SHUTDOWN_DO_CLOSE, T0 + SHUTDOWN_MAX },
	    { CLOSED, SHUTDOWN_CLOSE, SHUTDOWN_CLOSING, 0, T0 + SHUTDOWN_MAX },
	    { TIMER, SHUTDOWN_MAX - 1, SHUTDOWN_CLOSING, 0, T0 + SHUTDOWN_MAX },
	    { REMOVED, 5000 * MS, SHUTDOWN_ENDED, SHUTDOWN_DO_EXIT, USEC_NEVER },
	    END } },
	{ "VIPs that cannot be removed are given up",
	  { 0 },
	  { { STOP, 0, SHUTDOWN_WITHDRAWING, SHUTDOWN_DO_WITHDRAW, T0 + SHUTDOWN_UNBIND },
	    { TIMER, SHUTDOWN_UNBIND, SHUTDOWN_CLOSING, SHUTDOWN_DO_CLOSE, T0 + SHUTDOWN_MAX },
	    { CLOSED, SHUTDOWN_CLOSE, SHUTDOWN_CLOSING, 0, T0 + SHUTDOWN_MAX },
	    { TIMER, SHUTDOWN_MAX, SHUTDOWN_ENDED, SHUTDOWN_DO_GIVE_UP | SHUTDOWN_DO_EXIT,
	      USEC_NEVER },
	    END } },
	{ "given up before the sessions are closed",
	  { 0 },
	  { { STOP, 0, SHUTDOWN_WITHDRAWING, SHUTDOWN_DO_WITHDRAW, T0 + SHUTDOWN_UNBIND },
	    { TIMER, SHUTDOWN_UNBIND, SHUTDOWN_CLOSING, SHUTDOWN_DO_CLOSE, T0 + SHUTDOWN_MAX },
	    { TIMER, SHUTDOWN_MAX, SHUTDOWN_CLOSING, SHUTDOWN_DO_GIVE_UP, USEC_NEVER },
	    { TIMER, SHUTDOWN_MAX + 1, SHUTDOWN_CLOSING, 0, USEC_NEVER },
	    { CLOSED, SHUTDOWN_MAX + 2, SHUTDOWN_ENDED, SHUTDOWN_DO_EXIT, USEC_NEVER },
	    END } },
	{ "a second signal changes nothing in a stop",
	  { .drain = true, .graceful = true },
	  { { STOP, 0, SHUTDOWN_DRAINING, SHUTDOWN_DO_DRAIN, DRAIN_END },
	    { STOP, 0, SHUTDOWN_WITHDRAWING, SHUTDOWN_DO_WITHDRAW, T0 + SHUTDOWN_UNBIND },
	    { STOP, 1 * MS, SHUTDOWN_WITHDRAWING, 0, T0 + SHUTDOWN_UNBIND },
	    { RESTART, 2 * MS, SHUTDOWN_WITHDRAWING, 0, T0 + SHUTDOWN_UNBIND },
	    { CLOSED, 2 * MS, SHUTDOWN_WITHDRAWING, 0, T0 + SHUTDOWN_UNBIND },
	    { REMOVED, 3 * MS, SHUTDOWN_CLOSING, SHUTDOWN_DO_CLOSE, USEC_NEVER },
	    { STOP, 4 * MS, SHUTDOWN_CLOSING, 0, USEC_NEVER },
	    { RESTART, 5 * MS, SHUTDOWN_CLOSING, 0, USEC_NEVER },
	    END } },
	{ "shutdown_drain: the stop begins when the drain is over",
	  { .drain = true },
	  { { STOP, 0, SHUTDOWN_DRAINING, SHUTDOWN_DO_DRAIN, DRAIN_END },
	    { TIMER, 4999 * MS, SHUTDOWN_DRAINING, 0, DRAIN_END },
	    { TIMER, 5000 * MS, SHUTDOWN_WITHDRAWING, SHUTDOWN_DO_WITHDRAW,
	      DRAIN_END + SHUTDOWN_UNBIND },
	    END } },
	{ "a restart does not drain, nor end a drain",
	  { .drain = true, .graceful = true },
	  { { STOP, 0, SHUTDOWN_DRAINING, SHUTDOWN_DO_DRAIN, DRAIN_END },
	    { RESTART, 1 * MS, SHUTDOWN_DRAINING, 0, DRAIN_END },
	    END } },
	{ "a restart without graceful restart is a stop, also as the second signal",
	  { .drain = true },
	  { { RESTART, 0, SHUTDOWN_DRAINING, SHUTDOWN_DO_DRAIN, DRAIN_END },
	    { RESTART, 0, SHUTDOWN_WITHDRAWING, SHUTDOWN_DO_WITHDRAW, T0 + SHUTDOWN_UNBIND },
	    END } },
	{ "a restart closes the sessions and removes nothing",
	  { .drain = true, .graceful = true },
	  { { RESTART, 0, SHUTDOWN_LEAVING, SHUTDOWN_DO_LEAVE, USEC_NEVER },
	    { RESTART, 1 * MS, SHUTDOWN_LEAVING, 0, USEC_NEVER },
	    { CLOSED, 2 * MS, SHUTDOWN_ENDED, SHUTDOWN_DO_EXIT, USEC_NEVER },
	    { STOP, 3 * MS, SHUTDOWN_ENDED, 0, USEC_NEVER },
	    END } },
	{ "a stop ends a restart, without a drain",
	  { .drain = true, .graceful = true },
	  { { RESTART, 0, SHUTDOWN_LEAVING, SHUTDOWN_DO_LEAVE, USEC_NEVER },
	    { STOP, 500 * MS, SHUTDOWN_WITHDRAWING, SHUTDOWN_DO_REOPEN | SHUTDOWN_DO_WITHDRAW,
	      T0 + 500 * MS + SHUTDOWN_UNBIND },
	    { REMOVED, 600 * MS, SHUTDOWN_CLOSING, SHUTDOWN_DO_CLOSE, USEC_NEVER },
	    { CLOSED, 700 * MS, SHUTDOWN_ENDED, SHUTDOWN_DO_EXIT, USEC_NEVER },
	    END } },
	{ "nothing happens without a signal",
	  { .drain = true, .graceful = true },
	  { { TIMER, 0, SHUTDOWN_RUNNING, 0, USEC_NEVER },
	    { REMOVED, 0, SHUTDOWN_RUNNING, 0, USEC_NEVER },
	    { CLOSED, 0, SHUTDOWN_RUNNING, 0, USEC_NEVER },
	    END } },
};

static void run_story(const struct story *story)
{
	struct shutdown_fsm fsm = { 0 };
	for (const struct line *l = story->lines; l->deadline != 0; l++) {
		unsigned actions = shutdown_fsm_step(&fsm, l->event, &story->facts, T0 + l->at);
		if (actions & SHUTDOWN_DO_DRAIN)
			shutdown_fsm_set_drain_end(&fsm, DRAIN_END);
		mono_t deadline = shutdown_fsm_deadline(&fsm);
		if (actions != l->actions || fsm.state != l->state || deadline != l->deadline)
			fail_msg("%s: line %td: state %d, actions %#x, deadline %lld ms",
				 story->name, l - story->lines, (int)fsm.state, actions,
				 (long long)((deadline - T0) / MS));
	}
}

static void test_stories(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(stories); i++)
		run_story(&stories[i]);
}

/* ---- the shell ---- */

struct agent {
	sd_event *loop;
	struct shutdown *shutdown;
	struct shutdown_facts facts;
	span_t drain_span;
	char did[200]; /* a word for each operation */
	char status[64];
	mono_t limit;
};

static void did(struct agent *a, const char *what)
{
	size_t n = strlen(a->did);
	snprintf(a->did + n, sizeof(a->did) - n, "%s%s", n > 0 ? " " : "", what);
}

static void fake_facts(struct shutdown_facts *ret, void *userdata)
{
	const struct agent *a = userdata;
	*ret = a->facts;
}

static mono_t fake_drain(void *userdata)
{
	struct agent *a = userdata;
	did(a, "drain");
	return a->drain_span > 0 ? loop_now(a->loop) + a->drain_span : 0;
}

static void fake_reopen(void *userdata)
{
	did(userdata, "reopen");
}

static void fake_withdraw(mono_t flush_limit, void *userdata)
{
	struct agent *a = userdata;
	did(a, "withdraw");
	a->limit = flush_limit;
}

static void fake_give_up(void *userdata)
{
	did(userdata, "give-up");
}

static void fake_close(mono_t limit, void *userdata)
{
	struct agent *a = userdata;
	did(a, "close");
	a->limit = limit;
}

static void fake_leave(mono_t limit, void *userdata)
{
	struct agent *a = userdata;
	did(a, "leave");
	a->limit = limit;
}

static void fake_report(const char *status, span_t longest, void *userdata)
{
	struct agent *a = userdata;
	assert_true(longest >= SHUTDOWN_MAX);
	str_copy(a->status, sizeof(a->status), status);
}

static const struct shutdown_ops ops = {
	.facts = fake_facts,
	.drain = fake_drain,
	.reopen = fake_reopen,
	.withdraw = fake_withdraw,
	.give_up = fake_give_up,
	.close = fake_close,
	.leave = fake_leave,
	.report = fake_report,
};

static int setup(void **state)
{
	static struct agent a;
	a = (struct agent){ 0 };
	assert_true(sd_event_new(&a.loop) >= 0);
	a.shutdown = shutdown_new(a.loop, &ops, &a);
	*state = &a;
	return 0;
}

static int teardown(void **state)
{
	struct agent *a = *state;
	shutdown_free(a->shutdown);
	sd_event_unref(a->loop);
	return 0;
}

static void expect_exit(struct agent *a)
{
	int code = -1;
	assert_true(sd_event_get_exit_code(a->loop, &code) >= 0);
	assert_int_equal(code, 0);
	assert_int_equal(shutdown_state(a->shutdown), SHUTDOWN_ENDED);
}

static void test_stop(void **state)
{
	struct agent *a = *state;
	mono_t now = loop_now(a->loop);
	shutdown_stop(a->shutdown, "SIGTERM");
	assert_string_equal(a->did, "withdraw");
	assert_string_equal(a->status, "withdrawing all routes");
	assert_true(a->limit >= now + SHUTDOWN_FLUSH);
	shutdown_vips_removed(a->shutdown);
	assert_string_equal(a->did, "withdraw close");
	assert_true(a->limit >= now + SHUTDOWN_CLOSE);
	shutdown_sessions_closed(a->shutdown, false);
	expect_exit(a);
}

static void test_nothing_to_drain_is_a_stop_at_once(void **state)
{
	struct agent *a = *state;
	a->facts.drain = true;
	shutdown_stop(a->shutdown, "SIGTERM");
	assert_string_equal(a->did, "drain withdraw");
	assert_string_equal(a->status, "withdrawing all routes");
}

static bool withdrawing(void *userdata)
{
	const struct agent *a = userdata;
	return shutdown_state(a->shutdown) == SHUTDOWN_WITHDRAWING;
}

static void test_the_drain_ends_by_the_clock(void **state)
{
	struct agent *a = *state;
	a->facts.drain = true;
	a->drain_span = 20 * USEC_PER_MSEC;
	shutdown_stop(a->shutdown, "SIGTERM");
	assert_string_equal(a->did, "drain");
	assert_string_equal(a->status, "draining all apps");
	loop_until(a->loop, withdrawing, a);
	assert_string_equal(a->did, "drain withdraw");
}

static void test_restart_and_then_a_stop(void **state)
{
	struct agent *a = *state;
	a->facts.graceful = true;
	shutdown_restart(a->shutdown, "SIGUSR2");
	assert_string_equal(a->did, "leave");
	shutdown_stop(a->shutdown, "SIGTERM");
	assert_string_equal(a->did, "leave reopen withdraw");
	shutdown_vips_removed(a->shutdown);
	shutdown_sessions_closed(a->shutdown, true);
	assert_string_equal(a->did, "leave reopen withdraw close");
	expect_exit(a);
}

static void test_restart(void **state)
{
	struct agent *a = *state;
	a->facts.graceful = true;
	shutdown_restart(a->shutdown, "SIGUSR2");
	shutdown_sessions_closed(a->shutdown, false);
	assert_string_equal(a->did, "leave");
	expect_exit(a);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stories),
		TEST(test_stop),
		TEST(test_nothing_to_drain_is_a_stop_at_once),
		TEST(test_the_drain_ends_by_the_clock),
		TEST(test_restart_and_then_a_stop),
		TEST(test_restart),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
