/* SPDX-License-Identifier: MIT */
/* Orders of the operator for one peer: what the router sees of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "bgp/hint.h"
#include "bgp/notify.h"
#include "bgp/speaker.h"
#include "bgp/wire.h"
#include "tests/unit/loop_until.h"
#include "tests/unit/two_speakers.h"

#define RESTART_TIME 600 /* seconds; no test waits for it */

static struct prefix vip(uint32_t i)
{
	return (struct prefix){ .addr = addr_v4(0xc0000200 + i), .len = 32 };
}

static void announce(struct bed *b, uint32_t i)
{
	struct bgp_route route = { .prefix = vip(i) };
	bgp_speaker_announce(b->host.speaker, &route);
}

static bool got_one(void *userdata)
{
	return ((struct bed *)userdata)->router.announced > 0;
}

static bool router_down(void *userdata)
{
	return !((struct bed *)userdata)->router.up;
}

static bool both_up(void *userdata)
{
	const struct bed *b = userdata;
	return b->host.up && b->router.up;
}

static void be_graceful(struct side *s)
{
	s->peers[0].graceful_restart = true;
	s->peers[0].restart_time = RESTART_TIME * USEC_PER_SEC;
}

/* With a route announced; from here on the router's counts are of the order. */
static void start_announced(struct bed *b)
{
	start_both(b);
	loop_until(b->loop, both_up, b);
	announce(b, 1);
	loop_until(b->loop, got_one, b);
	bgp_speaker_restored(b->host.speaker);
	bgp_speaker_restored(b->router.speaker);
	loop_drain(b->loop);
	b->router.announced = b->router.withdrawn = b->router.end_of_rib = 0;
}

static bool refused_again(void *userdata)
{
	const struct bed *b = userdata;
	return status_of(&b->router).notice.count > 1;
}

/* The router comes to us: it connects again and again, and is told the same each time. */
static void a_disabled_peer_stays_down_and_is_refused(void **state)
{
	struct bed *b = *state;
	b->host.config.listen = true;
	b->router.peers[0].passive = false;
	start_announced(b);
	mono_t born = status_of(&b->host).admin_since;
	bgp_speaker_disable(b->host.speaker, 0, "new line cards");
	struct bgp_peer_status s = status_of(&b->host);
	assert_true(s.disabled);
	mono_t disabled_at = s.admin_since;
	assert_true(disabled_at > born);
	assert_int_equal(s.next_hop_since[0], USEC_NEVER);
	assert_int_equal(s.state, BGP_IDLE);
	assert_int_equal(s.retry_at, USEC_NEVER);
	assert_string_equal(s.disabled_text, "new line cards");
	assert_string_equal(s.last_error, "disabled by the operator: new line cards");
	assert_ptr_equal(s.hint, bgp_hint_disabled());
	assert_string_equal(b->host.last_error, s.last_error); /* it was reported so */
	loop_until(b->loop, router_down, b);
	loop_until(b->loop, refused_again, b);
	assert_string_equal(
		b->router.last_error,
		"received NOTIFICATION Cease/Administrative Shutdown: \"new line cards\"");
	assert_int_equal(status_of(&b->host).sessions, 1);
	/* Another text does not begin it anew. */
	bgp_speaker_disable(b->host.speaker, 0, "still");
	assert_int_equal(status_of(&b->host).admin_since, disabled_at);
	bgp_speaker_enable(b->host.speaker, 0);
	loop_until(b->loop, both_up, b);
	loop_until(b->loop, got_one, b);
	s = status_of(&b->host);
	assert_false(s.disabled);
	assert_true(s.admin_since > disabled_at && s.next_hop_since[0] > s.admin_since);
	assert_string_equal(s.last_error, "");
	assert_int_equal(s.sessions, 2);
}

static void a_text_is_cut_where_a_shutdown_communication_ends(void **state)
{
	struct bed *b = *state;
	char text[2 * BGP_SHUTDOWN_TEXT_MAX + 1] = "";
	for (size_t i = 0; i < BGP_SHUTDOWN_TEXT_MAX; i++)
		snprintf(text + 2 * i, sizeof(text) - 2 * i, "ü");
	start_announced(b);
	bgp_speaker_disable(b->host.speaker, 0, text);
	assert_int_equal(strlen(status_of(&b->host).disabled_text), 254);
	assert_memory_equal(status_of(&b->host).disabled_text, text, 254);
	loop_until(b->loop, router_down, b);
	assert_int_equal(status_of(&b->router).notice.data_len, 255);
	bgp_speaker_disable(b->host.speaker, 0, "");
	assert_string_equal(status_of(&b->host).last_error, "disabled by the operator");
}

static void disabling_is_a_hard_reset_where_routes_would_be_kept(void **state)
{
	struct bed *b = *state;
	be_graceful(&b->host);
	be_graceful(&b->router);
	start_announced(b);
	bgp_speaker_disable(b->host.speaker, 0, "bye");
	loop_until(b->loop, router_down, b);
	assert_string_equal(b->router.last_error, "received NOTIFICATION Cease/Hard Reset: "
						  "Cease/Administrative Shutdown: \"bye\"");
}

static bool is_flushed(void *userdata)
{
	return ((struct bed *)userdata)->done;
}

static void on_flushed(bool complete, void *userdata)
{
	struct bed *b = userdata;
	b->done = true;
	b->complete = complete;
}

/* The router has dropped its routes: a withdrawal has not to wait for its restart time. */
static void a_disabled_peer_is_not_waited_for(void **state)
{
	struct bed *b = *state;
	be_graceful(&b->host);
	be_graceful(&b->router);
	start_announced(b);
	bgp_speaker_disable(b->host.speaker, 0, "");
	const struct prefix p = vip(1);
	bgp_speaker_withdraw(b->host.speaker, &p, NULL);
	mono_t limit = loop_clock() + LOOP_UNTIL_LIMIT;
	struct bgp_flush *f = bgp_speaker_flush(b->host.speaker, limit, on_flushed, b);
	loop_until(b->loop, is_flushed, b);
	bgp_flush_free(f);
	assert_true(b->complete);
}

static void it_may_be_disabled_from_the_start(void **state)
{
	struct bed *b = *state;
	be_graceful(&b->host);
	b->host.peers[0].disabled = true;
	b->host.peers[0].disabled_text = "since yesterday";
	start_both(b);
	loop_drain(b->loop);
	struct bgp_peer_status s = status_of(&b->host);
	assert_true(s.disabled);
	assert_int_equal(s.state, BGP_IDLE);
	assert_string_equal(s.last_error, "disabled by the operator: since yesterday");
	/* After a restart, the others are sent End-of-RIB when all is restored; so is this one. */
	bgp_speaker_enable(b->host.speaker, 0);
	loop_until(b->loop, both_up, b);
	assert_false(status_of(&b->host).restarting);
}

/* Another configuration does not touch what the operator has ordered. */
static void a_change_of_the_configuration_leaves_it_disabled(void **state)
{
	struct bed *b = *state;
	struct err err = { "" };
	start_announced(b);
	bgp_speaker_disable(b->host.speaker, 0, "stay");
	b->host.peers[0].hold_time = 60 * USEC_PER_SEC;
	b->host.config.peers = b->host.peers;
	assert_int_equal(bgp_speaker_change(b->host.speaker, &b->host.config, &err), 0);
	struct bgp_peer_status s = status_of(&b->host);
	assert_true(s.disabled);
	assert_int_equal(s.state, BGP_IDLE);
	assert_int_equal(s.retry_at, USEC_NEVER);
	assert_string_equal(s.last_error, "disabled by the operator: stay");
	bgp_speaker_enable(b->host.speaker, 0);
	b->router.announced = 0;
	loop_until(b->loop, got_one, b);
	assert_int_equal(status_of(&b->host).hold_time, 60);
}

static void a_stop_and_its_end_leave_it_disabled(void **state)
{
	struct bed *b = *state;
	be_graceful(&b->host);
	be_graceful(&b->router);
	start_announced(b);
	bgp_speaker_disable(b->host.speaker, 0, "");
	bgp_speaker_leave(b->host.speaker, NULL, loop_clock() + USEC_PER_SEC, on_flushed, b);
	bgp_speaker_return(b->host.speaker);
	assert_int_equal(status_of(&b->host).state, BGP_IDLE);
	assert_int_equal(status_of(&b->host).retry_at, USEC_NEVER);
}

static void a_reset_connects_at_once(void **state)
{
	struct bed *b = *state;
	start_announced(b);
	bgp_speaker_reset(b->host.speaker, 0, "try again", false);
	assert_int_equal(status_of(&b->host).state, BGP_CONNECT);
	assert_string_equal(b->host.last_error, "reset by the operator: try again");
	loop_until(b->loop, got_one, b);
	assert_int_equal(status_of(&b->host).sessions, 2);
	struct bgp_notice notice = status_of(&b->router).notice;
	char text[BGP_NOTIFICATION_TEXT_MAX];
	const struct bgp_notification n = bgp_notice_message(&notice);
	assert_string_equal(bgp_notification_text(&n, text, sizeof(text)),
			    "Cease/Administrative Reset: \"try again\"");
}

/* An attempt that is due in an hour. */
static void a_reset_without_a_session_connects_at_once(void **state)
{
	struct bed *b = *state;
	b->host.peers[0].connect_retry = b->host.peers[0].connect_retry_max = 3600 * USEC_PER_SEC;
	start(b, &b->host);
	while (status_of(&b->host).retry_at == USEC_NEVER)
		assert_true(sd_event_run(b->loop, UINT64_MAX) >= 0);
	start(b, &b->router);
	bgp_speaker_reset(b->host.speaker, 0, NULL, false);
	loop_until(b->loop, both_up, b);
}

static void reset_with(struct bed *b, bool hard, uint8_t subcode)
{
	be_graceful(&b->host);
	be_graceful(&b->router);
	start_announced(b);
	bgp_speaker_reset(b->host.speaker, 0, "", hard);
	loop_until(b->loop, got_one, b);
	assert_int_equal(status_of(&b->router).notice.subcode, subcode);
}

static void a_reset_lets_the_router_keep_the_routes(void **state)
{
	reset_with(*state, false, BGP_ERR_CEASE_ADMIN_RESET);
}

static void unless_it_is_hard(void **state)
{
	reset_with(*state, true, BGP_ERR_CEASE_HARD_RESET);
}

static void a_refresh_sends_all_again(void **state)
{
	struct bed *b = *state;
	start(b, &b->host);
	assert_false(bgp_speaker_refresh(b->host.speaker, 0));
	start(b, &b->router);
	loop_until(b->loop, both_up, b);
	announce(b, 1);
	loop_until(b->loop, got_one, b);
	loop_drain(b->loop);
	b->router.announced = 0;
	assert_true(bgp_speaker_refresh(b->host.speaker, 0));
	loop_until(b->loop, got_one, b);
	assert_int_equal(b->router.announced, 1);
	assert_int_equal(status_of(&b->host).sessions, 1);
	/* BoRR and EoRR of both families (RFC 7313) */
	assert_int_equal(status_of(&b->host).sent.refresh, 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_disabled_peer_stays_down_and_is_refused, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_text_is_cut_where_a_shutdown_communication_ends,
						setup, teardown),
		cmocka_unit_test_setup_teardown(
			disabling_is_a_hard_reset_where_routes_would_be_kept, setup, teardown),
		cmocka_unit_test_setup_teardown(a_disabled_peer_is_not_waited_for, setup, teardown),
		cmocka_unit_test_setup_teardown(it_may_be_disabled_from_the_start, setup, teardown),
		cmocka_unit_test_setup_teardown(a_change_of_the_configuration_leaves_it_disabled,
						setup, teardown),
		cmocka_unit_test_setup_teardown(a_stop_and_its_end_leave_it_disabled, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_reset_connects_at_once, setup, teardown),
		cmocka_unit_test_setup_teardown(a_reset_without_a_session_connects_at_once, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_reset_lets_the_router_keep_the_routes, setup,
						teardown),
		cmocka_unit_test_setup_teardown(unless_it_is_hard, setup, teardown),
		cmocka_unit_test_setup_teardown(a_refresh_sends_all_again, setup, teardown),
	};
	own_netns_enter();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
