/* SPDX-License-Identifier: MIT */
/* The routers of unnumbered peers come and go, between two speakers. IPv4 addresses stand for the
 * link-local ones of routers: loopback has as many of them as the test wants. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <poll.h>
#include <string.h>

#include <cmocka.h>

#include "bgp/sockopt.h"
#include "bgp/speaker.h"
#include "bgp/speaker_peers.h"
#include "lib/mem.h"
#include "tests/unit/loop_until.h"
#include "tests/unit/two_speakers.h"

#define GONE "interface lo has no carrier"

static bool both_up(void *userdata)
{
	struct bed *b = userdata;
	return b->host.up && b->router.up;
}

static void be_unnumbered(struct bgp_peer_config *peer, const char *ifname)
{
	peer->addr = (struct addr){ 0 };
	peer->unnumbered = true;
	memcpy(peer->ifname, ifname, strlen(ifname) + 1);
}

static void be_graceful(struct bgp_peer_config *peer)
{
	peer->graceful_restart = true;
	peer->restart_time = 600 * USEC_PER_SEC;
}

static void found(struct bed *b, const char *ifname, uint32_t router)
{
	const struct bgp_found found = { .router = addr_v4(router), .why = "" };
	speaker_on_found(ifname, &found, b->host.speaker);
}

static void lost(struct bed *b, const char *ifname)
{
	const struct bgp_found found = { .lack = BGP_LACK_LINK, .why = GONE };
	speaker_on_found(ifname, &found, b->host.speaker);
}

static struct bgp_peer *host_peer(struct bed *b)
{
	return b->host.speaker->peers[0];
}

/* ---- Stale routes. ---- */

static void establish(struct bed *b)
{
	be_unnumbered(&b->host.peers[0], "lo");
	be_graceful(&b->host.peers[0]);
	be_graceful(&b->router.peers[0]);
	start_both(b);
	bgp_speaker_restored(b->host.speaker);
	found(b, "lo", ROUTER);
	loop_until(b->loop, both_up, b);
	bgp_peer_has_no_past(host_peer(b));
}

/* It has them, and is connected to again when its link is back. */
static void a_router_over_a_lost_link_keeps_our_routes(void **state)
{
	struct bed *b = *state;
	establish(b);
	lost(b, "lo");
	assert_false(b->host.up);
	assert_string_equal(b->host.last_error, GONE);
	assert_string_equal(status_of(&b->host).path_trouble, GONE);
	assert_false(bgp_peer_flushed(host_peer(b)));
	found(b, "lo", ROUTER);
	assert_false(bgp_peer_flushed(host_peer(b)));
	loop_until(b->loop, both_up, b);
}

static void another_router_has_none_of_them(void **state)
{
	struct bed *b = *state;
	establish(b);
	lost(b, "lo");
	assert_false(bgp_peer_flushed(host_peer(b)));
	found(b, "lo", ROUTER + 1);
	assert_true(bgp_peer_flushed(host_peer(b)));
	/* Nor when it takes the place of the first one at once. */
	found(b, "lo", ROUTER);
	loop_until(b->loop, both_up, b);
	found(b, "lo", ROUTER + 1);
	assert_false(b->host.up);
	assert_true(bgp_peer_flushed(host_peer(b)));
}

/* ---- Keys of the listener. ---- */

/* SYNs with a key that the listener does not have, or without one that it has, get no answer. */
static bool connects(const char *password)
{
	const struct bgp_peer_config host = { .addr = addr_v4(HOST),
					      .port = 1179,
					      .local_ip = addr_v4(ROUTER),
					      .password = password };
	struct err err = { "" };
	int fd;
	if (bgp_socket_connect(&host, true, &fd, &err) < 0)
		fail_msg("%s", err.text);
	struct pollfd p = { .fd = fd, .events = POLLOUT };
	bool ready = poll(&p, 1, 2000) == 1 && bgp_socket_error(fd) == 0;
	close(fd);
	return ready;
}

static void listen_with_keys(struct bed *b, const char *first, const char *second)
{
	b->host.config.listen = true;
	be_unnumbered(&b->host.peers[0], "lo");
	b->host.peers[1] = b->host.peers[0];
	be_unnumbered(&b->host.peers[1], "other");
	b->host.peers[0].password = first;
	b->host.peers[1].password = second;
	b->host.peers[0].passive = b->host.peers[1].passive = true;
	b->host.n_peers = 2;
	start(b, &b->host);
}

static void a_key_stays_as_long_as_a_router_has_the_address(void **state)
{
	struct bed *b = *state;
	listen_with_keys(b, "secret", "secret");
	found(b, "lo", ROUTER);
	found(b, "other", ROUTER);
	assert_true(connects("secret"));
	lost(b, "lo");
	assert_true(connects("secret"));
	lost(b, "other");
	assert_true(connects(NULL));
}

/* The key that was set last counts until its router goes. */
static void the_key_of_the_router_that_stays_is_set_again(void **state)
{
	struct bed *b = *state;
	listen_with_keys(b, "one", "two");
	found(b, "lo", ROUTER);
	found(b, "other", ROUTER);
	assert_true(connects("two"));
	lost(b, "other");
	assert_true(connects("one"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_router_over_a_lost_link_keeps_our_routes),
		TEST(another_router_has_none_of_them),
		TEST(a_key_stays_as_long_as_a_router_has_the_address),
		TEST(the_key_of_the_router_that_stays_is_set_again),
	};
	own_netns_enter();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
