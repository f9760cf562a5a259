/* SPDX-License-Identifier: MIT */
/* The state machine as a table: state, event, next state, actions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/fsm_events.h"

/* Actions as letters: Connect, Open, Keepalive, Notification, close (X), Leave, Up, Down. */
static const char *letters(const struct bgp_actions *a, char buf[static BGP_ACTIONS_MAX + 1])
{
	for (size_t i = 0; i < a->n; i++)
		buf[i] = "COKNXLUD"[a->items[i].type];
	buf[a->n] = 0;
	return buf;
}

struct row {
	const char *name;
	enum bgp_state in;
	enum bgp_event_type event;
	enum bgp_state to;
	const char *actions;
	uint8_t code, subcode; /* of the NOTIFICATION among them */
};

static const struct row rows[] = {
	{ "idle: start", BGP_IDLE, BGP_EV_START, BGP_CONNECT, "C", 0, 0 },
	{ "idle: stop", BGP_IDLE, BGP_EV_STOP, BGP_IDLE, "", 0, 0 },
	{ "idle: connection is ignored", BGP_IDLE, BGP_EV_TCP_CONNECTED, BGP_IDLE, "", 0, 0 },
	{ "idle: message is ignored", BGP_IDLE, BGP_EV_UPDATE, BGP_IDLE, "", 0, 0 },
	{ "idle: path down is ignored", BGP_IDLE, BGP_EV_PATH_DOWN, BGP_IDLE, "", 0, 0 },
	{ "connect: path down", BGP_CONNECT, BGP_EV_PATH_DOWN, BGP_CONNECT, "", 0, 0 },
	{ "opensent: path down", BGP_OPENSENT, BGP_EV_PATH_DOWN, BGP_IDLE, "NX", 6, 10 },
	{ "openconfirm: path down", BGP_OPENCONFIRM, BGP_EV_PATH_DOWN, BGP_IDLE, "NX", 6, 10 },
	{ "established: path down", BGP_ESTABLISHED, BGP_EV_PATH_DOWN, BGP_IDLE, "NXD", 6, 10 },
	{ "connect: start again", BGP_CONNECT, BGP_EV_START, BGP_CONNECT, "", 0, 0 },
	{ "connect: connected", BGP_CONNECT, BGP_EV_TCP_CONNECTED, BGP_OPENSENT, "O", 0, 0 },
	{ "connect: failed", BGP_CONNECT, BGP_EV_TCP_FAILED, BGP_IDLE, "X", 0, 0 },
	{ "connect: stop", BGP_CONNECT, BGP_EV_STOP, BGP_IDLE, "X", 0, 0 },
	{ "connect: message", BGP_CONNECT, BGP_EV_OPEN, BGP_IDLE, "X", 0, 0 },
	{ "opensent: open", BGP_OPENSENT, BGP_EV_OPEN, BGP_OPENCONFIRM, "K", 0, 0 },
	{ "opensent: stop", BGP_OPENSENT, BGP_EV_STOP, BGP_IDLE, "NX", 6, 2 },
	{ "opensent: closed", BGP_OPENSENT, BGP_EV_TCP_FAILED, BGP_IDLE, "X", 0, 0 },
	{ "opensent: keepalive", BGP_OPENSENT, BGP_EV_KEEPALIVE, BGP_IDLE, "NX", 5, 1 },
	{ "opensent: update", BGP_OPENSENT, BGP_EV_UPDATE, BGP_IDLE, "NX", 5, 1 },
	{ "opensent: refresh", BGP_OPENSENT, BGP_EV_REFRESH, BGP_IDLE, "NX", 5, 1 },
	{ "opensent: notification", BGP_OPENSENT, BGP_EV_NOTIFICATION, BGP_IDLE, "X", 0, 0 },
	{ "opensent: broken", BGP_OPENSENT, BGP_EV_BROKEN, BGP_IDLE, "NX", 3, 1 },
	{ "openconfirm: keepalive", BGP_OPENCONFIRM, BGP_EV_KEEPALIVE, BGP_ESTABLISHED, "U", 0, 0 },
	{ "openconfirm: stop", BGP_OPENCONFIRM, BGP_EV_STOP, BGP_IDLE, "NX", 6, 2 },
	{ "openconfirm: open again", BGP_OPENCONFIRM, BGP_EV_OPEN, BGP_IDLE, "NX", 5, 2 },
	{ "openconfirm: update", BGP_OPENCONFIRM, BGP_EV_UPDATE, BGP_IDLE, "NX", 5, 2 },
	{ "openconfirm: closed", BGP_OPENCONFIRM, BGP_EV_TCP_FAILED, BGP_IDLE, "X", 0, 0 },
	{ "openconfirm: notification", BGP_OPENCONFIRM, BGP_EV_NOTIFICATION, BGP_IDLE, "X", 0, 0 },
	{ "established: update", BGP_ESTABLISHED, BGP_EV_UPDATE, BGP_ESTABLISHED, "", 0, 0 },
	{ "established: keepalive", BGP_ESTABLISHED, BGP_EV_KEEPALIVE, BGP_ESTABLISHED, "", 0, 0 },
	{ "established: refresh", BGP_ESTABLISHED, BGP_EV_REFRESH, BGP_ESTABLISHED, "", 0, 0 },
	{ "established: open", BGP_ESTABLISHED, BGP_EV_OPEN, BGP_IDLE, "NXD", 5, 3 },
	{ "established: stop", BGP_ESTABLISHED, BGP_EV_STOP, BGP_IDLE, "NXD", 6, 2 },
	{ "established: broken", BGP_ESTABLISHED, BGP_EV_BROKEN, BGP_IDLE, "NXD", 3, 1 },
	{ "established: closed", BGP_ESTABLISHED, BGP_EV_TCP_FAILED, BGP_IDLE, "XD", 0, 0 },
	{ "established: notification", BGP_ESTABLISHED, BGP_EV_NOTIFICATION, BGP_IDLE, "XD", 0, 0 },
};

static void every_state_answers_every_event(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct row *r = &rows[i];
		char got[BGP_ACTIONS_MAX + 1];
		struct bgp_fsm fsm = fsm_in(r->in, &plain);
		struct bgp_actions a = feed(&fsm, r->event, T0 + S);
		if (strcmp(letters(&a, got), r->actions) != 0 || fsm.state != r->to)
			fail_msg("%s: actions '%s' to %s, expected '%s' to %s", r->name, got,
				 bgp_state_name(fsm.state), r->actions, bgp_state_name(r->to));
		if (!r->code)
			continue;
		const struct bgp_notification *n = &a.items[0].notification;
		if (n->code != r->code || n->subcode != r->subcode)
			fail_msg("%s: NOTIFICATION %u/%u, expected %u/%u", r->name, n->code,
				 n->subcode, r->code, r->subcode);
	}
}

static void path_down_is_told_in_the_words_of_bfd(void **state)
{
	(void)state;
	struct bgp_fsm fsm = fsm_in(BGP_ESTABLISHED, &plain);
	feed(&fsm, BGP_EV_PATH_DOWN, T0 + S);
	assert_string_equal(fsm.why, "BFD down");
	assert_true(bgp_fsm_retry_due(&fsm) > T0 + S && bgp_fsm_retry_due(&fsm) <= T0 + 2 * S);
}

/* RFC 4724: without a NOTIFICATION a peer may keep our routes. */
static void a_stop_without_a_word_sends_nothing(void **state)
{
	(void)state;
	static const struct {
		enum bgp_state in;
		const char *actions;
	} cases[] = { { BGP_IDLE, "" },
		      { BGP_CONNECT, "X" },
		      { BGP_OPENSENT, "L" },
		      { BGP_OPENCONFIRM, "L" },
		      { BGP_ESTABLISHED, "LD" } };
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char got[BGP_ACTIONS_MAX + 1];
		struct bgp_fsm fsm = fsm_in(cases[i].in, &plain);
		struct bgp_event ev = { .type = BGP_EV_STOP, .now = T0 };
		struct bgp_actions a;
		bgp_fsm_step(&fsm, &ev, &a);
		assert_string_equal(letters(&a, got), cases[i].actions);
		assert_int_equal(fsm.state, BGP_IDLE);
		assert_int_equal(bgp_fsm_deadline(&fsm), USEC_NEVER);
	}
}

static void connects_at_once_and_then_with_growing_waits(void **state)
{
	(void)state;
	static const span_t waits[] = { 1 * S, 2 * S, 4 * S, 8 * S, 10 * S, 10 * S };
	struct bgp_fsm fsm = fsm_in(BGP_CONNECT, &plain);
	mono_t now = T0;
	for (size_t i = 0; i < ARRAY_SIZE(waits); i++) {
		feed(&fsm, BGP_EV_TCP_FAILED, now);
		assert_int_equal(bgp_fsm_deadline(&fsm), now + waits[i]);
		now = bgp_fsm_deadline(&fsm);
		feed(&fsm, BGP_EV_TIMER, now);
		assert_int_equal(fsm.state, BGP_CONNECT);
	}
}

static void jitter_shortens_a_wait_by_a_quarter_at_most(void **state)
{
	(void)state;
	for (uint32_t random = 0; random < 4096; random += 13) {
		struct bgp_fsm fsm = fsm_in(BGP_CONNECT, &plain);
		struct bgp_event ev = make_event(BGP_EV_TCP_FAILED, T0);
		struct bgp_actions a;
		ev.random = random;
		bgp_fsm_step(&fsm, &ev, &a);
		assert_in_range(bgp_fsm_deadline(&fsm) - T0, 750 * USEC_PER_MSEC, S);
	}
}

/* One that ends at once is damped like an attempt that failed. */
static void a_session_that_lasts_resets_the_back_off(void **state)
{
	(void)state;
	static const struct {
		span_t lasts, wait;
	} cases[] = { { 1 * S, 10 * S }, { 10 * S, 1 * S } };
	for (size_t c = 0; c < 2; c++) {
		struct bgp_fsm fsm = fsm_in(BGP_CONNECT, &plain);
		for (int i = 0; i < 4; i++) {
			feed(&fsm, BGP_EV_TCP_FAILED, T0);
			feed(&fsm, BGP_EV_TIMER, bgp_fsm_deadline(&fsm));
		}
		feed(&fsm, BGP_EV_TCP_CONNECTED, T0);
		feed(&fsm, BGP_EV_OPEN, T0);
		feed(&fsm, BGP_EV_KEEPALIVE, T0);
		mono_t end = T0 + cases[c].lasts;
		feed(&fsm, BGP_EV_TCP_FAILED, end);
		assert_int_equal(bgp_fsm_deadline(&fsm), end + cases[c].wait);
	}
}

static void expect_attempt_to_last(const struct bgp_fsm_config *config, span_t span)
{
	struct bgp_fsm fsm = fsm_in(BGP_CONNECT, config);
	assert_int_equal(bgp_fsm_deadline(&fsm), T0 + span);
	struct bgp_actions a = feed(&fsm, BGP_EV_TIMER, T0 + span);
	char got[BGP_ACTIONS_MAX + 1];
	assert_string_equal(letters(&a, got), "X");
	assert_non_null(strstr(fsm.why, "no answer"));
}

static void an_unanswered_attempt_ends(void **state)
{
	(void)state;
	struct bgp_fsm_config config = plain;
	expect_attempt_to_last(&config, BGP_CONNECT_TIMEOUT);
	config.connect_timeout = 3 * S;
	expect_attempt_to_last(&config, 3 * S);
}

static void hold_timer_of_an_open_that_never_comes(void **state)
{
	(void)state;
	struct bgp_fsm fsm = fsm_in(BGP_OPENSENT, &plain);
	assert_int_equal(bgp_fsm_deadline(&fsm), T0 + BGP_OPEN_HOLD_TIME);
	struct bgp_actions a = feed(&fsm, BGP_EV_TIMER, T0 + BGP_OPEN_HOLD_TIME);
	assert_int_equal(a.items[0].notification.code, BGP_ERR_HOLD_TIMER);
}

static void hold_and_keepalive_are_negotiated(void **state)
{
	(void)state;
	struct bgp_fsm fsm = fsm_in(BGP_ESTABLISHED, &plain);
	assert_int_equal(fsm.negotiated.hold_time, 30); /* the smaller of 90 and 30 */
	assert_int_equal(fsm.negotiated.keepalive, 10);
	assert_int_equal(bgp_fsm_deadline(&fsm), T0 + 10 * S);
	char got[BGP_ACTIONS_MAX + 1];
	struct bgp_actions a = feed(&fsm, BGP_EV_TIMER, T0 + 10 * S);
	assert_string_equal(letters(&a, got), "K");
	a = feed(&fsm, BGP_EV_TIMER, T0 + 30 * S);
	assert_string_equal(letters(&a, got), "NXD");
	assert_int_equal(a.items[0].notification.code, BGP_ERR_HOLD_TIMER);
	assert_non_null(strstr(fsm.why, "nothing received for 30 s"));
}

static void a_keepalive_restarts_its_timer(void **state)
{
	(void)state;
	struct bgp_fsm fsm = fsm_in(BGP_ESTABLISHED, &plain);
	char got[BGP_ACTIONS_MAX + 1];
	mono_t first = bgp_fsm_deadline(&fsm);
	struct bgp_actions a = feed(&fsm, BGP_EV_TIMER, first);
	assert_string_equal(letters(&a, got), "K");
	assert_in_range(bgp_fsm_deadline(&fsm), first + 1, first + 10 * S);
	a = feed(&fsm, BGP_EV_TIMER, first);
	assert_string_equal(letters(&a, got), "");
}

static void received_messages_restart_the_hold_timer(void **state)
{
	(void)state;
	static const enum bgp_event_type heard[] = { BGP_EV_KEEPALIVE, BGP_EV_UPDATE };
	for (size_t i = 0; i < 2; i++) {
		struct bgp_fsm fsm = fsm_in(BGP_ESTABLISHED, &plain);
		feed(&fsm, heard[i], T0 + 29 * S);
		feed(&fsm, BGP_EV_TIMER, T0 + 30 * S);
		assert_int_equal(fsm.state, BGP_ESTABLISHED);
		feed(&fsm, BGP_EV_TIMER, T0 + 59 * S);
		assert_int_equal(fsm.state, BGP_IDLE);
	}
}

static void hold_time_zero_means_no_timers(void **state)
{
	(void)state;
	struct bgp_fsm_config config = plain;
	config.hold_time = 0;
	struct bgp_fsm fsm = fsm_in(BGP_ESTABLISHED, &config);
	assert_int_equal(bgp_fsm_deadline(&fsm), USEC_NEVER);
}

static void a_configured_keepalive_is_capped_by_a_third(void **state)
{
	(void)state;
	struct bgp_fsm_config config = plain;
	config.keepalive = 5 * S;
	assert_int_equal(fsm_in(BGP_ESTABLISHED, &config).negotiated.keepalive, 5);
	config.keepalive = 60 * S;
	assert_int_equal(fsm_in(BGP_ESTABLISHED, &config).negotiated.keepalive, 10);
}

/* RFC 9687 */
static void send_hold_timer_runs_while_nothing_is_taken(void **state)
{
	(void)state;
	struct bgp_fsm_config config = plain;
	config.hold_time = 0;
	config.send_hold_time = 20 * S;
	struct bgp_fsm fsm = fsm_in(BGP_ESTABLISHED, &config);
	feed(&fsm, BGP_EV_SEND_BLOCKED, T0);
	feed(&fsm, BGP_EV_SEND_BLOCKED, T0 + 5 * S); /* the first one counts */
	assert_int_equal(bgp_fsm_deadline(&fsm), T0 + 20 * S);
	feed(&fsm, BGP_EV_SEND_PROGRESS, T0 + 10 * S);
	assert_int_equal(bgp_fsm_deadline(&fsm), T0 + 30 * S);
	feed(&fsm, BGP_EV_SEND_DONE, T0 + 11 * S);
	assert_int_equal(bgp_fsm_deadline(&fsm), USEC_NEVER);
	feed(&fsm, BGP_EV_SEND_BLOCKED, T0 + 12 * S);
	struct bgp_actions a = feed(&fsm, BGP_EV_TIMER, T0 + 32 * S);
	assert_int_equal(a.items[0].notification.code, BGP_ERR_SEND_HOLD_TIMER);
	assert_int_equal(fsm.state, BGP_IDLE);
}

static void send_hold_time_defaults_to_eight_minutes_or_twice_the_hold_time(void **state)
{
	(void)state;
	struct bgp_fsm_config config = plain;
	struct bgp_open open = good_open;
	static const struct {
		uint16_t hold;
		mono_t expected;
	} cases[] = { { 30, 480 * S }, { 300, 600 * S } };
	for (size_t i = 0; i < 2; i++) {
		config.hold_time = cases[i].hold * S;
		open.hold_time = cases[i].hold;
		struct bgp_fsm fsm = fsm_in(BGP_OPENSENT, &config);
		struct bgp_event ev = { .type = BGP_EV_OPEN, .now = T0, .open = &open };
		struct bgp_actions a;
		bgp_fsm_step(&fsm, &ev, &a);
		feed(&fsm, BGP_EV_KEEPALIVE, T0);
		feed(&fsm, BGP_EV_SEND_BLOCKED, T0);
		assert_int_equal(fsm.send_hold_until, T0 + cases[i].expected);
	}
}

static void passive_waits_in_active(void **state)
{
	(void)state;
	struct bgp_fsm_config config = plain;
	config.passive = true;
	struct bgp_fsm fsm = fsm_in(BGP_IDLE, &config);
	struct bgp_actions a = feed(&fsm, BGP_EV_START, T0);
	assert_int_equal(a.n, 0);
	assert_int_equal(fsm.state, BGP_ACTIVE);
	assert_int_equal(bgp_fsm_deadline(&fsm), USEC_NEVER);
}

static void an_incoming_connection_ends_for_good(void **state)
{
	(void)state;
	struct bgp_fsm_config config = plain;
	config.incoming = true;
	struct bgp_fsm fsm = fsm_in(BGP_ESTABLISHED, &config);
	feed(&fsm, BGP_EV_TCP_FAILED, T0);
	assert_int_equal(fsm.state, BGP_IDLE);
	assert_int_equal(bgp_fsm_deadline(&fsm), USEC_NEVER);
}

/* A connection of the peer that is opening is waited for, but no longer than our own attempt. */
static void a_retry_is_held_back_for_a_while(void **state)
{
	(void)state;
	static const struct {
		mono_t until, due;
	} cases[] = {
		{ T0 + S / 2, T0 + 1 * S }, /* sooner than it is due anyway */
		{ T0 + 4 * S, T0 + 4 * S },
		{ T0 + 60 * S, T0 + 1 * S + BGP_CONNECT_TIMEOUT },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct bgp_fsm fsm = fsm_in(BGP_CONNECT, &plain);
		struct bgp_event ev = { .type = BGP_EV_DEFER, .now = T0, .until = cases[i].until };
		struct bgp_actions a;
		feed(&fsm, BGP_EV_TCP_FAILED, T0);
		bgp_fsm_step(&fsm, &ev, &a);
		assert_int_equal(a.n, 0);
		assert_int_equal(bgp_fsm_deadline(&fsm), cases[i].due);
		feed(&fsm, BGP_EV_TIMER, cases[i].due - 1);
		assert_int_equal(fsm.state, BGP_IDLE);
		feed(&fsm, BGP_EV_TIMER, cases[i].due);
		assert_int_equal(fsm.state, BGP_CONNECT);
		feed(&fsm, BGP_EV_TCP_FAILED, T0); /* and the next one is not */
		assert_int_equal(bgp_fsm_deadline(&fsm), T0 + 2 * S);
	}
}

static void an_idle_session_is_not_deferred(void **state)
{
	(void)state;
	struct bgp_fsm fsm = fsm_in(BGP_IDLE, &plain);
	struct bgp_event ev = { .type = BGP_EV_DEFER, .now = T0, .until = T0 + S };
	struct bgp_actions a;
	bgp_fsm_step(&fsm, &ev, &a);
	assert_int_equal(bgp_fsm_deadline(&fsm), USEC_NEVER);
}

static struct bgp_fsm incoming_that_waits(void)
{
	struct bgp_fsm_config config = plain;
	struct bgp_event ev = { .type = BGP_EV_START, .now = T0, .until = T0 + S };
	struct bgp_fsm fsm;
	struct bgp_actions a;
	config.incoming = true;
	bgp_fsm_init(&fsm, &config, T0);
	bgp_fsm_step(&fsm, &ev, &a);
	assert_int_equal(a.n, 0);
	assert_int_equal(fsm.state, BGP_ACTIVE);
	assert_int_equal(bgp_fsm_deadline(&fsm), T0 + S);
	return fsm;
}

/* Its socket is there although it is only in Active. */
static void an_incoming_connection_may_wait_with_its_open(void **state)
{
	(void)state;
	static const struct {
		enum bgp_event_type event;
		enum bgp_state to;
		const char *actions;
	} cases[] = {
		{ BGP_EV_TCP_CONNECTED, BGP_OPENSENT, "O" },
		{ BGP_EV_TCP_FAILED, BGP_IDLE, "X" },
		{ BGP_EV_STOP, BGP_IDLE, "NX" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char got[BGP_ACTIONS_MAX + 1];
		struct bgp_fsm fsm = incoming_that_waits();
		struct bgp_actions a = feed(&fsm, cases[i].event, T0);
		assert_string_equal(letters(&a, got), cases[i].actions);
		assert_int_equal(fsm.state, cases[i].to);
		assert_int_equal(fsm.open_at, USEC_NEVER);
	}
}

static void stop_cancels_a_retry(void **state)
{
	(void)state;
	struct bgp_fsm fsm = fsm_in(BGP_CONNECT, &plain);
	feed(&fsm, BGP_EV_TCP_FAILED, T0);
	feed(&fsm, BGP_EV_STOP, T0);
	assert_int_equal(bgp_fsm_deadline(&fsm), USEC_NEVER);
}

/* RFC 6608 section 4 */
static void an_unexpected_message_is_named(void **state)
{
	(void)state;
	static const struct {
		enum bgp_event_type event;
		uint8_t type;
	} cases[] = { { BGP_EV_UPDATE, BGP_MSG_UPDATE },
		      { BGP_EV_KEEPALIVE, BGP_MSG_KEEPALIVE },
		      { BGP_EV_REFRESH, BGP_MSG_ROUTE_REFRESH } };
	for (size_t i = 0; i < 3; i++) {
		struct bgp_fsm fsm = fsm_in(BGP_OPENSENT, &plain);
		struct bgp_actions a = feed(&fsm, cases[i].event, T0);
		const struct bgp_notification *n = &a.items[0].notification;
		assert_int_equal(n->data_len, 1);
		assert_int_equal(bgp_notification_data(n)[0], cases[i].type);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_state_answers_every_event),
		cmocka_unit_test(path_down_is_told_in_the_words_of_bfd),
		cmocka_unit_test(a_stop_without_a_word_sends_nothing),
		cmocka_unit_test(connects_at_once_and_then_with_growing_waits),
		cmocka_unit_test(jitter_shortens_a_wait_by_a_quarter_at_most),
		cmocka_unit_test(a_session_that_lasts_resets_the_back_off),
		cmocka_unit_test(an_unanswered_attempt_ends),
		cmocka_unit_test(hold_timer_of_an_open_that_never_comes),
		cmocka_unit_test(hold_and_keepalive_are_negotiated),
		cmocka_unit_test(a_keepalive_restarts_its_timer),
		cmocka_unit_test(received_messages_restart_the_hold_timer),
		cmocka_unit_test(hold_time_zero_means_no_timers),
		cmocka_unit_test(a_configured_keepalive_is_capped_by_a_third),
		cmocka_unit_test(send_hold_timer_runs_while_nothing_is_taken),
		cmocka_unit_test(send_hold_time_defaults_to_eight_minutes_or_twice_the_hold_time),
		cmocka_unit_test(passive_waits_in_active),
		cmocka_unit_test(an_incoming_connection_ends_for_good),
		cmocka_unit_test(a_retry_is_held_back_for_a_while),
		cmocka_unit_test(an_idle_session_is_not_deferred),
		cmocka_unit_test(an_incoming_connection_may_wait_with_its_open),
		cmocka_unit_test(stop_cancels_a_retry),
		cmocka_unit_test(an_unexpected_message_is_named),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
