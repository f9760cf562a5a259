/* SPDX-License-Identifier: MIT */
/* Every event in every state: where it leads, what is done, said and waited for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "lib/str.h"
#include "tests/unit/fsm_events.h"

static const char *const event_names[] = {
	[BGP_EV_START] = "start",
	[BGP_EV_DEFER] = "defer",
	[BGP_EV_STOP] = "stop",
	[BGP_EV_TIMER] = "timer",
	[BGP_EV_TCP_CONNECTED] = "connected",
	[BGP_EV_TCP_FAILED] = "failed",
	[BGP_EV_OPEN] = "open",
	[BGP_EV_KEEPALIVE] = "keepalive",
	[BGP_EV_UPDATE] = "update",
	[BGP_EV_REFRESH] = "refresh",
	[BGP_EV_NOTIFICATION] = "notification",
	[BGP_EV_BROKEN] = "broken",
	[BGP_EV_PATH_DOWN] = "path down",
	[BGP_EV_SEND_BLOCKED] = "blocked",
	[BGP_EV_SEND_PROGRESS] = "progress",
	[BGP_EV_SEND_DONE] = "done",
};

/* Actions as letters: Connect, Open, Keepalive, Notification, close (X), Leave, Up, Down. */
static void describe_actions(struct strbuf *sb, const struct bgp_actions *a)
{
	strbuf_add(sb, "%s", bgp_state_name(a->to));
	for (size_t i = 0; i < a->n; i++)
		strbuf_add(sb, "%s%c", i ? "" : " ", "COKNXLUD"[a->items[i].type]);
	if (a->n == 0 || a->items[0].type != BGP_DO_SEND_NOTIFICATION)
		return;
	const struct bgp_notification *n = &a->items[0].notification;
	strbuf_add(sb, " %u/%u", n->code, n->subcode);
	for (size_t i = 0; i < n->data_len; i++)
		strbuf_add(sb, " %02x", bgp_notification_data(n)[i]);
}

/* In seconds. */
static void describe_timers(struct strbuf *sb, const struct bgp_fsm *fsm, mono_t now)
{
	const struct {
		const char *name;
		mono_t at;
	} timers[] = {
		{ "connect", fsm->connect_by }, { "delay", fsm->open_at },
		{ "retry", fsm->retry_at },     { "hold", fsm->hold_until },
		{ "alive", fsm->keepalive_at }, { "send", fsm->send_hold_until },
	};
	mono_t first = USEC_NEVER;
	for (size_t i = 0; i < ARRAY_SIZE(timers); i++) {
		first = usec_min(first, timers[i].at);
		if (timers[i].at != USEC_NEVER)
			strbuf_add(sb, ", %s %g", timers[i].name,
				   (double)(timers[i].at - now) / USEC_PER_SEC);
	}
	assert_int_equal(bgp_fsm_deadline(fsm), first);
	assert_int_equal(bgp_fsm_is_resting(fsm), fsm->state == BGP_IDLE && first == USEC_NEVER);
}

#define EARLY      "message received before the connection was up"
#define UNEXPECTED "sent NOTIFICATION Finite State Machine Error/Unexpected Message in "

static const struct {
	enum bgp_state in;
	const char *answers[ARRAY_SIZE(event_names)];
} grid[] = {
	{ BGP_IDLE,
	  {
		  [BGP_EV_START] = "connect C, connect 5",
		  [BGP_EV_DEFER] = "idle",
		  [BGP_EV_STOP] = "idle",
		  [BGP_EV_TIMER] = "idle",
		  [BGP_EV_TCP_CONNECTED] = "idle",
		  [BGP_EV_TCP_FAILED] = "idle",
		  [BGP_EV_OPEN] = "idle",
		  [BGP_EV_KEEPALIVE] = "idle",
		  [BGP_EV_UPDATE] = "idle",
		  [BGP_EV_REFRESH] = "idle",
		  [BGP_EV_NOTIFICATION] = "idle",
		  [BGP_EV_BROKEN] = "idle",
		  [BGP_EV_PATH_DOWN] = "idle",
		  [BGP_EV_SEND_BLOCKED] = "idle",
		  [BGP_EV_SEND_PROGRESS] = "idle",
		  [BGP_EV_SEND_DONE] = "idle",
	  } },
	{ BGP_CONNECT,
	  {
		  [BGP_EV_START] = "connect, connect 4",
		  [BGP_EV_DEFER] = "connect, connect 4",
		  [BGP_EV_STOP] = "idle X",
		  [BGP_EV_TIMER] = "connect, connect 4",
		  [BGP_EV_TCP_CONNECTED] = "opensent O, hold 30",
		  [BGP_EV_TCP_FAILED] = "idle X, retry 1: connection refused",
		  [BGP_EV_OPEN] = ("idle X, retry 1: " EARLY),
		  [BGP_EV_KEEPALIVE] = ("idle X, retry 1: " EARLY),
		  [BGP_EV_UPDATE] = ("idle X, retry 1: " EARLY),
		  [BGP_EV_REFRESH] = ("idle X, retry 1: " EARLY),
		  [BGP_EV_NOTIFICATION] = ("idle X, retry 1: " EARLY),
		  [BGP_EV_BROKEN] = ("idle X, retry 1: " EARLY),
		  [BGP_EV_PATH_DOWN] = "connect, connect 4",
		  [BGP_EV_SEND_BLOCKED] = ("idle X, retry 1: " EARLY),
		  [BGP_EV_SEND_PROGRESS] = ("idle X, retry 1: " EARLY),
		  [BGP_EV_SEND_DONE] = ("idle X, retry 1: " EARLY),
	  } },
	{ BGP_ACTIVE,
	  {
		  [BGP_EV_START] = "active",
		  [BGP_EV_DEFER] = "active",
		  [BGP_EV_STOP] = "idle",
		  [BGP_EV_TIMER] = "active",
		  [BGP_EV_TCP_CONNECTED] = "opensent O, hold 30",
		  [BGP_EV_TCP_FAILED] = "active: connection refused",
		  [BGP_EV_OPEN] = ("active: " EARLY),
		  [BGP_EV_KEEPALIVE] = ("active: " EARLY),
		  [BGP_EV_UPDATE] = ("active: " EARLY),
		  [BGP_EV_REFRESH] = ("active: " EARLY),
		  [BGP_EV_NOTIFICATION] = ("active: " EARLY),
		  [BGP_EV_BROKEN] = ("active: " EARLY),
		  [BGP_EV_PATH_DOWN] = "active",
		  [BGP_EV_SEND_BLOCKED] = ("active: " EARLY),
		  [BGP_EV_SEND_PROGRESS] = ("active: " EARLY),
		  [BGP_EV_SEND_DONE] = ("active: " EARLY),
	  } },
	{ BGP_OPENSENT,
	  {
		  [BGP_EV_START] = "opensent, hold 29",
		  [BGP_EV_DEFER] = "opensent, hold 29",
		  [BGP_EV_STOP] = "idle NX 6/2",
		  [BGP_EV_TIMER] = "opensent, hold 29",
		  [BGP_EV_TCP_CONNECTED] = ("idle NX 5/1, retry 1: " UNEXPECTED "OpenSent"),
		  [BGP_EV_TCP_FAILED] = "idle X, retry 1: connection refused",
		  [BGP_EV_OPEN] = "openconfirm K, hold 30, alive 10",
		  [BGP_EV_KEEPALIVE] =
			  ("idle NX 5/1 04, retry 1: " UNEXPECTED "OpenSent (data 04)"),
		  [BGP_EV_UPDATE] = ("idle NX 5/1 02, retry 1: " UNEXPECTED "OpenSent (data 02)"),
		  [BGP_EV_REFRESH] = ("idle NX 5/1 05, retry 1: " UNEXPECTED "OpenSent (data 05)"),
		  [BGP_EV_NOTIFICATION] =
			  "idle X, retry 1: received NOTIFICATION Cease/Administrative Shutdown",
		  [BGP_EV_BROKEN] = ("idle NX 3/1, retry 1: sent NOTIFICATION UPDATE Message "
				     "Error/Malformed Attribute List"),
		  [BGP_EV_PATH_DOWN] = "idle NX 6/10, retry 1: BFD down",
		  [BGP_EV_SEND_BLOCKED] = "opensent, hold 29, send 480",
		  [BGP_EV_SEND_PROGRESS] = "opensent, hold 29, send 480",
		  [BGP_EV_SEND_DONE] = "opensent, hold 29",
	  } },
	{ BGP_OPENCONFIRM,
	  {
		  [BGP_EV_START] = "openconfirm, hold 29, alive 9",
		  [BGP_EV_DEFER] = "openconfirm, hold 29, alive 9",
		  [BGP_EV_STOP] = "idle NX 6/2",
		  [BGP_EV_TIMER] = "openconfirm, hold 29, alive 9",
		  [BGP_EV_TCP_CONNECTED] = ("idle NX 5/2, retry 1: " UNEXPECTED "OpenConfirm"),
		  [BGP_EV_TCP_FAILED] = "idle X, retry 1: connection refused",
		  [BGP_EV_OPEN] = ("idle NX 5/2 01, retry 1: " UNEXPECTED "OpenConfirm (data 01)"),
		  [BGP_EV_KEEPALIVE] = "established U, hold 30, alive 9",
		  [BGP_EV_UPDATE] =
			  ("idle NX 5/2 02, retry 1: " UNEXPECTED "OpenConfirm (data 02)"),
		  [BGP_EV_REFRESH] =
			  ("idle NX 5/2 05, retry 1: " UNEXPECTED "OpenConfirm (data 05)"),
		  [BGP_EV_NOTIFICATION] =
			  "idle X, retry 1: received NOTIFICATION Cease/Administrative Shutdown",
		  [BGP_EV_BROKEN] = ("idle NX 3/1, retry 1: sent NOTIFICATION UPDATE Message "
				     "Error/Malformed Attribute List"),
		  [BGP_EV_PATH_DOWN] = "idle NX 6/10, retry 1: BFD down",
		  [BGP_EV_SEND_BLOCKED] = "openconfirm, hold 29, alive 9, send 480",
		  [BGP_EV_SEND_PROGRESS] = "openconfirm, hold 29, alive 9, send 480",
		  [BGP_EV_SEND_DONE] = "openconfirm, hold 29, alive 9",
	  } },
	{ BGP_ESTABLISHED,
	  {
		  [BGP_EV_START] = "established, hold 29, alive 9",
		  [BGP_EV_DEFER] = "established, hold 29, alive 9",
		  [BGP_EV_STOP] = "idle NXD 6/2",
		  [BGP_EV_TIMER] = "established, hold 29, alive 9",
		  [BGP_EV_TCP_CONNECTED] = ("idle NXD 5/3, retry 1: " UNEXPECTED "Established"),
		  [BGP_EV_TCP_FAILED] = "idle XD, retry 1: connection refused",
		  [BGP_EV_OPEN] = ("idle NXD 5/3 01, retry 1: " UNEXPECTED "Established (data 01)"),
		  [BGP_EV_KEEPALIVE] = "established, hold 30, alive 9",
		  [BGP_EV_UPDATE] = "established, hold 30, alive 9",
		  [BGP_EV_REFRESH] = "established, hold 29, alive 9",
		  [BGP_EV_NOTIFICATION] =
			  "idle XD, retry 1: received NOTIFICATION Cease/Administrative Shutdown",
		  [BGP_EV_BROKEN] = ("idle NXD 3/1, retry 1: sent NOTIFICATION UPDATE Message "
				     "Error/Malformed Attribute List"),
		  [BGP_EV_PATH_DOWN] = "idle NXD 6/10, retry 1: BFD down",
		  [BGP_EV_SEND_BLOCKED] = "established, hold 29, alive 9, send 480",
		  [BGP_EV_SEND_PROGRESS] = "established, hold 29, alive 9, send 480",
		  [BGP_EV_SEND_DONE] = "established, hold 29, alive 9",
	  } },
};

/* The connection is a second old. */
static void every_state_answers_every_event(void **state)
{
	(void)state;
	struct bgp_fsm_config passive = plain;
	passive.passive = true;
	for (size_t i = 0; i < ARRAY_SIZE(grid); i++) {
		bool is_active = grid[i].in == BGP_ACTIVE;
		for (size_t e = 0; e < ARRAY_SIZE(event_names); e++) {
			struct bgp_fsm fsm = fsm_in(grid[i].in, is_active ? &passive : &plain);
			struct bgp_actions a = feed(&fsm, (enum bgp_event_type)e, T0 + S);
			char text[400];
			struct strbuf sb = strbuf_over(text, sizeof(text));
			describe_actions(&sb, &a);
			describe_timers(&sb, &fsm, T0 + S);
			if (fsm.why[0])
				strbuf_add(&sb, ": %s", fsm.why);
			assert_int_equal(a.from, grid[i].in);
			if (strcmp(text, grid[i].answers[e]) != 0)
				fail_msg("%s: %s: got '%s', expected '%s'",
					 bgp_state_name(grid[i].in), event_names[e], text,
					 grid[i].answers[e]);
		}
	}
}

/* At its time, and not before. */
static void a_timer_that_expires_says_for_what_it_waited(void **state)
{
	(void)state;
	struct bgp_fsm_config config = plain, blocked = plain;
	config.connect_timeout = 3 * S;
	config.hold_time = 20 * S;
	blocked.hold_time = 0;
	const struct {
		const struct bgp_fsm_config *config;
		enum bgp_state in;
		span_t after;
		uint8_t code;
		const char *why;
	} cases[] = {
		{ &plain, BGP_CONNECT, 5 * S, 0, "no answer to the connection attempt within 5 s" },
		{ &config, BGP_CONNECT, 3 * S, 0,
		  "no answer to the connection attempt within 3 s" },
		{ &config, BGP_OPENSENT, 30 * S, BGP_ERR_HOLD_TIMER,
		  "hold timer expired: nothing received for 30 s" },
		{ &config, BGP_OPENCONFIRM, 20 * S, BGP_ERR_HOLD_TIMER,
		  "hold timer expired: nothing received for 20 s" },
		{ &plain, BGP_ESTABLISHED, 30 * S, BGP_ERR_HOLD_TIMER,
		  "hold timer expired: nothing received for 30 s" },
		{ &blocked, BGP_ESTABLISHED, 480 * S, BGP_ERR_SEND_HOLD_TIMER,
		  "send hold timer expired: the peer acknowledged nothing for 480 s" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct bgp_fsm fsm = fsm_in(cases[i].in, cases[i].config);
		if (cases[i].in == BGP_ESTABLISHED)
			feed(&fsm, BGP_EV_SEND_BLOCKED, T0);
		feed(&fsm, BGP_EV_TIMER, T0 + cases[i].after - 1);
		assert_int_equal(fsm.state, cases[i].in);
		struct bgp_actions a = feed(&fsm, BGP_EV_TIMER, T0 + cases[i].after);
		assert_int_equal(fsm.state, BGP_IDLE);
		assert_string_equal(fsm.why, cases[i].why);
		if (cases[i].code) {
			assert_int_equal(a.items[0].type, BGP_DO_SEND_NOTIFICATION);
			assert_int_equal(a.items[0].notification.code, cases[i].code);
			assert_int_equal(a.items[0].notification.subcode, 0);
		}
	}
}

/* The waits begin anew, and the next attempt is made now if there is to be one. */
static void a_hurry_makes_the_next_attempt_now(void **state)
{
	(void)state;
	struct bgp_fsm fsm = fsm_in(BGP_CONNECT, &plain);
	for (int i = 0; i < 4; i++) {
		feed(&fsm, BGP_EV_TCP_FAILED, T0);
		feed(&fsm, BGP_EV_TIMER, bgp_fsm_deadline(&fsm));
	}
	feed(&fsm, BGP_EV_TCP_FAILED, T0);
	assert_int_equal(bgp_fsm_deadline(&fsm), T0 + 10 * S);
	bgp_fsm_hurry(&fsm, T0 + S);
	assert_int_equal(bgp_fsm_deadline(&fsm), T0 + S);
	feed(&fsm, BGP_EV_TIMER, T0 + S);
	assert_int_equal(fsm.state, BGP_CONNECT);
	feed(&fsm, BGP_EV_TCP_FAILED, T0 + S);
	assert_int_equal(bgp_fsm_deadline(&fsm), T0 + 2 * S);
	feed(&fsm, BGP_EV_STOP, T0);
	bgp_fsm_hurry(&fsm, T0 + S);
	assert_int_equal(bgp_fsm_deadline(&fsm), USEC_NEVER);
}

/* Nothing that was due before is due any more. */
static void another_attempt_has_its_whole_time(void **state)
{
	(void)state;
	struct bgp_fsm fsm = fsm_in(BGP_CONNECT, &plain);
	feed(&fsm, BGP_EV_TCP_FAILED, T0);
	feed(&fsm, BGP_EV_TIMER, T0 + S);
	assert_int_equal(fsm.state, BGP_CONNECT);
	assert_int_equal(bgp_fsm_deadline(&fsm), T0 + 6 * S);
	feed(&fsm, BGP_EV_TCP_CONNECTED, T0 + 2 * S);
	assert_int_equal(bgp_fsm_deadline(&fsm), T0 + 32 * S);
	feed(&fsm, BGP_EV_OPEN, T0 + 3 * S);
	feed(&fsm, BGP_EV_KEEPALIVE, T0 + 4 * S);
	feed(&fsm, BGP_EV_SEND_BLOCKED, T0 + 5 * S);
	feed(&fsm, BGP_EV_TCP_FAILED, T0 + 6 * S);
	assert_int_equal(bgp_fsm_deadline(&fsm), T0 + 8 * S);
}

/* After a stop the waits are short, and there is no reason left. */
static void a_stop_forgets_what_failed(void **state)
{
	(void)state;
	struct bgp_fsm fsm = fsm_in(BGP_CONNECT, &plain);
	for (int i = 0; i < 4; i++) {
		feed(&fsm, BGP_EV_TCP_FAILED, T0);
		feed(&fsm, BGP_EV_TIMER, bgp_fsm_deadline(&fsm));
	}
	assert_string_equal(fsm.why, "connection refused");
	feed(&fsm, BGP_EV_STOP, T0);
	assert_string_equal(fsm.why, "");
	feed(&fsm, BGP_EV_START, T0 + 7);
	assert_int_equal(fsm.state_since, T0 + 7);
	feed(&fsm, BGP_EV_TCP_FAILED, T0);
	assert_int_equal(bgp_fsm_deadline(&fsm), T0 + S);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_state_answers_every_event),
		cmocka_unit_test(a_timer_that_expires_says_for_what_it_waited),
		cmocka_unit_test(a_hurry_makes_the_next_attempt_now),
		cmocka_unit_test(another_attempt_has_its_whole_time),
		cmocka_unit_test(a_stop_forgets_what_failed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
