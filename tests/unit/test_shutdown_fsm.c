/* SPDX-License-Identifier: MIT */
/* The machine of the shutdown, as stories: events in, actions, state and deadline out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "agent/daemon/shutdown_fsm.h"
#include "lib/array.h"

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
	{ "a drain goes on until its end, whatever else ends",
	  { .drain = true },
	  { { STOP, 0, SHUTDOWN_DRAINING, SHUTDOWN_DO_DRAIN, DRAIN_END },
	    { REMOVED, 1 * MS, SHUTDOWN_DRAINING, 0, DRAIN_END },
	    { CLOSED, 2 * MS, SHUTDOWN_DRAINING, 0, DRAIN_END },
	    END } },
	{ "while it leaves, timers and VIPs change nothing",
	  { .graceful = true },
	  { { RESTART, 0, SHUTDOWN_LEAVING, SHUTDOWN_DO_LEAVE, USEC_NEVER },
	    { TIMER, 1 * MS, SHUTDOWN_LEAVING, 0, USEC_NEVER },
	    { REMOVED, 2 * MS, SHUTDOWN_LEAVING, 0, USEC_NEVER },
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

/* The end of a drain is known only after the drains have begun. */
static void test_a_drain_has_no_end_until_it_is_told(void **state)
{
	struct shutdown_fsm fsm = { 0 };
	const struct shutdown_facts facts = { .drain = true };
	(void)state;
	assert_int_equal(shutdown_fsm_step(&fsm, STOP, &facts, T0), SHUTDOWN_DO_DRAIN);
	assert_true(shutdown_fsm_deadline(&fsm) == USEC_NEVER);
	assert_int_equal(shutdown_fsm_step(&fsm, TIMER, &facts, T0), 0);
	assert_int_equal(fsm.state, SHUTDOWN_DRAINING);
}

static void test_stories(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(stories); i++)
		run_story(&stories[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stories),
		cmocka_unit_test(test_a_drain_has_no_end_until_it_is_told),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
