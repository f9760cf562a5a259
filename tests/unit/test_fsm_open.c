/* SPDX-License-Identifier: MIT */
/* The OPEN that the state machine sends, and the result of the negotiation with that of the peer.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/fsm_events.h"

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
	assert_int_equal(l.ipv6.stale_time, 3600);
	config.long_lived_time = 0xfffffe * S;
	fsm = fsm_in(BGP_IDLE, &config);
	assert_int_equal(bgp_fsm_open(&fsm).long_lived.ipv4.stale_time, 0xfffffe);
	config.long_lived_time = 0x1000000 * S; /* more than 24 bits */
	fsm = fsm_in(BGP_IDLE, &config);
	assert_int_equal(bgp_fsm_open(&fsm).long_lived.ipv4.stale_time, 0xffffff);
	config.long_lived_time = S - 1;
	fsm = fsm_in(BGP_IDLE, &config);
	assert_false(bgp_fsm_open(&fsm).long_lived.offered);
	config.long_lived_time = S; /* the shortest there is */
	fsm = fsm_in(BGP_IDLE, &config);
	assert_true(bgp_fsm_open(&fsm).long_lived.offered);
	config.long_lived_time = 3600 * S;
	fsm = fsm_in(BGP_IDLE, &config);
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
		{ &ibgp, &our_id, BGP_ERR_OPEN_IDENTIFIER,
		  "the peer has the same router id: set bgp.router_id to another one" },
	};
	for (size_t i = 0; i < 2; i++) {
		struct bgp_fsm fsm = fsm_in(BGP_OPENSENT, cases[i].config);
		struct bgp_event ev = { .type = BGP_EV_OPEN, .now = T0, .open = cases[i].open };
		struct bgp_actions a;
		bgp_fsm_step(&fsm, &ev, &a);
		assert_int_equal(a.items[0].notification.code, BGP_ERR_OPEN);
		assert_int_equal(a.items[0].notification.subcode, cases[i].subcode);
		assert_string_equal(fsm.why, cases[i].why);
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

/* An OPEN is for one session with `config`, and `without` capabilities of ours. */
static struct bgp_negotiated negotiate_open(const struct bgp_fsm_config *config, bool without,
					    const struct bgp_open *open)
{
	struct bgp_fsm fsm = fsm_in(BGP_OPENSENT, config);
	struct bgp_event ev = { .type = BGP_EV_OPEN, .now = T0, .open = open };
	struct bgp_actions a;
	fsm.without_capabilities = without;
	bgp_fsm_step(&fsm, &ev, &a);
	assert_int_equal(fsm.state, BGP_OPENCONFIRM);
	return fsm.negotiated;
}

static void a_capability_takes_both_sides(void **state)
{
	(void)state;
	for (unsigned theirs = 0; theirs < 16; theirs++) {
		for (unsigned ours = 0; ours < 2; ours++) {
			struct bgp_open open = good_open;
			unsigned both = ours ? theirs : 0;
			open.four_octet_as = theirs & 1;
			open.route_refresh = theirs & 2;
			open.enhanced_refresh = theirs & 4;
			open.extended_messages = theirs & 8;
			struct bgp_negotiated n = negotiate_open(&plain, !ours, &open);
			assert_int_equal(n.four_octet_as, both & 1);
			assert_int_equal(n.route_refresh, (both & 2) != 0);
			assert_int_equal(n.enhanced_refresh, (both & 4) != 0);
			assert_int_equal(n.extended_messages, (both & 8) != 0);
			assert_int_equal(n.peer_as, 65000);
			assert_int_equal(n.peer_router_id, 0x0a000002);
			assert_false(n.ibgp);
		}
	}
}

/* Without capabilities IPv4 is meant, also where the peer has some. */
static void without_capabilities_the_family_is_ipv4(void **state)
{
	(void)state;
	struct bgp_fsm_config config = plain;
	struct bgp_open open = good_open;
	open.ipv4_unicast = false;
	open.ipv6_unicast = true;
	struct bgp_negotiated n = negotiate_open(&config, true, &open);
	assert_true(n.ipv4_unicast && !n.ipv6_unicast);
	config.families = BGP_OFFER_IPV6;
	n = negotiate_open(&config, true, &open);
	assert_false(n.ipv4_unicast || n.ipv6_unicast);
	n = negotiate_open(&config, false, &open);
	assert_true(!n.ipv4_unicast && n.ipv6_unicast);
	config.families = BGP_OFFER_IPV4;
	open.ipv4_unicast = true;
	n = negotiate_open(&config, false, &open);
	assert_true(n.ipv4_unicast && !n.ipv6_unicast);
}

static void the_open_offers_what_is_configured(void **state)
{
	(void)state;
	struct bgp_fsm_config config = plain;
	for (unsigned families = 0; families < 4; families++) {
		for (unsigned capable = 0; capable < 2; capable++) {
			config.families = families;
			config.graceful_restart = true;
			config.long_lived_time = S;
			struct bgp_fsm fsm = fsm_in(BGP_IDLE, &config);
			fsm.without_capabilities = !capable;
			struct bgp_open o = bgp_fsm_open(&fsm);
			bool ipv4 = families == 0 || (families & BGP_OFFER_IPV4);
			bool ipv6 = families == 0 || (families & BGP_OFFER_IPV6);
			assert_int_equal(o.version, 4);
			assert_int_equal(o.as, 65001);
			assert_int_equal(o.hold_time, 90);
			assert_int_equal(o.router_id, 0x0a000001);
			assert_int_equal(o.ipv4_unicast, capable && ipv4);
			assert_int_equal(o.ipv6_unicast, capable && ipv6);
			assert_int_equal(o.graceful.ipv4.listed, ipv4);
			assert_int_equal(o.graceful.ipv6.listed, ipv6);
			assert_int_equal(o.long_lived.ipv4.listed, capable && ipv4);
			assert_int_equal(o.long_lived.ipv6.listed, capable && ipv6);
			assert_int_equal(o.has_capabilities, capable);
			assert_int_equal(o.multiprotocol, capable);
			assert_int_equal(o.four_octet_as, capable);
			assert_int_equal(o.route_refresh, capable);
			assert_int_equal(o.enhanced_refresh, capable);
			assert_int_equal(o.extended_messages, capable);
		}
	}
}

/* The smaller of both; a third of it, or less if that is configured. */
static void the_hold_time_is_the_smaller_one(void **state)
{
	(void)state;
	static const struct {
		span_t ours, keepalive;
		uint16_t theirs, hold, expected_keepalive;
	} cases[] = {
		{ 90 * S, 0, 30, 30, 10 },
		{ 30 * S, 0, 90, 30, 10 },
		{ 90 * S, 0, 0, 0, 0 },
		{ 0, 5 * S, 90, 0, 0 },
		{ 90 * S, 29 * S, 90, 90, 29 },
		{ 90 * S, 30 * S, 90, 90, 30 },
		{ 90 * S, 31 * S, 90, 90, 30 },
		{ 65535 * S, 0, 65535, 65535, 21845 },
		{ 65536 * S, 0, 65535, 65535, 21845 },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct bgp_fsm_config config = plain;
		struct bgp_open open = good_open;
		config.hold_time = cases[i].ours;
		config.keepalive = cases[i].keepalive;
		open.hold_time = cases[i].theirs;
		struct bgp_negotiated n = negotiate_open(&config, false, &open);
		assert_int_equal(n.hold_time, cases[i].hold);
		assert_int_equal(n.keepalive, cases[i].expected_keepalive);
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

/* RFC 9234 4.2: what the peer says, and what follows with each of our roles. */
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
		cmocka_unit_test(graceful_restart_needs_both),
		cmocka_unit_test(graceful_restart_is_offered_when_configured),
		cmocka_unit_test(long_lived_restart_needs_graceful_restart_of_both),
		cmocka_unit_test(an_open_that_does_not_fit_is_refused_with_a_reason),
		cmocka_unit_test(capabilities_are_left_out_every_other_time),
		cmocka_unit_test(a_demanded_capability_changes_nothing),
		cmocka_unit_test(a_new_session_offers_capabilities_again),
		cmocka_unit_test(a_capability_takes_both_sides),
		cmocka_unit_test(without_capabilities_the_family_is_ipv4),
		cmocka_unit_test(the_open_offers_what_is_configured),
		cmocka_unit_test(the_hold_time_is_the_smaller_one),
		cmocka_unit_test(families_are_what_both_sides_said),
		cmocka_unit_test(an_ipv6_next_hop_takes_both_sides),
		cmocka_unit_test(an_external_peer_is_not_of_our_as),
		cmocka_unit_test(roles_have_to_fit),
		cmocka_unit_test(a_role_is_offered_to_ebgp_peers_with_capabilities),
		cmocka_unit_test(otc_goes_to_customers_peers_and_clients),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
