/* SPDX-License-Identifier: MIT */
/* Which BFD session a peer is to have, and what an operator is told while it is not up. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "agent/bfd/hint.h"
#include "agent/bfd/wanted.h"
#include "lib/array.h"

#define ROUTER 0x0a000001
#define HOST   0x0a000002
#define OTHER  0x0a000003

static struct bgp_peer_config config;
static struct bgp_peer_status peer;
static struct bfd_key key;
static struct bfd_config settings;

/* An eBGP peer on the link, reached over eth0. */
static int setup(void **state)
{
	(void)state;
	config = (struct bgp_peer_config){
		.addr = addr_v4(ROUTER),
		.peer_as = 65000,
		.hold_time = 90 * USEC_PER_SEC,
		.bfd = { .on = true, .interval = 300 * USEC_PER_MSEC, .multiplier = 3 }
	};
	peer = (struct bgp_peer_status){ .config = &config,
					 .local_as = 65001,
					 .peer_as = 65000,
					 .path_source = addr_v4(HOST),
					 .path_ifindex = 7,
					 .path_ifname = "eth0",
					 .path_vrf = "",
					 .path_is_direct = true };
	key = (struct bfd_key){ 0 };
	return 0;
}

static enum bfd_wanted_kind wanted(const struct bfd_present *present)
{
	return bfd_wanted(&peer, present, &key, &settings);
}

static void single_hop_over_the_interface_of_the_route(void **state)
{
	(void)state;
	assert_int_equal(wanted(NULL), BFD_WANTED_SESSION);
	assert_int_equal(addr_to_v4(&key.peer), ROUTER);
	assert_int_equal(addr_to_v4(&key.local), HOST);
	assert_string_equal(key.ifname, "eth0");
	assert_false(key.multihop);
	assert_int_equal(settings.desired_min_tx, 300 * USEC_PER_MSEC);
	assert_int_equal(settings.required_min_rx, 300 * USEC_PER_MSEC);
	assert_int_equal(settings.hold_time, 90 * USEC_PER_SEC);
	struct err err = { "" };
	assert_int_equal(bfd_check(&key, &settings, &err), 0);
}

static void settings_are_those_of_the_file(void **state)
{
	(void)state;
	config.bfd.interval = 200 * USEC_PER_MSEC;
	config.bfd.min_receive = USEC_PER_SEC;
	config.bfd.multiplier = 9;
	config.bfd.passive = true;
	config.bfd.hops = BGP_BFD_MULTIHOP;
	config.bfd.min_ttl = 250;
	config.bfd.auth = BGP_BFD_AUTH_METICULOUS_SHA1;
	config.bfd.key_id = 7;
	strcpy(config.bfd.password, "secret");
	config.hold_time = 0;
	assert_int_equal(wanted(NULL), BFD_WANTED_SESSION);
	assert_int_equal(settings.desired_min_tx, 200 * USEC_PER_MSEC);
	assert_int_equal(settings.required_min_rx, USEC_PER_SEC);
	assert_int_equal(settings.multiplier, 9);
	assert_true(settings.passive);
	assert_int_equal(settings.min_ttl, 250);
	/* BGP without a hold timer: an agent that hangs must not look alive for ever. */
	assert_int_equal(settings.hold_time, 90 * USEC_PER_SEC);
	assert_int_equal(settings.auth.type, BFD_AUTH_METICULOUS_SHA1);
	assert_int_equal(settings.auth.key_id, 7);
	assert_int_equal(settings.auth.key_len, 6);
	assert_memory_equal(settings.auth.key, "secret", 7);
}

static void none_where_it_is_off_or_the_peer_is_disabled(void **state)
{
	(void)state;
	peer.disabled = true;
	assert_int_equal(wanted(NULL), BFD_WANTED_NONE);
	peer.disabled = false;
	config.bfd.on = false;
	assert_int_equal(wanted(NULL), BFD_WANTED_NONE);
}

static void waits_for_a_route(void **state)
{
	(void)state;
	peer.path_ifindex = 0;
	peer.path_source = (struct addr){ 0 };
	assert_int_equal(wanted(NULL), BFD_WANTED_WAIT);
	config.local_ip = addr_v4(HOST);
	assert_int_equal(wanted(NULL), BFD_WANTED_WAIT);
}

/* The route is gone, the path that was good is still known: the session stays, to find out. */
static void a_lost_route_changes_nothing(void **state)
{
	(void)state;
	const struct bfd_present present = {
		.key = { .peer = addr_v4(ROUTER), .local = addr_v4(HOST), .ifname = "eth0" },
		.path_source = addr_v4(HOST)
	};
	peer.path_source = (struct addr){ 0 };
	assert_int_equal(wanted(&present), BFD_WANTED_SESSION);
	assert_true(bfd_key_equal(&key, &present.key));
}

static void the_address_of_the_bgp_session_counts(void **state)
{
	(void)state;
	peer.local_addr = addr_v4(OTHER); /* the router has connected to this one */
	config.local_ip = addr_v4(HOST);
	assert_int_equal(wanted(NULL), BFD_WANTED_SESSION);
	assert_int_equal(addr_to_v4(&key.local), OTHER);
	peer.local_addr = (struct addr){ 0 };
	wanted(NULL);
	assert_int_equal(addr_to_v4(&key.local), HOST);
}

/* The session ended: BFD with the address that the router knows goes on, unless the host has got
 * another one. */
static void the_address_stays_after_the_session(void **state)
{
	(void)state;
	struct bfd_present present = {
		.key = { .peer = addr_v4(ROUTER), .local = addr_v4(OTHER), .ifname = "eth0" },
		.path_source = addr_v4(HOST)
	};
	wanted(&present);
	assert_int_equal(addr_to_v4(&key.local), OTHER);
	present.path_source = addr_v4(HOST + 9);
	wanted(&present);
	assert_int_equal(addr_to_v4(&key.local), HOST);
	/* The source of the lookup during the session says nothing about the route. */
	peer.local_addr = peer.path_source = addr_v4(OTHER);
	present.path_source = bfd_route_source(&peer);
	peer.local_addr = (struct addr){ 0 };
	peer.path_source = addr_v4(HOST);
	wanted(&present);
	assert_int_equal(addr_to_v4(&key.local), OTHER);
	present.path_source = bfd_route_source(&peer);
	assert_int_equal(addr_to_v4(&present.path_source), HOST);
}

static void multihop_follows_the_session(void **state)
{
	static const struct {
		const char *name;
		bool ibgp, multi_hop, direct;
		enum bgp_bfd_hops hops;
		bool multihop;
	} rows[] = {
		{ "eBGP", false, false, true, BGP_BFD_AUTO, false },
		{ "eBGP behind a gateway", false, false, false, BGP_BFD_AUTO, false },
		{ "eBGP, multi_hop", false, true, true, BGP_BFD_AUTO, true },
		{ "eBGP, multi_hop, told", false, true, true, BGP_BFD_SINGLE_HOP, false },
		{ "iBGP on the link", true, false, true, BGP_BFD_AUTO, false },
		{ "iBGP behind a gateway", true, false, false, BGP_BFD_AUTO, true },
		{ "iBGP, told", true, false, true, BGP_BFD_MULTIHOP, true },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		peer.peer_as = rows[i].ibgp ? 65001 : 65000;
		config.multi_hop = rows[i].multi_hop;
		config.bfd.hops = rows[i].hops;
		peer.path_is_direct = rows[i].direct;
		wanted(NULL);
		if (key.multihop != rows[i].multihop || !key.ifname[0] != rows[i].multihop)
			fail_msg("%s", rows[i].name);
	}
}

static void a_link_local_peer_has_its_interface(void **state)
{
	(void)state;
	struct addr fe80, own;
	assert_int_equal(addr_parse("fe80::1", &fe80), 0);
	assert_int_equal(addr_parse("fe80::2", &own), 0);
	config.addr = fe80;
	config.multi_hop = true;
	memcpy(config.ifname, "eth3", 5);
	peer.path_source = own;
	assert_int_equal(wanted(NULL), BFD_WANTED_SESSION);
	assert_string_equal(key.ifname, "eth3");
	assert_false(key.multihop);
	/* Another IPv6 address may be anywhere. */
	assert_int_equal(addr_parse("2001:db8::1", &config.addr), 0);
	assert_int_equal(addr_parse("2001:db8::2", &peer.path_source), 0);
	config.ifname[0] = 0;
	assert_int_equal(wanted(NULL), BFD_WANTED_SESSION);
	assert_true(key.multihop);
}

/* As long as Linux has them. */
static void names_of_fifteen_octets_are_whole(void **state)
{
	(void)state;
	peer.path_ifname = "interface-12345";
	strcpy(config.ifname, "vrf-of-interior");
	config.in_vrf = true;
	assert_int_equal(wanted(NULL), BFD_WANTED_SESSION);
	assert_string_equal(key.ifname, "interface-12345");
	assert_string_equal(key.vrf, "vrf-of-interior");
}

static void waits_for_an_address_of_the_peer_or_of_this_host(void **state)
{
	(void)state;
	peer.path_source = (struct addr){ 0 };
	assert_int_equal(wanted(NULL), BFD_WANTED_WAIT);
	config.addr = (struct addr){ 0 };
	assert_int_equal(wanted(NULL), BFD_WANTED_NONE);
}

/* Its packets go out by the interface in the VRF, and come to a socket of the VRF. */
static void a_peer_in_a_vrf_has_both(void **state)
{
	char text[BFD_KEY_TEXT_MAX];
	(void)state;
	memcpy(config.ifname, "vrf-blue", 9);
	config.in_vrf = true;
	assert_int_equal(wanted(NULL), BFD_WANTED_SESSION);
	assert_string_equal(key.ifname, "eth0");
	assert_string_equal(key.vrf, "vrf-blue");
	assert_non_null(strstr(bfd_key_format(&key, text), "%vrf-blue"));
	config.multi_hop = true;
	assert_int_equal(wanted(NULL), BFD_WANTED_SESSION);
	assert_string_equal(key.ifname, "");
	assert_string_equal(key.vrf, "vrf-blue");
}

/* Its interface is in the VRF, whether the file says so or not. That of another peer may be by a
 * mistake in the routes: such a peer is in the VRF with `device` only. */
static void a_link_local_peer_is_in_the_vrf_of_its_interface(void **state)
{
	(void)state;
	peer.path_vrf = "vrf-blue";
	assert_int_equal(wanted(NULL), BFD_WANTED_SESSION);
	assert_string_equal(key.vrf, "");
	assert_int_equal(addr_parse("fe80::1", &config.addr), 0);
	assert_int_equal(addr_parse("fe80::2", &peer.path_source), 0);
	memcpy(config.ifname, "eth0", 5);
	assert_int_equal(wanted(NULL), BFD_WANTED_SESSION);
	assert_string_equal(key.ifname, "eth0");
	assert_string_equal(key.vrf, "vrf-blue");
}

/* ---- hints ---- */

#define MADE (100 * USEC_PER_SEC)

static void expect_hint(const char *name, const struct bfd_status *s, span_t after,
			const char *part)
{
	const char *hint = bfd_hint(&peer, &key, s, MADE, MADE + after);
	if (part[0] ? !strstr(hint, part) : hint[0] != 0)
		fail_msg("%s: \"%s\" without \"%s\"", name, hint, part);
}

static void hints(void **state)
{
	(void)state;
	struct bfd_status s = { .state = BFD_DOWN, .remote_state = BFD_DOWN };
	expect_hint("young", &s, USEC_PER_SEC, "");
	expect_hint("nearly", &s, BFD_HINT_AFTER - 1, "");
	expect_hint("silence", &s, BFD_HINT_AFTER, "neighbor ... bfd");
	s.error[0] = 'x';
	expect_hint("the error says it", &s, BFD_HINT_AFTER, "");
	s.error[0] = 0;
	s.muted = true;
	expect_hint("muted", &s, 0, "stalled");
	s.muted = false;
	config.bfd.passive = true;
	expect_hint("passive", &s, BFD_HINT_AFTER, "not passive");
	config.bfd.passive = false;
	peer.peer_as = 65001;
	expect_hint("iBGP", &s, BFD_HINT_AFTER, "without `direct`");
	key.multihop = true;
	expect_hint("multihop on the link", &s, BFD_HINT_AFTER, "multihop: false");
	peer.path_is_direct = false;
	expect_hint("multihop", &s, BFD_HINT_AFTER, "on the way");
	s.dropped[BFD_DROP_TTL] = 1;
	expect_hint("multihop, TTL", &s, BFD_HINT_AFTER, "bfd.min_ttl");
	key.multihop = false;
	expect_hint("TTL", &s, BFD_HINT_AFTER, "below 255");
	s.dropped[BFD_DROP_AUTH] = 1;
	expect_hint("authentication", &s, BFD_HINT_AFTER, "bfd.authentication");
	s = (struct bfd_status){ .state = BFD_INIT, .remote_state = BFD_DOWN, .received = 1 };
	expect_hint("one way", &s, BFD_HINT_AFTER, "does not take");
	s.remote_state = BFD_INIT;
	expect_hint("Init on both sides", &s, BFD_HINT_AFTER, "does not take");
	s.state = BFD_DOWN;
	expect_hint("it takes them", &s, BFD_HINT_AFTER, "");
	s.remote_state = BFD_DOWN;
	expect_hint("Down on both sides", &s, BFD_HINT_AFTER, "does not take");
	s.remote_state = BFD_ADMIN_DOWN;
	expect_hint("AdminDown", &s, 0, "ask its owner");
	s.received = 0;
	expect_hint("AdminDown, not heard yet", &s, 0, "");
	s.received = 1;
	s.state = BFD_UP;
	expect_hint("up", &s, BFD_HINT_AFTER, "");
	s = (struct bfd_status){ .state = BFD_DOWN, .since = MADE + 60 * USEC_PER_SEC };
	expect_hint("down since a moment", &s, 61 * USEC_PER_SEC, "");
	expect_hint("down for a while", &s, 60 * USEC_PER_SEC + BFD_HINT_AFTER, "no BFD packet");
}

#define WANTED_TEST(f) cmocka_unit_test_setup(f, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WANTED_TEST(single_hop_over_the_interface_of_the_route),
		WANTED_TEST(settings_are_those_of_the_file),
		WANTED_TEST(none_where_it_is_off_or_the_peer_is_disabled),
		WANTED_TEST(waits_for_a_route),
		WANTED_TEST(a_lost_route_changes_nothing),
		WANTED_TEST(the_address_of_the_bgp_session_counts),
		WANTED_TEST(the_address_stays_after_the_session),
		WANTED_TEST(multihop_follows_the_session),
		WANTED_TEST(a_link_local_peer_has_its_interface),
		WANTED_TEST(names_of_fifteen_octets_are_whole),
		WANTED_TEST(waits_for_an_address_of_the_peer_or_of_this_host),
		WANTED_TEST(a_peer_in_a_vrf_has_both),
		WANTED_TEST(a_link_local_peer_is_in_the_vrf_of_its_interface),
		WANTED_TEST(hints),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
