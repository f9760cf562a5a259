/* SPDX-License-Identifier: MIT */
/* Sessions and routes between two speakers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bgp/speaker.h"
#include "bgp/update.h"
#include "lib/mem.h"
#include "process/loop.h"
#include "tests/unit/loop_until.h"
#include "tests/unit/two_speakers.h"

static bool both_up(void *userdata)
{
	struct bed *b = userdata;
	return b->host.up && b->router.up;
}

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

static bool lost_one(void *userdata)
{
	return ((struct bed *)userdata)->router.withdrawn > 0;
}

static void on_done(bool complete, void *userdata)
{
	struct bed *b = userdata;
	b->done = true;
	b->complete = complete;
}

static bool is_done(void *userdata)
{
	return ((struct bed *)userdata)->done;
}

static bool host_failed(void *userdata)
{
	return ((struct bed *)userdata)->host.last_error[0] != 0;
}

static void announces_withdraws_and_says_goodbye(void **state)
{
	struct bed *b = *state;
	start_both(b);
	loop_until(b->loop, both_up, b);
	announce(b, 1);
	struct prefix p = vip(1);
	assert_int_equal(bgp_speaker_route_state(b->host.speaker, 0, &p), BGP_ROUTE_PENDING);
	loop_until(b->loop, got_one, b);
	assert_int_equal(bgp_speaker_route_state(b->host.speaker, 0, &p), BGP_ROUTE_SENT);
	bgp_speaker_withdraw(b->host.speaker, &p, NULL);
	struct bgp_flush *f =
		bgp_speaker_flush(b->host.speaker, loop_clock() + USEC_PER_SEC, on_done, b);
	loop_until(b->loop, is_done, b);
	assert_true(b->complete);
	bgp_flush_free(f);
	loop_until(b->loop, lost_one, b);
	b->done = false;
	bgp_speaker_stop(b->host.speaker, "maintenance", loop_clock() + USEC_PER_SEC, on_done, b);
	loop_until(b->loop, is_done, b);
	assert_non_null(strstr(b->router.last_error, "Administrative Shutdown"));
	assert_non_null(strstr(b->router.last_error, "maintenance"));
}

struct busy {
	struct bed *bed;
	sd_event_source *work;
	size_t told; /* when the flush ended */
};

static int go_on(sd_event_source *source, void *userdata)
{
	struct busy *b = userdata;
	(void)source;
	loop_defer(b->bed->loop, &b->work, LOOP_APPLY, go_on, b);
	return 0;
}

static void on_flushed(bool complete, void *userdata)
{
	struct busy *b = userdata;
	b->told = b->bed->host.told_withdrawn;
	on_done(complete, b->bed);
}

/* The removal of the address, which comes then, is to be told after the withdrawal. */
static void a_busy_loop_tells_of_what_was_sent_before_a_flush_ends(void **state)
{
	struct busy b = { .bed = *state };
	struct prefix one = vip(1);
	start_both(b.bed);
	loop_until(b.bed->loop, both_up, b.bed);
	announce(b.bed, 1);
	loop_until(b.bed->loop, got_one, b.bed);
	go_on(NULL, &b);
	bgp_speaker_withdraw(b.bed->host.speaker, &one, NULL);
	struct bgp_flush *f = bgp_speaker_flush(b.bed->host.speaker, USEC_NEVER, on_flushed, &b);
	loop_until(b.bed->loop, is_done, b.bed);
	assert_int_equal(b.told, 1);
	bgp_flush_free(f);
	sd_event_source_disable_unref(b.work);
}

static void sends_routes_known_before_the_session(void **state)
{
	struct bed *b = *state;
	start_both(b);
	for (uint32_t i = 0; i < 200; i++)
		announce(b, i);
	loop_until(b->loop, got_one, b);
	assert_int_equal(b->router.announced, 200);
	assert_int_equal(status_of(&b->host).routes_sent, 200);
}

static bool all_counted(void *userdata)
{
	struct bed *b = userdata;
	return bgp_speaker_count_routes(b->host.speaker).sent == 2;
}

static void announce_for(struct bed *b, uint32_t i, const char *peer)
{
	struct bgp_peer_filter filter = { 0 };
	bgp_peer_refs_add(&filter.only, peer);
	struct bgp_route route = { .prefix = vip(i), .filter = bgp_peer_filter_copy(&filter) };
	bgp_speaker_announce(b->host.speaker, &route);
	bgp_peer_filter_free((struct bgp_peer_filter *)route.filter);
	free(filter.only.items[0].text);
	free(filter.only.items);
}

/* Each in one count at most; aggregates are in none. The first of the peers is down all the
 * time. */
static void counts_routes(void **state)
{
	struct bed *b = *state;
	const struct bgp_route suppressed = { .prefix = vip(3), .suppressed = true },
			       aggregate = { .prefix = { .addr = addr_v4(0xc0000200), .len = 24 },
					     .aggregate = true },
			       other = { .prefix = { .addr = { AF_INET6, { 0x20, 1 } },
						     .len = 64 } };
	b->host.peers[b->host.n_peers++] = b->host.peers[0];
	b->host.peers[0].addr = addr_v4(0x7f000003);
	start_both(b);
	announce(b, 1);
	announce_for(b, 2, "127.0.0.2");
	announce_for(b, 4, "127.0.0.3");
	bgp_speaker_announce(b->host.speaker, &suppressed);
	bgp_speaker_announce(b->host.speaker, &aggregate);
	bgp_speaker_announce(b->host.speaker, &other);
	struct bgp_route_counts c = bgp_speaker_count_routes(b->host.speaker);
	assert_int_equal(c.sent, 0);
	assert_int_equal(c.suppressed, 1);
	assert_int_equal(c.refused, 0);
	loop_until(b->loop, all_counted, b);
	c = bgp_speaker_count_routes(b->host.speaker);
	assert_int_equal(c.suppressed, 1);
	assert_int_equal(c.refused, 1);
	announce_for(b, 5, "127.0.0.4"); /* for no peer */
	assert_int_equal(bgp_speaker_count_routes(b->host.speaker).refused, 2);
}

static bool host_tried(void *userdata)
{
	struct bed *b = userdata;
	return strstr(b->host.last_error, "refused") != NULL;
}

static void connects_when_the_router_comes_later(void **state)
{
	struct bed *b = *state;
	start(b, &b->host);
	loop_until(b->loop, host_tried, b);
	start(b, &b->router);
	loop_until(b->loop, both_up, b);
	assert_int_equal(status_of(&b->host).state, BGP_ESTABLISHED);
}

static bool host_down(void *userdata)
{
	return !((struct bed *)userdata)->host.up;
}

static void comes_back_after_the_router_died(void **state)
{
	struct bed *b = *state;
	start_both(b);
	announce(b, 1);
	loop_until(b->loop, got_one, b);
	bgp_speaker_free(b->router.speaker);
	b->router.speaker = NULL;
	loop_until(b->loop, host_down, b);
	b->router.announced = 0;
	start(b, &b->router);
	loop_until(b->loop, got_one, b);
	assert_int_equal(status_of(&b->host).sessions, 2);
}

static void both_connect_and_one_session_stays(void **state)
{
	struct bed *b = *state;
	b->router.peers[0].passive = false;
	b->host.config.listen = true;
	start_both(b);
	announce(b, 1);
	loop_until(b->loop, got_one, b);
	loop_drain(b->loop);
	assert_true(both_up(b));
	assert_int_equal(status_of(&b->host).sessions, 1);
	assert_int_equal(status_of(&b->router).sessions, 1);
}

static void passwords_that_match_connect(void **state)
{
	struct bed *b = *state;
	b->host.peers[0].password = b->router.peers[0].password = "s3cret";
	start_both(b);
	loop_until(b->loop, both_up, b);
}

static void a_wrong_password_is_silence_with_a_hint(void **state)
{
	struct bed *b = *state;
	b->host.peers[0].password = "one";
	b->router.peers[0].password = "other";
	b->host.peers[0].connect_timeout = 50 * USEC_PER_MSEC;
	start_both(b);
	loop_until(b->loop, host_failed, b);
	assert_non_null(strstr(status_of(&b->host).hint, "password"));
}

static void ttl_security_connects(void **state)
{
	struct bed *b = *state;
	b->host.peers[0].ttl_security = b->router.peers[0].ttl_security = true;
	start_both(b);
	loop_until(b->loop, both_up, b);
	assert_int_equal(status_of(&b->host).ttl, 255);
}

static void a_wrong_as_is_named(void **state)
{
	struct bed *b = *state;
	b->host.peers[0].peer_as = 65009;
	start_both(b);
	loop_until(b->loop, host_failed, b);
	assert_non_null(strstr(b->host.last_error, "AS 65000"));
}

static void a_source_that_is_not_ours_is_named(void **state)
{
	struct bed *b = *state;
	b->host.peers[0].local_ip = addr_v4(0xc6336401);
	start_both(b);
	loop_until(b->loop, host_failed, b);
	assert_non_null(strstr(b->host.last_error, "198.51.100.1"));
}

static void one_dead_peer_does_not_hold_up_another(void **state)
{
	struct bed *b = *state;
	b->host.peers[b->host.n_peers++] = peer_of(0x7f000009, 65000, HOST); /* refuses */
	start_both(b);
	announce(b, 1);
	loop_until(b->loop, got_one, b);
}

static void a_listener_on_a_taken_port_says_so(void **state)
{
	struct bed *b = *state;
	struct bgp_speaker *second = NULL;
	struct err err;
	start(b, &b->router);
	assert_int_equal(bgp_speaker_new(b->loop, &b->router.config, &ops, NULL, &second, &err),
			 -EADDRINUSE);
	assert_non_null(strstr(err.text, "127.0.0.2:1179"));
}

/* ---- graceful restart ---- */

#define RESTART_TIME 600 /* seconds; no test waits for it */

static void be_graceful(struct side *s)
{
	s->peers[0].graceful_restart = true;
	s->peers[0].restart_time = RESTART_TIME * USEC_PER_SEC;
}

static bool got_end_of_rib(void *userdata)
{
	return ((struct bed *)userdata)->router.end_of_rib == 2;
}

static void end_of_rib_waits_until_all_is_restored(void **state)
{
	struct bed *b = *state;
	be_graceful(&b->host);
	be_graceful(&b->router);
	b->host.config.forwarding_ipv4 = true;
	start_both(b);
	bgp_speaker_restored(b->router.speaker);
	loop_until(b->loop, both_up, b);
	announce(b, 1);
	loop_until(b->loop, got_one, b);
	struct bgp_peer_status s = status_of(&b->host);
	assert_true(s.graceful_restart && s.graceful_notification && s.restarting);
	assert_true(s.end_of_rib_deferred);
	assert_int_equal(b->router.end_of_rib, 0);
	struct bgp_graceful offer = status_of(&b->router).peer_graceful;
	assert_true(offer.restarting && offer.ipv4.forwarding && !offer.ipv6.forwarding);
	assert_int_equal(offer.restart_time, RESTART_TIME);
	bgp_speaker_restored(b->host.speaker);
	loop_until(b->loop, got_end_of_rib, b);
	s = status_of(&b->host);
	assert_false(s.restarting || s.end_of_rib_deferred);
}

static void end_of_rib_comes_when_the_restart_time_is_over(void **state)
{
	struct bed *b = *state;
	be_graceful(&b->host);
	be_graceful(&b->router);
	b->host.peers[0].restart_time = USEC_PER_SEC;
	start_both(b);
	loop_until(b->loop, got_end_of_rib, b); /* and nothing was said to be restored */
	assert_false(status_of(&b->host).restarting);
}

/* The router dies and comes back: it is told that we did not restart, and that we went on
 * forwarding, although the previous instance left nothing. */
static void a_lost_session_is_no_restart(void **state)
{
	struct bed *b = *state;
	be_graceful(&b->host);
	be_graceful(&b->router);
	start_both(b);
	loop_until(b->loop, both_up, b);
	assert_false(status_of(&b->router).peer_graceful.ipv4.forwarding);
	bgp_speaker_restored(b->host.speaker);
	loop_until(b->loop, got_end_of_rib, b);
	bgp_speaker_free(b->router.speaker);
	b->router.up = false;
	b->router.end_of_rib = 0;
	start(b, &b->router);
	loop_until(b->loop, both_up, b);
	struct bgp_graceful offer = status_of(&b->router).peer_graceful;
	assert_true(!offer.restarting && offer.ipv4.forwarding && offer.ipv6.forwarding);
	loop_until(b->loop, got_end_of_rib, b);
}

static void a_peer_without_graceful_restart_gets_end_of_rib_at_once(void **state)
{
	struct bed *b = *state;
	be_graceful(&b->host);
	start_both(b);
	loop_until(b->loop, got_end_of_rib, b);
	assert_true(status_of(&b->host).state == BGP_ESTABLISHED);
	assert_false(status_of(&b->host).graceful_restart);
	assert_true(status_of(&b->router).peer_graceful.offered);
}

typedef void end_speaker(struct bgp_speaker *s, const char *text, mono_t deadline,
			 bgp_flushed_cb *done, void *userdata);

static void expect_heard(struct bed *b, end_speaker *end, const char *heard)
{
	start_both(b);
	loop_until(b->loop, both_up, b);
	end(b->host.speaker, "bye", loop_clock() + USEC_PER_SEC, on_done, b);
	loop_until(b->loop, is_done, b);
	assert_string_equal(b->router.last_error, heard);
}

static void a_stop_is_a_hard_reset(void **state)
{
	struct bed *b = *state;
	be_graceful(&b->host);
	be_graceful(&b->router);
	expect_heard(b, bgp_speaker_stop,
		     "received NOTIFICATION Cease/Hard Reset: Cease/Administrative Shutdown: "
		     "\"bye\"");
}

static void a_stop_is_a_plain_cease_where_it_was_not_negotiated(void **state)
{
	struct bed *b = *state;
	be_graceful(&b->host);
	expect_heard(b, bgp_speaker_stop,
		     "received NOTIFICATION Cease/Administrative Shutdown: \"bye\"");
}

static void leaving_is_no_hard_reset(void **state)
{
	struct bed *b = *state;
	be_graceful(&b->host);
	be_graceful(&b->router);
	expect_heard(b, bgp_speaker_leave,
		     "received NOTIFICATION Cease/Administrative Reset: \"bye\"");
}

static void leaving_where_it_was_not_negotiated(void **state)
{
	struct bed *b = *state;
	be_graceful(&b->router);
	expect_heard(b, bgp_speaker_leave,
		     "received NOTIFICATION Cease/Administrative Reset: \"bye\"");
}

static bool router_down(void *userdata)
{
	struct bed *b = userdata;
	return status_of(&b->router).state != BGP_ESTABLISHED;
}

/* The router keeps the route, and gets End-of-RIB without it on a new session. */
static void returns_after_leaving_to_withdraw(void **state)
{
	struct bed *b = *state;
	be_graceful(&b->host);
	be_graceful(&b->router);
	start_both(b);
	bgp_speaker_restored(b->host.speaker);
	announce(b, 1);
	loop_until(b->loop, got_one, b);
	bgp_speaker_leave(b->host.speaker, "bye", USEC_NEVER, on_done, b);
	loop_until(b->loop, router_down, b);
	struct prefix one = vip(1);
	bgp_speaker_withdraw(b->host.speaker, &one, NULL);
	bgp_speaker_return(b->host.speaker);
	b->router.end_of_rib = 0;
	b->done = false;
	struct bgp_flush *f = bgp_speaker_flush(b->host.speaker, USEC_NEVER, on_done, b);
	loop_until(b->loop, is_done, b);
	bgp_flush_free(f);
	loop_until(b->loop, got_end_of_rib, b);
	assert_true(b->complete);
	assert_int_equal(b->router.announced, 1);
	assert_true(status_of(&b->router).state == BGP_ESTABLISHED);
}

/* The router does not answer, and a previous instance may have announced something. */
static bool flush_completes(struct bed *b, span_t restart_time, span_t limit)
{
	be_graceful(&b->host);
	b->host.peers[0].restart_time = restart_time;
	start(b, &b->host);
	struct bgp_flush *f = bgp_speaker_flush(b->host.speaker, loop_clock() + limit, on_done, b);
	loop_until(b->loop, is_done, b);
	bgp_flush_free(f);
	return b->complete;
}

static void a_flush_waits_for_a_peer_that_may_hold_routes(void **state)
{
	assert_false(flush_completes(*state, RESTART_TIME * USEC_PER_SEC, 50 * USEC_PER_MSEC));
}

static void a_flush_ends_when_no_peer_can_hold_routes_any_more(void **state)
{
	assert_true(flush_completes(*state, USEC_PER_SEC, RESTART_TIME * USEC_PER_SEC));
}

static void unconfigured_peers_come_and_go(void **state)
{
	struct bed *b = *state;
	b->router.config.accept_any = true;
	b->router.n_peers = 0;
	start_both(b);
	announce(b, 1);
	loop_until(b->loop, got_one, b);
	assert_int_equal(bgp_speaker_n_peers(b->router.speaker), 1);
	bgp_speaker_free(b->host.speaker);
	b->host.speaker = NULL;
	while (bgp_speaker_n_peers(b->router.speaker) > 0)
		sd_event_run(b->loop, UINT64_MAX);
}

#define SPEAKER_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	own_netns_enter();
	const struct CMUnitTest tests[] = {
		SPEAKER_TEST(announces_withdraws_and_says_goodbye),
		SPEAKER_TEST(a_busy_loop_tells_of_what_was_sent_before_a_flush_ends),
		SPEAKER_TEST(sends_routes_known_before_the_session),
		SPEAKER_TEST(counts_routes),
		SPEAKER_TEST(connects_when_the_router_comes_later),
		SPEAKER_TEST(comes_back_after_the_router_died),
		SPEAKER_TEST(both_connect_and_one_session_stays),
		SPEAKER_TEST(passwords_that_match_connect),
		SPEAKER_TEST(a_wrong_password_is_silence_with_a_hint),
		SPEAKER_TEST(ttl_security_connects),
		SPEAKER_TEST(a_wrong_as_is_named),
		SPEAKER_TEST(a_source_that_is_not_ours_is_named),
		SPEAKER_TEST(one_dead_peer_does_not_hold_up_another),
		SPEAKER_TEST(a_listener_on_a_taken_port_says_so),
		SPEAKER_TEST(end_of_rib_waits_until_all_is_restored),
		SPEAKER_TEST(end_of_rib_comes_when_the_restart_time_is_over),
		SPEAKER_TEST(a_lost_session_is_no_restart),
		SPEAKER_TEST(a_peer_without_graceful_restart_gets_end_of_rib_at_once),
		SPEAKER_TEST(a_stop_is_a_hard_reset),
		SPEAKER_TEST(a_stop_is_a_plain_cease_where_it_was_not_negotiated),
		SPEAKER_TEST(leaving_is_no_hard_reset),
		SPEAKER_TEST(leaving_where_it_was_not_negotiated),
		SPEAKER_TEST(returns_after_leaving_to_withdraw),
		SPEAKER_TEST(a_flush_waits_for_a_peer_that_may_hold_routes),
		SPEAKER_TEST(a_flush_ends_when_no_peer_can_hold_routes_any_more),
		SPEAKER_TEST(unconfigured_peers_come_and_go),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
