/* SPDX-License-Identifier: MIT */
/* The state machine as a table: state, event, next state, actions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "bgp/fsm.h"
#include "lib/array.h"

#define S  USEC_PER_SEC
#define T0 (1000 * S)

static const struct bgp_fsm_config plain = {
	.local_as = 65001,
	.router_id = 0x0a000001,
	.peer_as = 65000,
	.hold_time = 90 * S,
	.connect_retry = 1 * S,
	.connect_retry_max = 10 * S,
};

static const struct bgp_open good_open = {
	.version = 4,
	.as = 65000,
	.hold_time = 30,
	.router_id = 0x0a000002,
	.has_capabilities = true,
	.four_octet_as = true,
	.multiprotocol = true,
	.ipv4_unicast = true,
};

static const struct bgp_notification cease = { .code = BGP_ERR_CEASE,
					       .subcode = BGP_ERR_CEASE_ADMIN_SHUTDOWN };
static const struct bgp_notification bfd_down = { .code = BGP_ERR_CEASE,
						  .subcode = BGP_ERR_CEASE_BFD_DOWN };
static const struct bgp_notification malformed = { .code = BGP_ERR_UPDATE,
						   .subcode = BGP_ERR_UPDATE_MALFORMED };

static struct bgp_event make_event(enum bgp_event_type type, mono_t now)
{
	struct bgp_event ev = { .type = type, .now = now };
	switch (type) {
	case BGP_EV_OPEN:
		ev.open = &good_open;
		break;
	case BGP_EV_STOP:
	case BGP_EV_NOTIFICATION:
		ev.notification = &cease;
		break;
	case BGP_EV_BROKEN:
		ev.notification = &malformed;
		break;
	case BGP_EV_TCP_FAILED:
		ev.text = "connection refused";
		break;
	case BGP_EV_PATH_DOWN:
		ev.notification = &bfd_down;
		ev.text = "BFD down";
		break;
	case BGP_EV_START:
	case BGP_EV_DEFER:
	case BGP_EV_TIMER:
	case BGP_EV_TCP_CONNECTED:
	case BGP_EV_KEEPALIVE:
	case BGP_EV_UPDATE:
	case BGP_EV_REFRESH:
	case BGP_EV_SEND_BLOCKED:
	case BGP_EV_SEND_PROGRESS:
	case BGP_EV_SEND_DONE:
		break;
	}
	return ev;
}

static struct bgp_actions feed(struct bgp_fsm *fsm, enum bgp_event_type type, mono_t now)
{
	struct bgp_event ev = make_event(type, now);
	struct bgp_actions actions;
	bgp_fsm_step(fsm, &ev, &actions);
	assert_int_equal(actions.to, fsm->state);
	return actions;
}

/* Walks the usual way to `state`. */
static struct bgp_fsm fsm_in(enum bgp_state state, const struct bgp_fsm_config *config)
{
	struct bgp_fsm fsm;
	bgp_fsm_init(&fsm, config, T0);
	if (state == BGP_IDLE)
		return fsm;
	feed(&fsm, BGP_EV_START, T0);
	if (state >= BGP_OPENSENT)
		feed(&fsm, BGP_EV_TCP_CONNECTED, T0);
	if (state >= BGP_OPENCONFIRM)
		feed(&fsm, BGP_EV_OPEN, T0);
	if (state >= BGP_ESTABLISHED)
		feed(&fsm, BGP_EV_KEEPALIVE, T0);
	assert_int_equal(fsm.state, state);
	return fsm;
}

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

static struct bgp_negotiated negotiate_graceful(bool ours, const struct bgp_graceful *theirs)
{
	struct bgp_fsm_config config = plain;
	config.graceful_restart = ours;
	config.restart_time = 120 * S;
	struct bgp_fsm fsm = fsm_in(BGP_OPENSENT, &config);
	struct bgp_open open = good_open;
	struct bgp_event ev = { .type = BGP_EV_OPEN, .now = T0, .open = &open };
	struct bgp_actions a;
	open.graceful = *theirs;
	bgp_fsm_step(&fsm, &ev, &a);
	assert_int_equal(fsm.state, BGP_OPENCONFIRM);
	return fsm.negotiated;
}

static void graceful_restart_needs_both(void **state)
{
	(void)state;
	static const struct bgp_graceful none = { 0 }, old = { .offered = true, .restart_time = 7 },
					 new = { .offered = true, .notification = true };
	struct bgp_negotiated n = negotiate_graceful(true, &none);
	assert_false(n.graceful_restart || n.graceful_notification || n.peer_graceful.offered);
	n = negotiate_graceful(false, &new);
	assert_false(n.graceful_restart || n.graceful_notification);
	assert_true(n.peer_graceful.offered);
	n = negotiate_graceful(true, &old);
	assert_true(n.graceful_restart && !n.graceful_notification);
	assert_int_equal(n.peer_graceful.restart_time, 7);
	n = negotiate_graceful(true, &new);
	assert_true(n.graceful_restart && n.graceful_notification);
}

static void graceful_restart_is_offered_when_configured(void **state)
{
	(void)state;
	struct bgp_fsm_config config = plain;
	struct bgp_fsm fsm = fsm_in(BGP_IDLE, &config);
	assert_false(bgp_fsm_open(&fsm).graceful.offered);
	config.graceful_restart = true;
	config.restart_time = 120 * S;
	fsm = fsm_in(BGP_IDLE, &config);
	struct bgp_graceful g = bgp_fsm_open(&fsm).graceful;
	assert_true(g.offered && g.notification && g.ipv4.listed && g.ipv6.listed);
	assert_int_equal(g.restart_time, 120);
	fsm.without_capabilities = true;
	assert_false(bgp_fsm_open(&fsm).graceful.offered);
}

/* RFC 9494 3: nothing without the capability of graceful restart. */
static void long_lived_restart_needs_graceful_restart_of_both(void **state)
{
	(void)state;
	struct bgp_fsm_config config = plain;
	config.long_lived_time = 3600 * S;
	struct bgp_fsm fsm = fsm_in(BGP_IDLE, &config);
	assert_false(bgp_fsm_open(&fsm).long_lived.offered);
	config.graceful_restart = true;
	config.restart_time = 120 * S;
	fsm = fsm_in(BGP_IDLE, &config);
	struct bgp_long_lived l = bgp_fsm_open(&fsm).long_lived;
	assert_true(l.offered && l.ipv4.listed && l.ipv6.listed);
	assert_int_equal(l.ipv4.stale_time, 3600);
	fsm.without_capabilities = true;
	assert_false(bgp_fsm_open(&fsm).long_lived.offered);
	for (unsigned offers = 0; offers < 4; offers++) {
		struct bgp_open open = good_open;
		struct bgp_event ev = { .type = BGP_EV_OPEN, .now = T0, .open = &open };
		struct bgp_actions a;
		fsm = fsm_in(BGP_OPENSENT, &config);
		open.graceful.offered = offers & 1;
		open.long_lived.offered = offers & 2;
		bgp_fsm_step(&fsm, &ev, &a);
		assert_int_equal(fsm.negotiated.long_lived, offers == 3);
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

/* A connection of the peer that is opening is waited for, but no longer than an attempt of ours. */
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

static void an_open_that_does_not_fit_is_refused_with_a_reason(void **state)
{
	(void)state;
	struct bgp_open wrong_as = good_open, our_id = good_open;
	wrong_as.as = 65010;
	our_id.router_id = plain.router_id;
	our_id.as = plain.local_as;
	struct bgp_fsm_config ibgp = plain;
	ibgp.peer_as = plain.local_as;
	const struct {
		const struct bgp_fsm_config *config;
		const struct bgp_open *open;
		uint8_t subcode;
		const char *why;
	} cases[] = {
		{ &plain, &wrong_as, BGP_ERR_OPEN_PEER_AS,
		  "the peer is AS 65010, configured is peer_as 65000" },
		{ &ibgp, &our_id, BGP_ERR_OPEN_IDENTIFIER, "router id" },
	};
	for (size_t i = 0; i < 2; i++) {
		struct bgp_fsm fsm = fsm_in(BGP_OPENSENT, cases[i].config);
		struct bgp_event ev = { .type = BGP_EV_OPEN, .now = T0, .open = cases[i].open };
		struct bgp_actions a;
		bgp_fsm_step(&fsm, &ev, &a);
		assert_int_equal(a.items[0].notification.code, BGP_ERR_OPEN);
		assert_int_equal(a.items[0].notification.subcode, cases[i].subcode);
		assert_non_null(strstr(fsm.why, cases[i].why));
		assert_int_equal(fsm.state, BGP_IDLE);
	}
}

static void feed_notification(struct bgp_fsm *fsm, uint8_t code, uint8_t subcode)
{
	struct bgp_notification n = { .code = code, .subcode = subcode };
	struct bgp_event ev = { .type = BGP_EV_NOTIFICATION, .now = T0, .notification = &n };
	struct bgp_actions a;
	bgp_fsm_step(fsm, &ev, &a);
}

/* RFC 5492 section 3: a peer that refuses optional parameters gets an OPEN without them, and with
 * them again if that does not help. */
static void capabilities_are_left_out_every_other_time(void **state)
{
	(void)state;
	struct bgp_fsm fsm = fsm_in(BGP_OPENSENT, &plain);
	for (int i = 0; i < 4; i++) {
		assert_int_equal(bgp_fsm_open(&fsm).has_capabilities, i % 2 == 0);
		assert_int_equal(bgp_fsm_open(&fsm).four_octet_as, i % 2 == 0);
		feed_notification(&fsm, BGP_ERR_OPEN, BGP_ERR_OPEN_OPT_PARAM);
		feed(&fsm, BGP_EV_TIMER, bgp_fsm_deadline(&fsm));
		feed(&fsm, BGP_EV_TCP_CONNECTED, T0);
	}
}

/* RFC 5492 section 5: that peer demands a capability, so leaving out all would never help. */
static void a_demanded_capability_changes_nothing(void **state)
{
	(void)state;
	struct bgp_fsm fsm = fsm_in(BGP_OPENSENT, &plain);
	feed_notification(&fsm, BGP_ERR_OPEN, BGP_ERR_OPEN_CAPABILITY);
	assert_true(bgp_fsm_open(&fsm).has_capabilities);
}

/* The peer may be another one when it comes back. */
static void a_new_session_offers_capabilities_again(void **state)
{
	(void)state;
	struct bgp_fsm fsm = fsm_in(BGP_OPENSENT, &plain);
	feed_notification(&fsm, BGP_ERR_OPEN, BGP_ERR_OPEN_OPT_PARAM);
	feed(&fsm, BGP_EV_TIMER, bgp_fsm_deadline(&fsm));
	feed(&fsm, BGP_EV_TCP_CONNECTED, T0);
	feed(&fsm, BGP_EV_OPEN, T0);
	feed(&fsm, BGP_EV_KEEPALIVE, T0);
	assert_false(bgp_fsm_open(&fsm).has_capabilities);
	feed(&fsm, BGP_EV_TCP_FAILED, T0);
	assert_true(bgp_fsm_open(&fsm).has_capabilities);
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

static void families_are_what_both_sides_said(void **state)
{
	(void)state;
	static const struct {
		bool multiprotocol, v4, v6, expect4, expect6;
	} cases[] = {
		{ false, false, false, true,
		  false }, /* no capability: IPv4 is meant (RFC 4760 8) */
		{ true, true, false, true, false },
		{ true, false, true, false, true },
		{ true, true, true, true, true },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct bgp_fsm fsm = fsm_in(BGP_OPENSENT, &plain);
		struct bgp_open open = good_open;
		struct bgp_event ev = { .type = BGP_EV_OPEN, .now = T0, .open = &open };
		struct bgp_actions a;
		open.multiprotocol = cases[i].multiprotocol;
		open.ipv4_unicast = cases[i].v4;
		open.ipv6_unicast = cases[i].v6;
		bgp_fsm_step(&fsm, &ev, &a);
		assert_int_equal(fsm.negotiated.ipv4_unicast, cases[i].expect4);
		assert_int_equal(fsm.negotiated.ipv6_unicast, cases[i].expect6);
	}
}

/* RFC 8950: over IPv6, where both sides said so, and with IPv4. */
static void an_ipv6_next_hop_takes_both_sides(void **state)
{
	(void)state;
	static const struct {
		bool over_ipv6, theirs;
		unsigned families;
		bool offered, negotiated;
	} cases[] = {
		{ true, true, 0, true, true },
		{ true, false, 0, true, false },
		{ false, true, 0, false, false },
		{ true, true, BGP_OFFER_IPV6, false, false },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct bgp_fsm_config config = plain;
		struct bgp_open open = good_open;
		struct bgp_event ev = { .type = BGP_EV_OPEN, .now = T0, .open = &open };
		struct bgp_actions a;
		config.extended_next_hop = cases[i].over_ipv6;
		config.families = cases[i].families;
		struct bgp_fsm fsm = fsm_in(BGP_OPENSENT, &config);
		open.extended_next_hop = cases[i].theirs;
		assert_int_equal(bgp_fsm_open(&fsm).extended_next_hop, cases[i].offered);
		bgp_fsm_step(&fsm, &ev, &a);
		assert_int_equal(fsm.negotiated.extended_next_hop, cases[i].negotiated);
	}
}

/* peer_as: external takes any AS but ours, also with an AS of the session's own. */
static void an_external_peer_is_not_of_our_as(void **state)
{
	(void)state;
	struct bgp_fsm_config config = plain;
	config.peer_as = 0;
	config.external = true;
	const uint32_t others[] = { 65003, 4200000000 };
	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		struct bgp_fsm fsm = fsm_in(BGP_OPENSENT, &config);
		struct bgp_open open = good_open;
		struct bgp_event ev = { .type = BGP_EV_OPEN, .now = T0, .open = &open };
		struct bgp_actions a;
		open.as = others[i];
		bgp_fsm_step(&fsm, &ev, &a);
		assert_int_equal(fsm.state, BGP_OPENCONFIRM);
		assert_false(fsm.negotiated.ibgp);
	}
	struct bgp_fsm fsm = fsm_in(BGP_OPENSENT, &config);
	struct bgp_open open = good_open;
	struct bgp_event ev = { .type = BGP_EV_OPEN, .now = T0, .open = &open };
	struct bgp_actions a;
	open.as = config.local_as;
	bgp_fsm_step(&fsm, &ev, &a);
	assert_int_equal(a.items[0].notification.subcode, BGP_ERR_OPEN_PEER_AS);
	assert_non_null(strstr(fsm.why, "external"));
}

/* RFC 9234 4.2: what the peer says, and what follows with each role of ours. */
static void roles_have_to_fit(void **state)
{
	(void)state;
	enum { UP = 1 << 0, STRICT = 1 << 1, IBGP = 1 << 2 };
	static const struct {
		enum bgp_role ours, theirs;
		unsigned flags;
		const char *why;
	} cases[] = {
		{ BGP_ROLE_CUSTOMER, BGP_ROLE_PROVIDER, UP, "" },
		{ BGP_ROLE_PROVIDER, BGP_ROLE_CUSTOMER, UP | STRICT, "" },
		{ BGP_ROLE_PEER, BGP_ROLE_PEER, UP, "" },
		{ BGP_ROLE_RS, BGP_ROLE_RS_CLIENT, UP, "" },
		{ BGP_ROLE_RS_CLIENT, BGP_ROLE_RS, UP, "" },
		{ BGP_ROLE_NONE, BGP_ROLE_PEER, UP, "" },
		{ BGP_ROLE_NONE, BGP_ROLE_CONTRADICTS, UP, "" },
		{ BGP_ROLE_NONE, BGP_ROLE_NONE, UP | STRICT, "" },
		{ BGP_ROLE_CUSTOMER, BGP_ROLE_NONE, UP, "" },
		{ BGP_ROLE_CUSTOMER, BGP_ROLE_PEER, UP | IBGP, "" },
		{ BGP_ROLE_CUSTOMER, BGP_ROLE_NONE, STRICT, "announces no BGP role" },
		{ BGP_ROLE_CUSTOMER, BGP_ROLE_CUSTOMER, 0,
		  "the peer's role is customer, ours is customer, expected provider" },
		{ BGP_ROLE_PEER, BGP_ROLE_PROVIDER, STRICT, "expected peer" },
		{ BGP_ROLE_RS, BGP_ROLE_CUSTOMER, 0, "expected rs-client" },
		{ BGP_ROLE_PEER, BGP_ROLE_UNKNOWN, 0, "the peer's role is unknown" },
		{ BGP_ROLE_PEER, BGP_ROLE_CONTRADICTS, 0, "the peer's role is contradictory" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct bgp_fsm_config config = plain;
		struct bgp_open open = good_open;
		struct bgp_event ev = { .type = BGP_EV_OPEN, .now = T0, .open = &open };
		struct bgp_actions a;
		config.role = cases[i].ours;
		config.role_strict = cases[i].flags & STRICT;
		open.role = cases[i].theirs;
		if (cases[i].flags & IBGP)
			config.peer_as = open.as = config.local_as;
		struct bgp_fsm fsm = fsm_in(BGP_OPENSENT, &config);
		bgp_fsm_step(&fsm, &ev, &a);
		const struct bgp_notification *n = &a.items[0].notification;
		bool rejected = a.to == BGP_IDLE && n->code == BGP_ERR_OPEN &&
				n->subcode == BGP_ERR_OPEN_ROLE && n->data_len == 0;
		if (cases[i].flags & UP ? a.to != BGP_OPENCONFIRM : !rejected)
			fail_msg("case %zu: state %d, %u/%u", i, a.to, n->code, n->subcode);
		if (!strstr(fsm.why, cases[i].why))
			fail_msg("case %zu: %s", i, fsm.why);
	}
}

static void a_role_is_offered_to_ebgp_peers_with_capabilities(void **state)
{
	(void)state;
	struct bgp_fsm_config config = plain;
	config.role = BGP_ROLE_CUSTOMER;
	struct bgp_fsm fsm = fsm_in(BGP_OPENSENT, &config);
	assert_int_equal(bgp_fsm_open(&fsm).role, BGP_ROLE_CUSTOMER);
	fsm.without_capabilities = true;
	assert_int_equal(bgp_fsm_open(&fsm).role, BGP_ROLE_NONE);
	config.peer_as = config.local_as;
	fsm = fsm_in(BGP_OPENSENT, &config);
	assert_int_equal(bgp_fsm_open(&fsm).role, BGP_ROLE_NONE);
}

/* RFC 9234 5: routes go out as "only to customers" sideways and downwards. */
static void otc_goes_to_customers_peers_and_clients(void **state)
{
	(void)state;
	assert_true(bgp_role_adds_otc(BGP_ROLE_PROVIDER));
	assert_true(bgp_role_adds_otc(BGP_ROLE_PEER));
	assert_true(bgp_role_adds_otc(BGP_ROLE_RS));
	assert_false(bgp_role_adds_otc(BGP_ROLE_CUSTOMER));
	assert_false(bgp_role_adds_otc(BGP_ROLE_RS_CLIENT));
	assert_false(bgp_role_adds_otc(BGP_ROLE_NONE));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_state_answers_every_event),
		cmocka_unit_test(path_down_is_told_in_the_words_of_bfd),
		cmocka_unit_test(a_stop_without_a_word_sends_nothing),
		cmocka_unit_test(graceful_restart_needs_both),
		cmocka_unit_test(graceful_restart_is_offered_when_configured),
		cmocka_unit_test(long_lived_restart_needs_graceful_restart_of_both),
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
		cmocka_unit_test(an_open_that_does_not_fit_is_refused_with_a_reason),
		cmocka_unit_test(capabilities_are_left_out_every_other_time),
		cmocka_unit_test(a_demanded_capability_changes_nothing),
		cmocka_unit_test(a_new_session_offers_capabilities_again),
		cmocka_unit_test(an_unexpected_message_is_named),
		cmocka_unit_test(families_are_what_both_sides_said),
		cmocka_unit_test(an_ipv6_next_hop_takes_both_sides),
		cmocka_unit_test(an_external_peer_is_not_of_our_as),
		cmocka_unit_test(roles_have_to_fit),
		cmocka_unit_test(a_role_is_offered_to_ebgp_peers_with_capabilities),
		cmocka_unit_test(otc_goes_to_customers_peers_and_clients),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
