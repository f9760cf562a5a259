/* SPDX-License-Identifier: MIT */
/* Another configuration while the speaker runs: what the router sees of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <string.h>

#include <cmocka.h>

#include "bgp/speaker.h"
#include "bgp/update.h"
#include "bgp/wire.h"
#include "lib/mem.h"
#include "tests/unit/loop_until.h"
#include "tests/unit/two_speakers.h"

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

static int change(struct bed *b)
{
	struct err err = { "" };
	b->host.config.peers = b->host.peers;
	b->host.config.n_peers = b->host.n_peers;
	return bgp_speaker_change(b->host.speaker, &b->host.config, &err);
}

/* With a route announced; from here on the router's counts are of the change. */
static void start_announced(struct bed *b)
{
	start_both(b);
	announce(b, 1);
	loop_until(b->loop, got_one, b);
	loop_drain(b->loop);
	b->router.announced = b->router.withdrawn = 0;
}

/* The session goes on, and the change sent nothing: what follows it is the first that arrives. */
static void assert_untouched(struct bed *b)
{
	announce(b, 2);
	loop_until(b->loop, got_one, b);
	assert_int_equal(b->router.announced, 1);
	assert_int_equal(status_of(&b->host).sessions, 1);
	assert_int_equal(status_of(&b->router).sessions, 1);
}

static void the_same_again_is_nothing(void **state)
{
	struct bed *b = *state;
	start_announced(b);
	assert_int_equal(change(b), 0);
	assert_untouched(b);
}

static void retry_times_are_applied(void **state)
{
	struct bed *b = *state;
	start_announced(b);
	b->host.peers[0].connect_retry = b->host.peers[0].connect_retry_max = USEC_PER_SEC;
	assert_int_equal(change(b), 0);
	assert_untouched(b);
	assert_int_equal(status_of(&b->host).config->connect_retry, USEC_PER_SEC);
}

static void communities_are_sent_in_an_update(void **state)
{
	struct bed *b = *state;
	uint32_t values[] = { 0x00010001 };
	start_announced(b);
	b->host.peers[0].communities = (struct bgp_communities){ values, 1 };
	assert_int_equal(change(b), 0);
	loop_until(b->loop, got_one, b);
	assert_int_equal(b->router.announced, 1);
	assert_int_equal(status_of(&b->host).sessions, 1);
}

static void communities_that_only_move_are_not_sent(void **state)
{
	struct bed *b = *state;
	uint32_t values[] = { 0x00010001 };
	b->host.config.communities = (struct bgp_communities){ values, 1 };
	start_announced(b);
	b->host.config.communities.n = 0;
	b->host.peers[0].communities = (struct bgp_communities){ values, 1 };
	assert_int_equal(change(b), 0);
	assert_untouched(b);
}

static void the_origin_is_sent_in_an_update(void **state)
{
	struct bed *b = *state;
	start_announced(b);
	b->host.config.origin = BGP_ORIGIN_EGP;
	assert_int_equal(change(b), 0);
	loop_until(b->loop, got_one, b);
	assert_int_equal(b->router.announced, 1);
	assert_int_equal(status_of(&b->host).sessions, 1);
}

static void a_next_hop_is_sent_in_an_update(void **state)
{
	struct bed *b = *state;
	start_announced(b);
	b->host.peers[0].next_hop = addr_v4(0x0a000001);
	assert_int_equal(change(b), 0);
	loop_until(b->loop, got_one, b);
	assert_int_equal(b->router.announced, 1);
	assert_int_equal(status_of(&b->host).sessions, 1);
}

static int change_router(struct bed *b)
{
	struct err err = { "" };
	b->router.config.peers = b->router.peers;
	b->router.config.n_peers = b->router.n_peers;
	return bgp_speaker_change(b->router.speaker, &b->router.config, &err);
}

static void a_password_changes_under_the_session(void **state)
{
	struct bed *b = *state;
	static const char *const passwords[] = { "new", NULL, "newest" };
	b->host.peers[0].password = b->router.peers[0].password = "old";
	start_announced(b);
	for (uint32_t i = 0; i < 3; i++) {
		b->router.announced = 0;
		b->host.peers[0].password = b->router.peers[0].password = passwords[i];
		assert_int_equal(change(b), 0);
		assert_int_equal(change_router(b), 0);
		announce(b, 10 + i);
		loop_until(b->loop, got_one, b);
		assert_int_equal(status_of(&b->host).sessions, 1);
	}
	/* The listener has it too: the next session comes up with it. */
	b->host.peers[0].hold_time = 60 * USEC_PER_SEC;
	b->router.announced = 0;
	assert_int_equal(change(b), 0);
	loop_until(b->loop, got_one, b);
	assert_int_equal(status_of(&b->host).sessions, 2);
}

static void the_hold_time_resets_the_session(void **state)
{
	struct bed *b = *state;
	start_announced(b);
	b->host.peers[0].hold_time = 60 * USEC_PER_SEC;
	assert_int_equal(change(b), 0);
	loop_until(b->loop, got_one, b);
	assert_int_equal(status_of(&b->host).sessions, 2);
	assert_int_equal(status_of(&b->host).hold_time, 60);
	assert_int_equal(status_of(&b->router).notice.subcode, BGP_ERR_CEASE_CONFIG_CHANGE);
}

static bool router_down(void *userdata)
{
	return !((struct bed *)userdata)->router.up;
}

static void a_peer_goes_and_another_one_comes(void **state)
{
	struct bed *b = *state;
	start_announced(b);
	b->host.peers[0] = peer_of(0x7f000009, 65000, HOST);
	assert_int_equal(change(b), 0);
	loop_until(b->loop, router_down, b);
	assert_int_equal(bgp_speaker_n_peers(b->host.speaker), 1);
	assert_int_equal(status_of(&b->router).notice.subcode, BGP_ERR_CEASE_DECONFIGURED);
	b->host.peers[b->host.n_peers++] = peer_of(ROUTER, 65000, HOST);
	b->router.announced = 0;
	assert_int_equal(change(b), 0);
	loop_until(b->loop, got_one, b);
	assert_int_equal(bgp_speaker_n_peers(b->host.speaker), 2);
}

static void another_peer_is_none_of_its_business(void **state)
{
	struct bed *b = *state;
	b->host.peers[b->host.n_peers++] = peer_of(0x7f000009, 65000, HOST);
	start_announced(b);
	b->host.peers[1].hold_time = 30 * USEC_PER_SEC;
	assert_int_equal(change(b), 0);
	b->host.peers[1] = b->host.peers[0]; /* the other way round, and one less */
	b->host.n_peers = 1;
	assert_int_equal(change(b), 0);
	assert_untouched(b);
}

static void another_router_id_resets_all(void **state)
{
	struct bed *b = *state;
	start_announced(b);
	b->host.config.router_id++;
	assert_int_equal(change(b), 0);
	loop_until(b->loop, got_one, b);
	assert_int_equal(status_of(&b->host).sessions, 2);
}

static void a_listener_comes_and_goes(void **state)
{
	struct bed *b = *state;
	start_announced(b);
	b->host.config.listen = true;
	assert_int_equal(change(b), 0);
	b->host.config.listen = false;
	assert_int_equal(change(b), 0);
	assert_untouched(b);
}

static void a_listener_that_cannot_be_changes_nothing(void **state)
{
	struct bed *b = *state;
	start_announced(b);
	b->host.config.listen = true;
	b->host.config.listen_at = b->router.config.listen_at;
	b->host.peers[0].hold_time = 60 * USEC_PER_SEC;
	assert_int_equal(change(b), -EADDRINUSE);
	assert_untouched(b);
	assert_int_equal(status_of(&b->host).hold_time, 90);
}

static void the_former_listener_is_back(void **state)
{
	struct bed *b = *state;
	struct bgp_speaker *second = NULL;
	const struct endpoint own = { .addr = addr_v4(HOST), .port = 1179 };
	b->host.config.listen = true;
	start_announced(b);
	b->host.config.listen_at = b->router.config.listen_at;
	assert_int_equal(change(b), -EADDRINUSE);
	b->host.config.listen_at = own;
	assert_int_equal(bgp_speaker_new(b->loop, &b->host.config, &ops, NULL, &second, NULL),
			 -EADDRINUSE);
	assert_untouched(b);
}

static void passive_needs_a_listener(void **state)
{
	struct bed *b = *state;
	start_announced(b);
	b->host.peers[0].passive = true;
	assert_int_equal(change(b), -EINVAL);
	assert_untouched(b);
}

/* The route comes only with ALL; the withdrawal of the one that the router has does not wait. */
static void only_withdrawals_leave_meanwhile(void **state)
{
	struct bed *b = *state;
	const struct prefix known = vip(1);
	start_announced(b);
	bgp_speaker_set_output(b->host.speaker, BGP_OUTPUT_CHANGING);
	assert_int_equal(change(b), 0);
	bgp_speaker_set_output(b->host.speaker, BGP_OUTPUT_WITHDRAWALS);
	announce(b, 2);
	bgp_speaker_withdraw(b->host.speaker, &known, NULL);
	loop_until(b->loop, lost_one, b);
	loop_drain(b->loop);
	assert_int_equal(b->router.announced, 0);
	bgp_speaker_set_output(b->host.speaker, BGP_OUTPUT_ALL);
	loop_until(b->loop, got_one, b);
	assert_int_equal(b->router.announced, 1);
}

static void ignore_end(bool complete, void *userdata)
{
	(void)complete, (void)userdata;
}

/* A restart that is called off during a reload. */
static void a_return_ends_the_limit(void **state)
{
	struct bed *b = *state;
	b->host.peers[0].graceful_restart = b->router.peers[0].graceful_restart = true;
	b->host.peers[0].restart_time = b->router.peers[0].restart_time = 60 * USEC_PER_SEC;
	start_announced(b);
	bgp_speaker_set_output(b->host.speaker, BGP_OUTPUT_WITHDRAWALS);
	bgp_speaker_leave(b->host.speaker, "", USEC_NEVER, ignore_end, NULL);
	bgp_speaker_return(b->host.speaker);
	loop_until(b->loop, got_one, b);
	assert_int_equal(status_of(&b->host).sessions, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_same_again_is_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(retry_times_are_applied, setup, teardown),
		cmocka_unit_test_setup_teardown(communities_are_sent_in_an_update, setup, teardown),
		cmocka_unit_test_setup_teardown(communities_that_only_move_are_not_sent, setup,
						teardown),
		cmocka_unit_test_setup_teardown(the_origin_is_sent_in_an_update, setup, teardown),
		cmocka_unit_test_setup_teardown(a_next_hop_is_sent_in_an_update, setup, teardown),
		cmocka_unit_test_setup_teardown(a_password_changes_under_the_session, setup,
						teardown),
		cmocka_unit_test_setup_teardown(the_hold_time_resets_the_session, setup, teardown),
		cmocka_unit_test_setup_teardown(a_peer_goes_and_another_one_comes, setup, teardown),
		cmocka_unit_test_setup_teardown(another_peer_is_none_of_its_business, setup,
						teardown),
		cmocka_unit_test_setup_teardown(another_router_id_resets_all, setup, teardown),
		cmocka_unit_test_setup_teardown(a_listener_comes_and_goes, setup, teardown),
		cmocka_unit_test_setup_teardown(a_listener_that_cannot_be_changes_nothing, setup,
						teardown),
		cmocka_unit_test_setup_teardown(the_former_listener_is_back, setup, teardown),
		cmocka_unit_test_setup_teardown(passive_needs_a_listener, setup, teardown),
		cmocka_unit_test_setup_teardown(only_withdrawals_leave_meanwhile, setup, teardown),
		cmocka_unit_test_setup_teardown(a_return_ends_the_limit, setup, teardown),
	};
	own_netns_enter();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
