/* SPDX-License-Identifier: MIT */
#include "bgp/attr.h"
#include "bgp/attr_out.h"

#include "tests/unit/hex.h"

#define NOTHING  BGP_TOLERATE_NOTHING_WRONG
#define DISCARD  BGP_TOLERATE_ATTR_DISCARD
#define WITHDRAW BGP_TOLERATE_TREAT_AS_WITHDRAW
#define RESET    BGP_TOLERATE_SESSION_RESET

/* The peer's flags; without any, an eBGP peer with 4-octet AS numbers. */
enum { IBGP = 1, OLD = 2, NO_V6 = 4 };

static struct bgp_update_params params_of(unsigned flags)
{
	return (struct bgp_update_params){ .four_octet_as = !(flags & OLD),
					   .is_ibgp = flags & IBGP,
					   .ipv4_unicast = true,
					   .ipv6_unicast = !(flags & NO_V6) };
}

/* One attribute: it is kept exactly when nothing is wrong with it. `subcode` and `data` are those
 * of the NOTIFICATION if it came to that; "=" is the attribute itself, as RFC 4271 6.3 wants. */
static const struct {
	const char *name, *hex;
	unsigned peer;
	enum bgp_tolerance tolerance;
	uint8_t subcode;
	const char *data;
} singles[] = {
	{ "ORIGIN IGP", "40010100", 0, NOTHING, 0, "" },
	{ "ORIGIN incomplete", "40010102", 0, NOTHING, 0, "" },
	{ "ORIGIN, needless extended length", "5001000100", 0, NOTHING, 0, "" },
	{ "ORIGIN, unused flag bits are ignored", "4f010100", 0, NOTHING, 0, "" },
	{ "ORIGIN, Partial is not looked at (7606 3c)", "60010100", 0, NOTHING, 0, "" },
	{ "7.1 ORIGIN 3", "40010103", 0, WITHDRAW, 6, "=" },
	{ "7.1 ORIGIN 255", "400101ff", 0, WITHDRAW, 6, "=" },
	{ "7.1 ORIGIN of 0 octets", "400100", 0, WITHDRAW, 5, "=" },
	{ "7.1 ORIGIN of 2 octets", "4001020000", 0, WITHDRAW, 5, "=" },
	{ "3c ORIGIN optional", "c0010100", 0, WITHDRAW, 4, "=" },
	{ "3c ORIGIN not transitive", "00010100", 0, WITHDRAW, 4, "=" },

	{ "AS_PATH empty", "400200", 0, NOTHING, 0, "" },
	{ "AS_PATH sequence and set", "400210 0202 0000fde9 fa56ea01 0101 0000fdea", 0, NOTHING, 0,
	  "" },
	{ "AS_PATH, 2-octet", "400206 0202 fde9 5ba0", OLD, NOTHING, 0, "" },
	{ "AS_PATH, confederation inside the AS", "400206 0301 0000fde9", IBGP, NOTHING, 0, "" },
	{ "AS_PATH, set of a confederation inside the AS", "400206 0401 0000fde9", IBGP, NOTHING, 0,
	  "" },
	{ "5065 5.3 AS_PATH, set of a confederation from outside", "400206 0401 0000fde9", 0,
	  WITHDRAW, 11, "=" },
	{ "5065 5.3 AS_PATH, confederation from outside", "400206 0301 0000fde9", 0, WITHDRAW, 11,
	  "=" },
	{ "7.2 AS_PATH segment type 0", "400206 0001 0000fde9", 0, WITHDRAW, 11, "=" },
	{ "7.2 AS_PATH segment type 5", "400206 0501 0000fde9", 0, WITHDRAW, 11, "=" },
	{ "7.2 AS_PATH overrun", "400206 0202 0000fde9", 0, WITHDRAW, 11, "=" },
	{ "7.2 AS_PATH overrun, giant count", "400206 02ff 0000fde9", 0, WITHDRAW, 11, "=" },
	{ "7.2 AS_PATH underrun", "400207 0201 0000fde9 02", 0, WITHDRAW, 11, "=" },
	{ "7.2 AS_PATH segment without ASes", "400202 0200", 0, WITHDRAW, 11, "=" },
	{ "7.2 AS_PATH of 2-octet numbers from a 4-octet peer", "400204 0201 fde9", 0, WITHDRAW, 11,
	  "=" },
	{ "7.2 AS_PATH of 4-octet numbers from a 2-octet peer", "400206 0201 0000fde9", OLD,
	  WITHDRAW, 11, "=" },
	{ "3c AS_PATH optional", "c00200", 0, WITHDRAW, 4, "=" },

	{ "NEXT_HOP", "400304 c0000201", 0, NOTHING, 0, "" },
	{ "NEXT_HOP on loopback", "400304 7f000001", 0, NOTHING, 0, "" },
	{ "7.3 NEXT_HOP of 3 octets", "400303 c00002", 0, WITHDRAW, 5, "=" },
	{ "7.3 NEXT_HOP of 5 octets", "400305 c000020100", 0, WITHDRAW, 5, "=" },
	{ "7.3 NEXT_HOP of 16 octets", "400310 20010db8000000000000000000000001", 0, WITHDRAW, 5,
	  "=" },
	{ "7.3 NEXT_HOP of 0 octets", "400300", 0, WITHDRAW, 5, "=" },
	{ "6.3 NEXT_HOP 0.0.0.0", "400304 00000000", 0, WITHDRAW, 8, "=" },
	{ "6.3 NEXT_HOP 224.0.0.1", "400304 e0000001", 0, WITHDRAW, 8, "=" },
	{ "6.3 NEXT_HOP 255.255.255.255", "400304 ffffffff", 0, WITHDRAW, 8, "=" },
	{ "3c NEXT_HOP optional", "c00304 c0000201", 0, WITHDRAW, 4, "=" },

	{ "MED", "800404 00000032", 0, NOTHING, 0, "" },
	{ "7.4 MED of 3 octets", "800403 000032", 0, WITHDRAW, 5, "=" },
	{ "7.4 MED of 5 octets", "800405 0000000032", 0, WITHDRAW, 5, "=" },
	{ "3c MED transitive", "c00404 00000032", 0, WITHDRAW, 4, "=" },

	{ "LOCAL_PREF", "400504 00000064", IBGP, NOTHING, 0, "" },
	{ "7.5 LOCAL_PREF from outside", "400504 00000064", 0, DISCARD, 9, "=" },
	{ "7.5 LOCAL_PREF from outside, malformed", "c00503 000064", 0, DISCARD, 9, "=" },
	{ "7.5 LOCAL_PREF of 3 octets", "400503 000064", IBGP, WITHDRAW, 5, "=" },
	{ "3c LOCAL_PREF optional", "c00504 00000064", IBGP, WITHDRAW, 4, "=" },

	{ "ATOMIC_AGGREGATE", "400600", 0, NOTHING, 0, "" },
	{ "7.6 ATOMIC_AGGREGATE of 1 octet", "400601 00", 0, DISCARD, 5, "=" },
	{ "3f ATOMIC_AGGREGATE optional", "c00600", 0, DISCARD, 4, "=" },

	{ "AGGREGATOR", "c00708 0000fde9 c0000201", 0, NOTHING, 0, "" },
	{ "AGGREGATOR, 2-octet", "c00706 fde9 c0000201", OLD, NOTHING, 0, "" },
	{ "7.7 AGGREGATOR of 6 octets", "c00706 fde9 c0000201", 0, DISCARD, 5, "=" },
	{ "7.7 AGGREGATOR of 8 octets, 2-octet", "c00708 0000fde9 c0000201", OLD, DISCARD, 5, "=" },
	{ "7.7 AGGREGATOR of 0 octets", "c00700", 0, DISCARD, 5, "=" },
	{ "3f AGGREGATOR well-known", "400708 0000fde9 c0000201", 0, DISCARD, 4, "=" },

	{ "COMMUNITIES", "c00808 fde90064 ffff029a", 0, NOTHING, 0, "" },
	{ "7.8 COMMUNITIES of 0 octets", "c00800", 0, WITHDRAW, 5, "=" },
	{ "7.8 COMMUNITIES of 3 octets", "c00803 fde900", 0, WITHDRAW, 5, "=" },
	{ "7.8 COMMUNITIES of 6 octets", "c00806 fde90064 ffff", 0, WITHDRAW, 5, "=" },
	{ "3c COMMUNITIES not transitive", "800804 fde90064", 0, WITHDRAW, 4, "=" },

	{ "ORIGINATOR_ID", "800904 c0000201", IBGP, NOTHING, 0, "" },
	{ "7.9 ORIGINATOR_ID from outside", "800904 c0000201", 0, DISCARD, 9, "=" },
	{ "7.9 ORIGINATOR_ID of 5 octets", "800905 c000020100", IBGP, WITHDRAW, 5, "=" },

	{ "CLUSTER_LIST", "800a08 c0000201 c0000202", IBGP, NOTHING, 0, "" },
	{ "7.10 CLUSTER_LIST from outside", "800a04 c0000201", 0, DISCARD, 9, "=" },
	{ "7.10 CLUSTER_LIST of 0 octets", "800a00", IBGP, WITHDRAW, 5, "=" },
	{ "7.10 CLUSTER_LIST of 6 octets", "800a06 c0000201 c000", IBGP, WITHDRAW, 5, "=" },

	{ "MP_REACH_NLRI", "800e15 0002 01 10 20010db8000000000000000000000001 00", 0, NOTHING, 0,
	  "" },
	{ "MP_REACH_NLRI, global and link-local",
	  "800e25 0002 01 20 20010db8000000000000000000000001 fe800000000000000000000000000001 00",
	  0, NOTHING, 0, "" },
	{ "MP_REACH_NLRI for IPv4", "800e09 0001 01 04 c0000201 00", 0, NOTHING, 0, "" },
	{ "MP_REACH_NLRI of an unknown family", "800e06 0019 41 01 ff 00", 0, NOTHING, 0, "" },
	{ "MP_REACH_NLRI of a family not negotiated", "800e06 0002 01 01 ff 00", NO_V6, NOTHING, 0,
	  "" },
	{ "7.11 MP_REACH_NLRI, next hop of 4 octets", "800e09 0002 01 04 c0000201 00", 0, RESET, 9,
	  "=" },
	{ "7.11 MP_REACH_NLRI, next hop of 15 octets",
	  "800e14 0002 01 0f 20010db80000000000000000000000 00", 0, RESET, 9, "=" },
	{ "7.11 MP_REACH_NLRI, no next hop", "800e05 0002 01 00 00", 0, RESET, 9, "=" },
	{ "7.11 MP_REACH_NLRI, next hop too long", "800e06 0002 01 10 2001", 0, RESET, 9, "=" },
	{ "7.11 MP_REACH_NLRI, unknown family, next hop too long", "800e05 0019 01 02 00", 0, RESET,
	  9, "=" },
	{ "7.11 MP_REACH_NLRI without the reserved octet",
	  "800e14 0002 01 10 20010db8000000000000000000000001", 0, RESET, 9, "=" },
	{ "7.11 MP_REACH_NLRI, IPv4 with an IPv6 next hop",
	  "800e15 0001 01 10 20010db8000000000000000000000001 00", 0, RESET, 9, "=" },
	{ "7.11 MP_REACH_NLRI of 0 octets", "800e00", 0, RESET, 9, "=" },
	{ "5.3 MP_REACH_NLRI transitive", "c00e09 0001 01 04 c0000201 00", 0, RESET, 4, "=" },

	{ "MP_UNREACH_NLRI", "800f03 0002 01", 0, NOTHING, 0, "" },
	{ "MP_UNREACH_NLRI of an unknown family", "800f04 4004 47 00", 0, NOTHING, 0, "" },
	{ "7.12 MP_UNREACH_NLRI of 2 octets", "800f02 0002", 0, RESET, 9, "=" },
	{ "7.12 MP_UNREACH_NLRI of 0 octets", "800f00", 0, RESET, 9, "=" },
	{ "5.3 MP_UNREACH_NLRI well-known", "400f03 0002 01", 0, RESET, 4, "=" },

	{ "EXTENDED COMMUNITIES, unknown type", "c01008 ff02fde900000064", 0, NOTHING, 0, "" },
	{ "7.14 EXTENDED COMMUNITIES of 0 octets", "c01000", 0, WITHDRAW, 5, "=" },
	{ "7.14 EXTENDED COMMUNITIES of 9 octets", "c01009 0002fde90000006400", 0, WITHDRAW, 5,
	  "=" },

	{ "AS4_PATH", "c01106 0201 fa56ea01", OLD, NOTHING, 0, "" },
	{ "6793 6 AS4_PATH with a confederation", "c01106 0301 00000007", OLD, NOTHING, 0, "" },
	{ "6793 6 AS4_PATH from a 4-octet peer", "c01106 0201 fa56ea01", 0, DISCARD, 9, "=" },
	{ "6793 6 AS4_PATH of 0 octets", "c01100", OLD, DISCARD, 9, "=" },
	{ "6793 6 AS4_PATH overrun", "c01106 0202 fa56ea01", OLD, DISCARD, 9, "=" },
	{ "6793 6 AS4_PATH segment without ASes", "c01108 0201 fa56ea01 0200", OLD, DISCARD, 9,
	  "=" },
	{ "6793 6 AS4_PATH segment type 9", "c01106 0901 fa56ea01", OLD, DISCARD, 9, "=" },
	{ "6793 6 AS4_PATH of odd length", "c01107 0201 fa56ea01 02", OLD, DISCARD, 9, "=" },
	{ "3c AS4_PATH not transitive", "801106 0201 fa56ea01", OLD, WITHDRAW, 4, "=" },

	{ "AS4_AGGREGATOR", "c01208 fa56ea01 c0000201", OLD, NOTHING, 0, "" },
	{ "6793 6 AS4_AGGREGATOR of 7 octets", "c01207 fa56ea01 c00002", OLD, DISCARD, 5, "=" },
	{ "6793 6 AS4_AGGREGATOR from a 4-octet peer", "c01208 fa56ea01 c0000201", 0, DISCARD, 9,
	  "=" },

	{ "IPV6 EXTENDED COMMUNITIES", "c01914 0002 20010db8000000000000000000000001 0064", 0,
	  NOTHING, 0, "" },
	{ "7.15 IPV6 EXTENDED COMMUNITIES of 8 octets", "c01908 0002fde900000064", 0, WITHDRAW, 5,
	  "=" },

	{ "ONLY_TO_CUSTOMER", "c02304 0000fde9", 0, NOTHING, 0, "" },
	{ "ONLY_TO_CUSTOMER, Partial", "e02304 fa56ea01", IBGP, NOTHING, 0, "" },
	{ "9234 5 ONLY_TO_CUSTOMER of 3 octets", "c02303 00fde9", 0, WITHDRAW, 5, "=" },
	{ "9234 5 ONLY_TO_CUSTOMER of 8 octets", "c02308 0000fde9 0000fde9", 0, WITHDRAW, 5, "=" },
	{ "9234 5 ONLY_TO_CUSTOMER of 0 octets", "c02300", 0, WITHDRAW, 5, "=" },
	{ "3c ONLY_TO_CUSTOMER not transitive", "802304 0000fde9", 0, WITHDRAW, 4, "=" },

	{ "LARGE_COMMUNITY", "c0200c 0000fde9 00000001 00000002", 0, NOTHING, 0, "" },
	{ "8092 6 LARGE_COMMUNITY of 0 octets", "c02000", 0, WITHDRAW, 5, "=" },
	{ "8092 6 LARGE_COMMUNITY of 11 octets", "c0200b 0000fde9 00000001 000000", 0, WITHDRAW, 5,
	  "=" },

	{ "6.3 unrecognized well-known, type 13", "400d01 00", 0, RESET, 2, "=" },
	{ "6.3 unrecognized well-known, type 255", "40ff00", 0, RESET, 2, "=" },
	{ "4 only flags", "40", 0, WITHDRAW, 1, "" },
	{ "4 no length", "4001", 0, WITHDRAW, 1, "" },
	{ "4 half an extended length", "500100", 0, WITHDRAW, 1, "" },
	{ "4 length beyond the list", "40010200", 0, WITHDRAW, 1, "" },
	{ "4 giant length", "5001ffff00", 0, WITHDRAW, 1, "" },
	{ "4 MP_REACH_NLRI beyond the list", "800e15 0002 01 10 2001", 0, RESET, 1, "" },
	{ "4 MP_UNREACH_NLRI beyond the list", "800f05 0002 01 00", 0, RESET, 1, "" },
};

static void test_single_attributes(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(singles); i++) {
		const char *name = singles[i].name;
		struct bgp_update_params params = params_of(singles[i].peer);
		struct hex h = hex_parse(singles[i].hex);
		struct bgp_attrs_in in;
		bgp_attrs_decode(hex_reader(&h), &params, &in);
		const struct bgp_verdict *v = &in.verdict;
		if (v->tolerance != singles[i].tolerance)
			fail_msg("%s: tolerance %d, expected %d", name, v->tolerance,
				 singles[i].tolerance);
		const char *data = singles[i].data;
		assert_notification(name, &v->error, v->tolerance ? BGP_ERR_UPDATE : 0,
				    singles[i].subcode, *data == '=' ? singles[i].hex : data);
		uint64_t kept = v->tolerance == NOTHING ? (uint64_t)1 << h.p[1] : 0;
		if (in.attrs.present != kept)
			fail_msg("%s: present %#llx", name, (unsigned long long)in.attrs.present);
		hex_done(&h);
	}
}

/* Lists, with what is kept as a mask. */
#define BIT(type) ((uint64_t)1 << (type))
static const struct {
	const char *name, *hex;
	unsigned peer;
	enum bgp_tolerance tolerance;
	uint8_t subcode;
	const char *data;
	uint64_t present;
} lists[] = {
	{ "empty", "", 0, NOTHING, 0, "", 0 },
	{ "any order", "c00804fde90064 400304c0000201 400200 40010100", 0, NOTHING, 0, "",
	  BIT(1) | BIT(2) | BIT(3) | BIT(8) },
	{ "unknown optional ones pass", "40010100 c0fe020102 80fd00", 0, NOTHING, 0, "", BIT(1) },
	{ "unknown type 65 is not taken for type 1", "c0410100", 0, NOTHING, 0, "", 0 },
	{ "3g ORIGIN twice", "40010100 40010101", 0, DISCARD, 1, "", BIT(1) },
	{ "3g the first is broken, the second not looked at", "40010109 40010101", 0, WITHDRAW, 6,
	  "40010109", 0 },
	{ "3g the second is broken, and not looked at", "40010101 40010109", 0, DISCARD, 1, "",
	  BIT(1) },
	{ "3g unknown one twice", "c0fe00 c0fe00", 0, DISCARD, 1, "", 0 },
	{ "3g the last of 32 twice", "c01f00 c01f00", 0, DISCARD, 1, "", 0 },
	{ "3g the last of all twice", "c0ff00 c0ff00", 0, DISCARD, 1, "", 0 },
	{ "3g the first of the next 32 twice",
	  "c0200c 000000010000000100000001 c0200c 000000010000000100000001", 0, DISCARD, 1, "",
	  BIT(32) },
	{ "32 apart", "c04000 c06000 c08000 c0a000", 0, NOTHING, 0, "", 0 },
	{ "3g MP_UNREACH_NLRI twice", "800f03000201 800f03000201", 0, RESET, 1, "", BIT(15) },
	{ "3g MP_REACH_NLRI twice, unknown families", "800e05 0019410000 800e05 0019410000", 0,
	  RESET, 1, "", BIT(14) },
	{ "3h discard, then withdraw", "40060100 40010103", 0, WITHDRAW, 6, "40010103", 0 },
	{ "3h withdraw, then discard", "40010103 40060100", 0, WITHDRAW, 6, "40010103", 0 },
	{ "3h withdraw, then reset", "40010103 400d00", 0, RESET, 2, "400d00", 0 },
	{ "3h reset, then withdraw", "400d00 40010103", 0, RESET, 2, "400d00", 0 },
	{ "3h of two alike the first is told", "400403000000 40010103", 0, WITHDRAW, 4,
	  "400403000000", 0 },
	{ "4 what came before an overrun is kept", "40010100 40020602", 0, WITHDRAW, 1, "",
	  BIT(1) },
	{ "4 the type of what overruns is not marked as seen twice", "40010100 400102", 0, WITHDRAW,
	  1, "", BIT(1) },
	{ "6793 4.2.3 aggregated since: AS4_PATH is ignored",
	  "400204 02015ba0 c00706 fde9c0000201 c01106 0201fa56ea01", OLD, NOTHING, 0, "",
	  BIT(2) | BIT(7) },
	{ "6793 4.2.3 aggregated by AS_TRANS: AS4_PATH counts",
	  "400204 02015ba0 c00706 5ba0c0000201 c01106 0201fa56ea01", OLD, NOTHING, 0, "",
	  BIT(2) | BIT(7) | BIT(17) },
};

static void test_lists(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
		struct bgp_update_params params = params_of(lists[i].peer);
		struct hex h = hex_parse(lists[i].hex);
		struct bgp_attrs_in in;
		bgp_attrs_decode(hex_reader(&h), &params, &in);
		const struct bgp_verdict *v = &in.verdict;
		if (v->tolerance != lists[i].tolerance)
			fail_msg("%s: tolerance %d", lists[i].name, v->tolerance);
		assert_notification(lists[i].name, &v->error, v->tolerance ? BGP_ERR_UPDATE : 0,
				    lists[i].subcode, lists[i].data);
		if (in.attrs.present != lists[i].present)
			fail_msg("%s: present %#llx", lists[i].name,
				 (unsigned long long)in.attrs.present);
		hex_done(&h);
	}
}

static void test_values(void **state)
{
	(void)state;
	struct hex h = hex_parse(
		"40010101 4003040a090002 80040400000032 400504000000c8"
		"c00808fdea0064ffffff01 c01008 0002fdea00000064"
		"c0200c0000fdea0000000100000002"
		"800e1e 0002 01 10 20010db8000900000000000000000002 00 3020010db80053 0120");
	struct bgp_update_params params = params_of(IBGP);
	struct bgp_attrs_in in;
	char text[128];
	bgp_attrs_decode(hex_reader(&h), &params, &in);
	const struct bgp_attrs *a = &in.attrs;
	assert_int_equal(in.verdict.tolerance, NOTHING);
	assert_int_equal(a->origin, BGP_ORIGIN_EGP);
	assert_text("next hop", addr_format(&a->next_hop, text), "10.9.0.2");
	assert_int_equal(a->med, 50);
	assert_int_equal(a->local_pref, 200);
	assert_int_equal(reader_left(&a->ext_communities), 8);
	assert_text("communities", bgp_attrs_communities_text(a, text, sizeof(text)),
		    "65002:100 65535:65281");
	assert_text("large", bgp_attrs_large_communities_text(a, text, sizeof(text)), "65002:1:2");
	assert_true(in.has_others);
	assert_int_equal(in.reach.family, AF_INET6);
	assert_text("mp", addr_format(&in.reach.next_hop, text), "2001:db8:9::2");
	assert_int_equal(reader_left(&in.reach.prefixes), 9);
	assert_int_equal(in.unreach.present, false);
	hex_done(&h);
}

static const struct {
	const char *name, *path2, *path4, *text; /* without path4: path2 is of 4-octet numbers */
} paths[] = {
	{ "empty", "", NULL, "" },
	{ "sequence", "0203 00000001 0000fde9 ffffffff", NULL, "1 65001 4294967295" },
	{ "set behind a sequence", "0201 00000001 0102 00000002 00000003", NULL, "1 {2,3}" },
	{ "confederation", "0302 00000001 00000002 0402 00000003 00000004 0201 00000005", NULL,
	  "(1 2) [3,4] 5" },
	{ "two sequences", "0201 00000001 0201 00000002", NULL, "1 2" },
	{ "6793 4.2.3 the same length", "0202 5ba0 5ba0", "0202 fa56ea01 fa56ea02",
	  "4200000001 4200000002" },
	{ "6793 4.2.3 old speakers in front", "0203 0001 0002 5ba0", "0201 fa56ea01",
	  "1 2 4200000001" },
	{ "6793 4.2.3 several segments in front", "0201 0001 0202 0002 5ba0", "0201 fa56ea01",
	  "1 2 4200000001" },
	{ "6793 4.2.3 a set in front counts as one", "0102 0001 0002 0201 5ba0", "0201 fa56ea01",
	  "{1,2} 4200000001" },
	{ "6793 4.2.3 a set behind", "0202 0001 5ba0 0102 5ba0 0003",
	  "0201 fa56ea01 0102 fa56ea02 00000003", "1 4200000001 {4200000002,3}" },
	{ "6793 4.2.3 AS4_PATH longer than AS_PATH", "0201 5ba0", "0202 fa56ea01 fa56ea02",
	  "23456" },
	{ "6793 4.2.3 AS4_PATH longer, since a set counts as one", "0103 0001 0002 0003 0201 5ba0",
	  "0203 fa56ea01 fa56ea02 fa56ea03", "{1,2,3} 23456" },
	{ "6793 6 confederation in AS4_PATH", "0202 5ba0 5ba0",
	  "0301 00000007 0202 fa56ea01 fa56ea02", "4200000001 4200000002" },
	{ "confederation in front does not count", "0301 0007 0202 0001 5ba0", "0201 fa56ea01",
	  "(7) 1 4200000001" },
	{ "AS4_PATH of a confederation only", "0201 0001", "0301 00000007", "1" },
	{ "a confederation behind, too, and AS4_PATH of a confederation only",
	  "0201 0001 0301 0007", "0301 00000007", "1 (7)" },
	{ "an AS of one digit in front", "0201 00000001 0101 00000002", NULL, "1 {2}" },
	{ "6793 4.2.3 segments behind those in front", "0202 0001 0002 0201 5ba0", "0201 fa56ea01",
	  "1 2 4200000001" },
	{ "6793 4.2.3 a part of a segment in front", "0203 0001 0002 5ba0 0201 5ba0",
	  "0202 fa56ea01 fa56ea02", "1 2 4200000001 4200000002" },
	{ "6793 4.2.3 a set that is longer than what is in front", "0103 0001 0002 0003 0201 5ba0",
	  "0201 fa56ea01", "{1,2,3} 4200000001" },
};

static void test_path_text(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		struct hex h2 = hex_parse(paths[i].path2);
		struct hex h4 = hex_parse(paths[i].path4 ? paths[i].path4 : "");
		struct bgp_attrs a = { .as_path = hex_reader(&h2), .as_size = 4 };
		if (paths[i].path4) {
			a.as_size = 2;
			a.as4_path = hex_reader(&h4);
			a.present = BIT(BGP_ATTR_AS4_PATH);
		}
		char text[256];
		assert_text(paths[i].name, bgp_attrs_as_path_text(&a, text, sizeof(text)),
			    paths[i].text);
		/* Whatever the size, a text of it and nothing behind it. */
		for (size_t size = 1; size < strlen(text) + 1; size++) {
			char *small = hex_room(size);
			bgp_attrs_as_path_text(&a, small, size);
			assert_memory_equal(small, text, size - 1);
			assert_int_equal(small[size - 1], 0);
			free(small);
		}
		hex_done(&h2);
		hex_done(&h4);
	}
}

/* Of a peer with 4-octet numbers AS_PATH says it all. */
static void test_path_text_without_a_merge(void **state)
{
	(void)state;
	struct hex h = hex_parse("0201 00000001"), other = hex_parse("0201 00000007");
	struct bgp_attrs a = { .as_path = hex_reader(&h),
			       .as4_path = hex_reader(&other),
			       .as_size = 4,
			       .present = BIT(BGP_ATTR_AS4_PATH) };
	char text[64];
	assert_text("4 octets", bgp_attrs_as_path_text(&a, text, sizeof(text)), "1");
	hex_done(&h);
	hex_done(&other);
}

static const uint32_t as_path[] = { 4200000001, 65002 };
static const uint32_t behind_a_small_one[] = { 65002, 4200000001 };
static const uint32_t edges[] = { 65535, 65536 };
static const uint32_t prepended[] = { 65002, 65002, 65002 };
static const uint32_t communities[] = { 65001U << 16 | 100, 0xffffff01 };
static const struct bgp_ext_community ext_communities[] = {
	{ 0x0002fde9, 100 },               /* rt:65001:100 */
	{ 0x0103c000, 0x0201U << 16 | 7 }, /* soo:192.0.2.1:7 */
};
static const struct bgp_large_community large_communities[] = { { 4200000001, 1, UINT32_MAX } };

static const struct {
	const char *name;
	struct bgp_attrs_out out;
	const char *hex;
} encoded[] = {
	{ "eBGP",
	  { .as_path = as_path, .n_as_path = 1, .four_octet_as = true },
	  "40010100 400206 0201 fa56ea01" },
	{ "iBGP",
	  { .origin = BGP_ORIGIN_INCOMPLETE,
	    .has_local_pref = true,
	    .local_pref = 100,
	    .four_octet_as = true,
	    .next_hop = { AF_INET, { 192, 0, 2, 1 } } },
	  "40010102 400200 400304c0000201 40050400000064" },
	{ "everything, 4-octet",
	  { .origin = BGP_ORIGIN_EGP,
	    .as_path = as_path,
	    .n_as_path = 2,
	    .four_octet_as = true,
	    .next_hop = { AF_INET, { 192, 0, 2, 1 } },
	    .has_med = true,
	    .med = 50,
	    .has_local_pref = true,
	    .local_pref = 200,
	    .communities = communities,
	    .n_communities = 2 },
	  "40010101 40020a 0202 fa56ea01 0000fdea 400304c0000201 80040400000032 400504000000c8"
	  "c00808 fde90064 ffffff01" },
	{ "6793 towards a 2-octet peer",
	  { .as_path = as_path, .n_as_path = 2, .communities = communities, .n_communities = 1 },
	  "40010100 400206 0202 5ba0 fdea c00804 fde90064 c0110a 0202 fa56ea01 0000fdea" },
	{ "6793 towards a 2-octet peer, only the second AS needs AS4_PATH",
	  { .as_path = behind_a_small_one, .n_as_path = 2 },
	  "40010100 400206 0202 fdea 5ba0 c0110a 0202 0000fdea fa56ea01" },
	{ "6793 towards a 2-octet peer, without need of AS4_PATH",
	  { .as_path = as_path + 1, .n_as_path = 1 },
	  "40010100 400204 0201 fdea" },
	{ "6793 towards a 2-octet peer, the last number of two octets and the first of four",
	  { .as_path = edges, .n_as_path = 2 },
	  "40010100 400206 0202 ffff 5ba0 c0110a 0202 0000ffff 00010000" },
	{ "6793 towards a 2-octet peer, the last number of two octets alone",
	  { .as_path = edges, .n_as_path = 1 },
	  "40010100 400204 0201 ffff" },
	{ "extended communities (4360) and large ones (8092) behind the standard ones",
	  { .four_octet_as = true,
	    .as_path = prepended,
	    .n_as_path = 3,
	    .has_med = true,
	    .med = UINT32_MAX,
	    .communities = communities,
	    .n_communities = 1,
	    .ext_communities = ext_communities,
	    .n_ext_communities = 2,
	    .large_communities = large_communities,
	    .n_large_communities = 1 },
	  "40010100 40020e 0203 0000fdea 0000fdea 0000fdea 800404ffffffff c00804 fde90064"
	  "c01010 0002fde900000064 0103c00002010007 c0200c fa56ea01 00000001 ffffffff" },
	{ "AS4_PATH stands between extended and large communities",
	  { .as_path = as_path,
	    .n_as_path = 1,
	    .ext_communities = ext_communities,
	    .n_ext_communities = 1,
	    .large_communities = large_communities,
	    .n_large_communities = 1 },
	  "40010100 400204 0201 5ba0 c01008 0002fde900000064 c01106 0201 fa56ea01"
	  "c0200c fa56ea01 00000001 ffffffff" },
	{ "an IPv6 next hop has no place here",
	  { .next_hop = { AF_INET6, { 0x20, 1 } } },
	  "40010100 400200" },
};

static void test_encode(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(encoded); i++) {
		struct hex want = hex_parse(encoded[i].hex);
		for (size_t cap = 0; cap <= want.n; cap++) {
			uint8_t *buf = hex_room(cap);
			struct writer w = writer_over(buf, cap);
			bgp_attrs_encode(&w, &encoded[i].out);
			if (w.failed != (cap < want.n))
				fail_msg("%s: failed %d with %zu bytes", encoded[i].name, w.failed,
					 cap);
			if (!w.failed)
				assert_hex(encoded[i].name, buf, w.len, encoded[i].hex);
			free(buf);
		}
		hex_done(&want);
	}
}

/* 255 octets still fit the short length, 256 do not; 255 ASes still fit a segment. */
static void test_encode_large(void **state)
{
	(void)state;
	static uint32_t many[600];
	static const struct {
		size_t n;
		uint8_t flags;
		size_t size;
	} cases[] = { { 63, 0xc0, 3 + 252 }, { 64, 0xd0, 4 + 256 }, { 512, 0xd0, 4 + 2048 } };
	uint8_t buf[8192];
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct bgp_attrs_out out = { .communities = many, .n_communities = cases[i].n };
		struct writer w = writer_over(buf, sizeof(buf));
		bgp_attrs_encode(&w, &out);
		assert_int_equal(w.len, 4 + 3 + cases[i].size);
		assert_int_equal(buf[7], cases[i].flags);
	}
	/* No attribute has more octets than its length can say. */
	static uint32_t too_many[16384];
	static uint8_t huge[70000];
	for (size_t n = 16383; n <= 16384; n++) {
		struct bgp_attrs_out out = { .communities = too_many, .n_communities = n };
		struct writer w = writer_over(huge, sizeof(huge));
		bgp_attrs_encode(&w, &out);
		assert_int_equal(w.failed, n == 16384);
	}
	for (size_t i = 0; i < ARRAY_SIZE(many); i++)
		many[i] = 70000 + (uint32_t)i;
	for (int four = 0; four <= 1; four++) {
		struct bgp_attrs_out out = { .as_path = many,
					     .n_as_path = 600,
					     .four_octet_as = four };
		struct bgp_update_params params = params_of(four ? 0 : OLD);
		struct bgp_attrs_in in;
		static char text[8192];
		struct writer w = writer_over(buf, sizeof(buf));
		bgp_attrs_encode(&w, &out);
		assert_false(w.failed);
		bgp_attrs_decode(reader_over(buf, w.len), &params, &in);
		assert_int_equal(in.verdict.tolerance, NOTHING);
		bgp_attrs_as_path_text(&in.attrs, text, sizeof(text));
		assert_int_equal(strlen(text), 600 * 6 - 1);
		assert_text("first", strncmp(text, "70000 ", 6) == 0 ? "70000" : text, "70000");
		assert_text("last", text + strlen(text) - 6, " 70599");
	}
}

/* Routes of a family that was not negotiated have none. */
static void test_families(void **state)
{
	(void)state;
	for (unsigned negotiated = 0; negotiated < 4; negotiated++) {
		struct bgp_update_params params = { .ipv4_unicast = negotiated & 1,
						    .ipv6_unicast = negotiated & 2 };
		struct hex h = hex_parse("800e09 0001 01 04 c0000201 00 800f03 0002 01");
		struct bgp_attrs_in in;
		bgp_attrs_decode(hex_reader(&h), &params, &in);
		assert_int_equal(in.verdict.tolerance, NOTHING);
		assert_true(in.reach.present && in.unreach.present);
		assert_int_equal(in.reach.family, negotiated & 1 ? AF_INET : 0);
		assert_int_equal(in.unreach.family, negotiated & 2 ? AF_INET6 : 0);
		hex_done(&h);
	}
}

/* Anything but MP_UNREACH_NLRI, even if it cannot be read. */
static void test_others(void **state)
{
	(void)state;
	static const struct {
		const char *hex;
		bool others;
	} cases[] = {
		{ "", false },         { "800f03 0002 01", false },
		{ "40010100", true },  { "400102", true },
		{ "40", true },        { "800f03 0002 01 40", true },
		{ "40010103", true },  { "800f02 0002", false },
		{ "800f02 00", true },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct bgp_update_params params = params_of(0);
		struct hex h = hex_parse(cases[i].hex);
		struct bgp_attrs_in in;
		bgp_attrs_decode(hex_reader(&h), &params, &in);
		if (in.has_others != cases[i].others)
			fail_msg("%s: %d", cases[i].hex, in.has_others);
		hex_done(&h);
	}
}

/* RFC 9234 5 */
static void test_only_to_customer(void **state)
{
	(void)state;
	struct bgp_update_params params = params_of(0);
	struct hex h = hex_parse("c02304 0001fde9");
	struct bgp_attrs_in in;
	bgp_attrs_decode(hex_reader(&h), &params, &in);
	assert_int_equal(in.attrs.only_to_customer, 0x1fde9);
	hex_done(&h);
}

static void test_names(void **state)
{
	(void)state;
	static const char *const names[] = {
		[1] = "ORIGIN",
		[2] = "AS_PATH",
		[3] = "NEXT_HOP",
		[4] = "MULTI_EXIT_DISC",
		[5] = "LOCAL_PREF",
		[6] = "ATOMIC_AGGREGATE",
		[7] = "AGGREGATOR",
		[8] = "COMMUNITIES",
		[9] = "ORIGINATOR_ID",
		[10] = "CLUSTER_LIST",
		[14] = "MP_REACH_NLRI",
		[15] = "MP_UNREACH_NLRI",
		[16] = "EXTENDED COMMUNITIES",
		[17] = "AS4_PATH",
		[18] = "AS4_AGGREGATOR",
		[25] = "IPV6 EXTENDED COMMUNITIES",
		[32] = "LARGE_COMMUNITY",
		[35] = "ONLY_TO_CUSTOMER",
		[255] = NULL,
	};
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		const char *name = bgp_attr_name((uint8_t)i);
		assert_int_equal(name != NULL, names[i] != NULL);
		if (name)
			assert_string_equal(name, names[i]);
	}
	assert_int_equal(bgp_afi_from_family(AF_INET), 1);
	assert_int_equal(bgp_afi_from_family(AF_INET6), 2);
	assert_int_equal(bgp_family_from_afi(3, 1), 0);
	assert_int_equal(bgp_family_from_afi(1, 2), 0);
	assert_int_equal(bgp_family_from_afi(1, 1), AF_INET);
	assert_int_equal(bgp_family_from_afi(2, 1), AF_INET6);
	assert_int_equal(bgp_family_from_afi(2, 2), 0);
	assert_int_equal(bgp_family_from_afi(25, 65), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_single_attributes),
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_path_text),
		cmocka_unit_test(test_path_text_without_a_merge),
		cmocka_unit_test(test_encode),
		cmocka_unit_test(test_encode_large),
		cmocka_unit_test(test_families),
		cmocka_unit_test(test_others),
		cmocka_unit_test(test_only_to_customer),
		cmocka_unit_test(test_names),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
