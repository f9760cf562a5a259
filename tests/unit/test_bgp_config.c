/* SPDX-License-Identifier: MIT */
#include "bgp/config.h"

#include "lib/array.h"
#include "lib/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void a_number_that_is_not_given_has_no_value(void **state)
{
	(void)state;
	static const struct {
		struct bgp_number a, b;
		bool equal;
	} cases[] = {
		{ { false, 0 }, { false, 0 }, true }, { { false, 1 }, { false, 2 }, true },
		{ { true, 1 }, { true, 1 }, true },   { { true, 1 }, { true, 2 }, false },
		{ { true, 0 }, { false, 0 }, false },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		if (bgp_number_equal(cases[i].a, cases[i].b) != cases[i].equal ||
		    bgp_number_equal(cases[i].b, cases[i].a) != cases[i].equal)
			fail_msg("case %zu", i);
}

static void origins_have_names(void **state)
{
	(void)state;
	assert_string_equal(bgp_origin_name(BGP_ORIGIN_IGP), "igp");
	assert_string_equal(bgp_origin_name(BGP_ORIGIN_EGP), "egp");
	assert_string_equal(bgp_origin_name(BGP_ORIGIN_INCOMPLETE), "incomplete");
	assert_string_equal(bgp_origin_name((enum bgp_origin)3), "unknown");
}

/* By what is known of it, and as the configuration has it. */
static void peers_have_names(void **state)
{
	(void)state;
	static const struct {
		const char *addr, *ifname;
		bool unnumbered;
		const char *name, *configured;
	} cases[] = {
		{ "10.0.0.1", "", false, "10.0.0.1", "10.0.0.1" },
		{ "10.0.0.1", "vrf-blue", false, "10.0.0.1%vrf-blue", "10.0.0.1%vrf-blue" },
		{ "fe80::1", "eth0", true, "fe80::1%eth0", "eth0" },
		{ NULL, "eth0", true, "eth0", "eth0" },
		{ NULL, "a", true, "a", "a" },
		{ "10.0.0.1", "a", false, "10.0.0.1%a", "10.0.0.1%a" },
		{ NULL, "interface-12345", true, "interface-12345", "interface-12345" },
		{ "2001:db8:1111:2222:3333:4444:5555:6666", "interface-12345", false,
		  "2001:db8:1111:2222:3333:4444:5555:6666%interface-12345",
		  "2001:db8:1111:2222:3333:4444:5555:6666%interface-12345" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct bgp_peer_config peer = { .unnumbered = cases[i].unnumbered };
		char name[BGP_PEER_NAME_MAX], configured[BGP_PEER_NAME_MAX];
		if (cases[i].addr)
			assert_int_equal(addr_parse(cases[i].addr, &peer.addr), 0);
		str_copy(peer.ifname, sizeof(peer.ifname), cases[i].ifname);
		assert_string_equal(bgp_peer_name(&peer, name), cases[i].name);
		assert_string_equal(bgp_peer_configured_name(&peer, configured),
				    cases[i].configured);
	}
}

static const struct bgp_peer_config peer = {
	.addr = { AF_INET, { 10, 0, 0, 1 } }, .ifname = "eth0", .port = 179, .peer_as = 65000
};

/* Each of these is another peer. */
static void a_peer_is_its_address_interface_and_port(void **state)
{
	(void)state;
	struct bgp_peer_config others[5];
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		others[i] = peer;
	others[0].addr.bytes[3]++;
	others[1].ifname[3]++;
	others[2].port++;
	others[3].in_vrf = true;
	others[4].unnumbered = true;
	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		assert_false(bgp_peer_is_same(&peer, &others[i]));
		assert_false(bgp_peer_is_same(&others[i], &peer));
		assert_true(bgp_peer_is_same(&others[i], &others[i]));
		assert_true(bgp_peer_change_resets(&peer, &others[i]));
	}
	/* The address of an unnumbered one is learnt. */
	struct bgp_peer_config learnt = others[4];
	learnt.addr.bytes[3]++;
	assert_true(bgp_peer_is_same(&learnt, &others[4]));
	learnt.port++;
	assert_false(bgp_peer_is_same(&learnt, &others[4]));
}

/* The keys that the connection and the OPEN are made of. */
static void these_changes_end_the_session(void **state)
{
	(void)state;
	struct bgp_peer_config others[17];
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		others[i] = peer;
	others[0].local_ip.family = AF_INET;
	others[1].local_ip6.family = AF_INET6;
	others[2].multi_hop = true;
	others[3].multihop_ttl = 3;
	others[4].ttl_security = true;
	others[5].peer_as++;
	others[6].as_rule = BGP_AS_EXTERNAL;
	others[7].local_as = 65002;
	others[8].families = BGP_OFFER_IPV4;
	others[9].role = BGP_ROLE_PEER;
	others[10].role_strict = true;
	others[11].hold_time++;
	others[12].keepalive++;
	others[13].send_hold_time++;
	others[14].graceful_restart = true;
	others[15].restart_time++;
	others[16].long_lived_restart_time++;
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		if (!bgp_peer_change_resets(&peer, &others[i]))
			fail_msg("change %zu", i);
	assert_false(bgp_peer_change_resets(&peer, &peer));
}

static void other_changes_do_not(void **state)
{
	(void)state;
	struct bgp_peer_config others[6];
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		others[i] = peer;
	others[0].passive = true;
	others[1].password = "secret";
	others[2].connect_timeout++;
	others[3].description = "spine 1";
	others[4].next_hop.family = AF_INET;
	others[5].med = (struct bgp_number){ true, 1 };
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		assert_false(bgp_peer_change_resets(&peer, &others[i]));
}

static void copies_of_lists_are_their_own(void **state)
{
	(void)state;
	uint32_t c[] = { 1, 2 };
	struct bgp_ext_community e[] = { { 3, 4 }, { 5, 6 } };
	struct bgp_large_community l[] = { { 7, 8, 9 }, { 10, 11, 12 } };
	struct bgp_communities communities = { c, 2 };
	struct bgp_ext_communities ext = { e, 2 };
	struct bgp_large_communities large = { l, 2 };
	bgp_lists_copy(&communities, &ext, &large);
	assert_ptr_not_equal(communities.values, c);
	assert_ptr_not_equal(ext.values, e);
	assert_ptr_not_equal(large.values, l);
	assert_memory_equal(communities.values, c, sizeof(c));
	assert_memory_equal(ext.values, e, sizeof(e));
	assert_memory_equal(large.values, l, sizeof(l));
	bgp_lists_free(&communities, &ext, &large);
}

static void our_as_is_that_of_the_peer_or_of_the_speaker(void **state)
{
	(void)state;
	static const struct {
		uint32_t local_as, peer_as;
		enum bgp_as_rule rule;
		uint32_t ours;
		bool internal;
	} cases[] = {
		{ 0, 65001, BGP_AS_IS, 65001, true },
		{ 0, 65000, BGP_AS_IS, 65001, false },
		{ 65002, 65001, BGP_AS_IS, 65002, false },
		{ 65002, 65002, BGP_AS_IS, 65002, true },
		{ 0, 0, BGP_AS_INTERNAL, 65001, true },
		{ 0, 65001, BGP_AS_EXTERNAL, 65001, false },
		{ 0, 65001, BGP_AS_AUTO, 65001, false },
	};
	const struct bgp_config config = { .local_as = 65001 };
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct bgp_peer_config p = { .local_as = cases[i].local_as,
						   .peer_as = cases[i].peer_as,
						   .as_rule = cases[i].rule };
		assert_int_equal(bgp_peer_local_as(&config, &p), cases[i].ours);
		assert_int_equal(bgp_peer_is_internal(&config, &p), cases[i].internal);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_number_that_is_not_given_has_no_value),
		cmocka_unit_test(origins_have_names),
		cmocka_unit_test(peers_have_names),
		cmocka_unit_test(a_peer_is_its_address_interface_and_port),
		cmocka_unit_test(these_changes_end_the_session),
		cmocka_unit_test(other_changes_do_not),
		cmocka_unit_test(copies_of_lists_are_their_own),
		cmocka_unit_test(our_as_is_that_of_the_peer_or_of_the_speaker),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
