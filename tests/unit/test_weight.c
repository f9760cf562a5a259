/* SPDX-License-Identifier: MIT */
/* Weights: text, and the link bandwidth community of each peer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "agent/model/announce_spec.h"
#include "agent/model/weight.h"
#include "bgp/merge.h"
#include "lib/array.h"

static void texts(void **state)
{
	(void)state;
	static const struct {
		const char *text, *number; /* NULL: refused */
		uint32_t bits;
	} cases[] = {
		{ "1", "1", 0x3f800000 },
		{ "3", "3", 0x40400000 },
		{ "1.5", "1.5", 0x3fc00000 },
		{ "1Gbps", "125000000", 0x4cee6b28 },
		{ "2.5Gbps", "312500000", 0x4d9502f9 },
		{ "10Gbps", "1250000000", 0x4e9502f9 },
		{ "100Mbps", "12500000", 0x4b3ebc20 },
		{ "8bps", "1", 0x3f800000 },
		{ "1Tbps", "124999999488", 0x51e8d4a5 },
		{ "16bps", "2", 0x40000000 },
		{ "8kbps", "1000", 0x447a0000 },
		{ "12.5kbps", "1562.5", 0x44c35000 },
		{ "10", "10", 0x41200000 },
		{ "1000000000", "1000000000", 0x4e6e6b28 },
		{ "0.000000000000000001Tbps", NULL, 0 },
		{ "1.000000000000000000", "1", 0x3f800000 },
		{ "1.0000000000000000000", NULL, 0 },
		{ "1000000000000000000", "999999984306749440", 0x5d5e0b6b },
		{ "1100000000000000000", NULL, 0 },
		{ "0.125", NULL, 0 },
		{ "0.99", NULL, 0 },
		{ "0", NULL, 0 },
		{ "7bps", NULL, 0 },
		{ "", NULL, 0 },
		{ "Gbps", NULL, 0 },
		{ ".5", NULL, 0 },
		{ ".5Gbps", NULL, 0 },
		{ "1.", NULL, 0 },
		{ "1.2.3", NULL, 0 },
		{ "-1", NULL, 0 },
		{ "1e9", NULL, 0 },
		{ "nan", NULL, 0 },
		{ "1 Gbps", NULL, 0 },
		{ "1GBps", NULL, 0 },
		{ "9999999999999999999", NULL, 0 },
		{ "99999999999999999999", NULL, 0 },
	};
	char text[WEIGHT_TEXT_MAX];
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		uint32_t bits = 7, again;
		struct err err = { "" };
		if ((weight_parse(cases[i].text, &bits, &err) == 0) != (cases[i].number != NULL))
			fail_msg("%s: %s", cases[i].text, err.text);
		if (!cases[i].number) {
			assert_int_equal(bits, 7); /* untouched */
			assert_non_null(strstr(err.text, cases[i].text));
			continue;
		}
		if (bits != cases[i].bits)
			fail_msg("%s: %08x", cases[i].text, bits);
		assert_string_equal(weight_format(bits, text), cases[i].number);
		assert_int_equal(weight_parse(text, &again, NULL), 0);
		assert_int_equal(again, bits);
	}
}

#define WEIGHT 0x4cee6b28 /* 1Gbps */

/* A state counts before `up`, `up` before the app. */
static void levels(void **state)
{
	(void)state;
	struct announce_specs s = { .weight = { true, 1 },
				    .of = { [ANNOUNCE_DOWN].weight = { true, 3 } } };
	static const struct {
		enum route_form form;
		uint32_t up, want; /* up 0: none of its own */
	} cases[] = {
		{ ROUTE_UP, 0, 1 },   { ROUTE_DRAIN, 0, 1 }, { ROUTE_DOWN, 0, 3 },
		{ ROUTE_DOWN, 2, 3 }, { ROUTE_UP, 2, 2 },    { ROUTE_DRAIN, 2, 2 },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct bgp_communities of_app = { 0 };
		struct announce_room room;
		struct bgp_route_attrs attrs;
		s.of[ANNOUNCE_UP].weight = (struct bgp_number){ cases[i].up > 0, cases[i].up };
		announce_specs_attrs(&s, &of_app, cases[i].form, &room, &attrs);
		assert_true(attrs.has_weight);
		assert_int_equal(attrs.weight, cases[i].want);
	}
	s = (struct announce_specs){ 0 };
	struct bgp_route_attrs attrs;
	struct announce_room room;
	announce_specs_attrs(&s, &(struct bgp_communities){ 0 }, ROUTE_UP, &room, &attrs);
	assert_false(attrs.has_weight);
}

/* Type, AS and value are draft-ietf-idr-link-bandwidth 2. */
static void communities(void **state)
{
	(void)state;
	static const struct {
		enum bgp_link_bandwidth form;
		bool ibgp;
		uint32_t as, high;
	} cases[] = {
		{ BGP_LINK_BANDWIDTH_AUTO, false, 65001, 0x0004fde9 },
		{ BGP_LINK_BANDWIDTH_AUTO, true, 65001, 0x4004fde9 },
		{ BGP_LINK_BANDWIDTH_TRANSITIVE, true, 65001, 0x0004fde9 },
		{ BGP_LINK_BANDWIDTH_NON_TRANSITIVE, false, 65001, 0x4004fde9 },
		{ BGP_LINK_BANDWIDTH_AUTO, false, 4200000001, 0x00045ba0 }, /* AS_TRANS */
		{ BGP_LINK_BANDWIDTH_AUTO, false, 65535, 0x0004ffff },
		{ BGP_LINK_BANDWIDTH_AUTO, false, 65536, 0x00045ba0 },
		{ BGP_LINK_BANDWIDTH_AUTO, false, 1, 0x00040001 },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct bgp_peer_attrs common = { .link_bandwidth = cases[i].form,
						       .weight = { true, WEIGHT } };
		const struct bgp_merge_session session = { .local_as = cases[i].as,
							   .ibgp = cases[i].ibgp,
							   .peer_attrs = &common };
		const struct bgp_route_attrs none = { 0 };
		struct bgp_merge_room room;
		struct bgp_attrs_out out;
		bgp_attrs_merge(&session, BGP_ORIGIN_IGP, &none, &room, &out);
		assert_int_equal(out.n_ext_communities, 1);
		assert_int_equal(out.ext_communities[0].high, cases[i].high);
		assert_int_equal(out.ext_communities[0].low, WEIGHT);
	}
}

/* The weight of the route counts, finds a place behind a full list, and is the only one. */
static void of_a_route(void **state)
{
	(void)state;
	static struct bgp_ext_community full[BGP_EXT_COMMUNITIES_MAX];
	for (uint32_t i = 0; i < ARRAY_SIZE(full); i++)
		full[i] = (struct bgp_ext_community){ 0x0002fde9, i };
	const struct bgp_peer_attrs common = { .weight = { true, WEIGHT } };
	const struct bgp_merge_session session = { .local_as = 65001, .peer_attrs = &common };
	struct bgp_route_attrs route = { .has_weight = true,
					 .weight = 0x3f800000,
					 .ext_communities = { full, ARRAY_SIZE(full) } };
	struct bgp_merge_room room;
	struct bgp_attrs_out out;
	bgp_attrs_merge(&session, BGP_ORIGIN_IGP, &route, &room, &out);
	assert_int_equal(out.n_ext_communities, ARRAY_SIZE(full) + 1);
	assert_int_equal(out.ext_communities[ARRAY_SIZE(full)].low, 0x3f800000);
	full[0].high = 0x4004fde9;
	full[1].high = 0x0004fde9;
	bgp_attrs_merge(&session, BGP_ORIGIN_IGP, &route, &room, &out);
	assert_int_equal(out.n_ext_communities, ARRAY_SIZE(full) - 1);
}

static void changes(void **state)
{
	(void)state;
	const struct bgp_peer_attrs none = { 0 }, a = { .weight = { true, 1 } },
				    b = { .weight = { true, 1 },
					  .link_bandwidth = BGP_LINK_BANDWIDTH_TRANSITIVE },
				    c = { .link_bandwidth = BGP_LINK_BANDWIDTH_TRANSITIVE };
	const struct bgp_route_attrs plain = { 0 }, own = { .has_weight = true, .weight = 5 };
	assert_true(bgp_peer_attrs_numbers_differ(&none, &a, &plain, false));
	assert_true(bgp_peer_attrs_numbers_differ(&a, &none, &plain, false));
	assert_false(bgp_peer_attrs_numbers_differ(&none, &a, &own, false));
	assert_true(bgp_peer_attrs_numbers_differ(&a, &b, &plain, false));
	assert_true(bgp_peer_attrs_numbers_differ(&a, &b, &own, false));
	assert_true(bgp_peer_attrs_numbers_differ(&none, &c, &own, false));
	assert_false(bgp_peer_attrs_numbers_differ(&none, &c, &plain, false));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts),       cmocka_unit_test(levels),
		cmocka_unit_test(communities), cmocka_unit_test(of_a_route),
		cmocka_unit_test(changes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
