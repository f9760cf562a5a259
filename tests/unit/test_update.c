/* SPDX-License-Identifier: MIT */
#include "bgp/update.h"
#include "bgp/attr.h"

#include "bgp/codec.h"
#include "lib/str.h"
#include "tests/unit/hex.h"

#define NOTHING  BGP_TOLERATE_NOTHING_WRONG
#define DISCARD  BGP_TOLERATE_ATTR_DISCARD
#define WITHDRAW BGP_TOLERATE_TREAT_AS_WITHDRAW
#define RESET    BGP_TOLERATE_SESSION_RESET

/* The peer's flags; without any, an eBGP peer with 4-octet AS numbers and both families. */
enum { IBGP = 1, OLD = 2, NO_V4 = 4, NO_V6 = 8, HOP6 = 16 };

static struct bgp_update_params params_of(unsigned flags)
{
	return (struct bgp_update_params){ .four_octet_as = !(flags & OLD),
					   .is_ibgp = flags & IBGP,
					   .ipv4_unicast = !(flags & NO_V4),
					   .ipv6_unicast = !(flags & NO_V6),
					   .extended_next_hop = flags & HOP6 };
}

static void add_nlri_text(struct strbuf *sb, char sign, const struct bgp_nlri *nlri)
{
	struct reader r = nlri->prefixes;
	struct prefix p;
	char text[PREFIX_TEXT_MAX], hop[ADDR_TEXT_MAX];
	while (bgp_nlri_next(&r, nlri->family, &p)) {
		strbuf_add(sb, "%s%c%s", sb->len ? " " : "", sign, prefix_format(&p, text));
		if (sign == '+')
			strbuf_add(sb, ">%s", addr_format(&nlri->next_hop, hop));
	}
	assert_false(r.failed);
}

/* "-192.0.2.0/24 +198.51.100.0/24>10.9.0.2 [65001] {65001:100} eor4" */
static const char *update_text(const struct bgp_update *u, char *buf, size_t size)
{
	struct strbuf sb = strbuf_over(buf, size);
	char text[256];
	for (size_t i = 0; i < u->n_withdrawn; i++)
		add_nlri_text(&sb, '-', &u->withdrawn[i]);
	for (size_t i = 0; i < u->n_announced; i++)
		add_nlri_text(&sb, '+', &u->announced[i]);
	if (u->n_announced && *bgp_attrs_as_path_text(&u->attrs, text, sizeof(text)))
		strbuf_add(&sb, " [%s]", text);
	if (u->n_announced && *bgp_attrs_communities_text(&u->attrs, text, sizeof(text)))
		strbuf_add(&sb, " {%s}", text);
	if (u->end_of_rib4)
		strbuf_add(&sb, "eor4");
	if (u->end_of_rib6)
		strbuf_add(&sb, "eor6");
	return buf;
}

#define GOOD    "40010100 400206 0201 0000fde9 400304 c0000201" /* 20 octets */
#define MP_NEXT "0002 01 10 20010db8000900000000000000000002 00"

static const struct {
	const char *name, *hex;
	unsigned peer;
	enum bgp_tolerance tolerance;
	const char *text;
	uint8_t subcode;
	const char *data;
} updates[] = {
	/* Captured from the routers of Debian 12: a route of each family. */
	{ "BIRD 2.0.12, IPv4",
	  "0000002e400101004002060201fa56ea024003040a090002c00808fdea0064ffff029ac0200c0000fdea0000"
	  "00010000000218c00002",
	  0, NOTHING, "+192.0.2.0/24>10.9.0.2 [4200000002] {65002:100 65535:666}", 0, "" },
	{ "BIRD 2.0.12, IPv4 to a 2-octet peer",
	  "000000354001010040020402015ba04003040a090002c00808fdea0064ffff029ac011060201fa56ea02c020"
	  "0c0000fdea000000010000000218c00002",
	  OLD, NOTHING, "+192.0.2.0/24>10.9.0.2 [4200000002] {65002:100 65535:666}", 0, "" },
	{ "BIRD 2.0.12, IPv6",
	  "0000002d900e001c0002011020010db8000900000000000000000002003020010db800534001010040020602"
	  "01"
	  "fa56ea02",
	  0, NOTHING, "+2001:db8:53::/48>2001:db8:9::2 [4200000002]", 0, "" },
	{ "BIRD 2.0.12, End-of-RIB IPv6", "00000006800f03000201", 0, NOTHING, "eor6", 0, "" },
	{ "FRR 8.4.4, IPv4",
	  "0000001c400101005002000602010000fdea4003040a0900028004040000000019c6336480", 0, NOTHING,
	  "+198.51.100.128/25>10.9.0.2 [65002]", 0, "" },
	{ "FRR 8.4.4, IPv6 to a 2-octet peer",
	  "00000033900e001c0002011020010db8000900000000000000000002003020010db800534001010050020004"
	  "0201fdea80040400000000",
	  OLD, NOTHING, "+2001:db8:53::/48>2001:db8:9::2 [65002]", 0, "" },
	{ "GoBGP 3.10, IPv6, MP_REACH_NLRI last",
	  "0000002c400101024002060201fa56ea02800e1c0002011020010db800090000000000000000000200302001"
	  "0db80053",
	  0, NOTHING, "+2001:db8:53::/48>2001:db8:9::2 [4200000002]", 0, "" },
	{ "ExaBGP 4.2.21, IPv4 to a 2-octet peer",
	  "00000052400101004002 "
	  "0c02025ba0fdeb010200010002c011140202fa56ea050000fdeb01020000000100000002"
	  "4003040a09000280040400000032c00808fdea0064ffffff01c0200c0000fdea000000010000000218c0000"
	  "2",
	  OLD, NOTHING, "+192.0.2.0/24>10.9.0.2 [4200000005 65003 {1,2}] {65002:100 65535:65281}",
	  0, "" },
	{ "ExaBGP 4.2.21, End-of-RIB IPv6", "00000007900f0003000201", 0, NOTHING, "eor6", 0, "" },
	{ "OpenBGPD 7.7, IPv4 to a 2-octet peer",
	  "000000294001010040020402015ba04003040a09000280040400000032c00804fdea0064c011060201fa56ea"
	  "0218c00002",
	  OLD, NOTHING, "+192.0.2.0/24>10.9.0.2 [4200000002] {65002:100}", 0, "" },

	{ "End-of-RIB IPv4", "0000 0000", 0, NOTHING, "eor4", 0, "" },
	{ "End-of-RIB IPv4 in MP form", "0000 0006 800f03 0001 01", 0, NOTHING, "eor4", 0, "" },
	{ "End-of-RIB of an unknown family", "0000 0006 800f03 4004 47", 0, NOTHING, "", 0, "" },
	{ "End-of-RIB of a family not negotiated", "0000 0006 800f03 0002 01", NO_V6, NOTHING, "",
	  0, "" },
	{ "attributes of nothing are not End-of-RIB", "0000 0004 40010100", 0, NOTHING, "", 0, "" },
	{ "withdrawn", "0004 18c00002 0000", 0, NOTHING, "-192.0.2.0/24", 0, "" },
	{ "withdrawn, default route and host", "0006 00 20c0000235 0000", 0, NOTHING,
	  "-0.0.0.0/0 -192.0.2.53/32", 0, "" },
	{ "4.3 trailing bits are irrelevant", "0003 09c0ff 0000", 0, NOTHING, "-192.128.0.0/9", 0,
	  "" },
	{ "withdrawn IPv6", "0000 000e 800f0b 0002 01 00 3020010db80053", 0, NOTHING,
	  "-::/0 -2001:db8:53::/48", 0, "" },
	{ "both kinds and families at once",
	  "(18c00002) (" GOOD " 800f [0002 01 3020010db80053]"
	  "800e [" MP_NEXT " 2020010db8]) 20cb007101",
	  0, NOTHING,
	  "-192.0.2.0/24 -2001:db8:53::/48 +203.0.113.1/32>192.0.2.1 +2001:db8::/32>2001:db8:9::2 "
	  "[65001]",
	  0, "" },
	{ "IPv4 in MP attributes",
	  "0000 (40010100 400206 0201 0000fde9 800e [0001 01 04 c0000201 00 20cb007101]"
	  "800f [0001 01 00])",
	  0, NOTHING, "-0.0.0.0/0 +203.0.113.1/32>192.0.2.1 [65001]", 0, "" },
	{ "8950: FRR 8.4.4, IPv4 with two IPv6 addresses",
	  "0000 (800e [0001 01 20 fd000001000000000000000000000001"
	  "fe800000000000000000000000000001 00 20cb007101] 40010100 400206 0201 0000fde9)",
	  HOP6, NOTHING, "+203.0.113.1/32>fd00:1::1 [65001]", 0, "" },
	{ "8950: IPv4 with an IPv6 address",
	  "0000 (800e [0001 01 10 fd000001000000000000000000000001 00 20cb007101]"
	  "40010100 400206 0201 0000fde9)",
	  HOP6, NOTHING, "+203.0.113.1/32>fd00:1::1 [65001]", 0, "" },
	{ "8950: IPv4 with an IPv4 address, still",
	  "0000 (800e [0001 01 04 c0000201 00 20cb007101] 40010100 400206 0201 0000fde9)", HOP6,
	  NOTHING, "+203.0.113.1/32>192.0.2.1 [65001]", 0, "" },
	{ "8950: IPv4 with ::, and a link-local address behind it",
	  "0000 (800e [0001 01 20 00000000000000000000000000000000"
	  "fe800000000000000000000000000001 00 20cb007101] 40010100 400206 0201 0000fde9)",
	  HOP6, NOTHING, "+203.0.113.1/32>fe80::1 [65001]", 0, "" },
	{ "8950: IPv4 with :: alone",
	  "0000 (800e [0001 01 10 00000000000000000000000000000000 00 20cb007101]"
	  "40010100 400206 0201 0000fde9)",
	  HOP6, WITHDRAW, "-203.0.113.1/32", 8, "" },
	{ "8950: IPv4 with :: twice",
	  "0000 (800e [0001 01 20 00000000000000000000000000000000"
	  "00000000000000000000000000000000 00 20cb007101] 40010100 400206 0201 0000fde9)",
	  HOP6, WITHDRAW, "-203.0.113.1/32", 8, "" },
	{ "IPv6 with ::",
	  "0000 (800e [0002 01 10 00000000000000000000000000000000 00 2020010db8]"
	  "40010100 400206 0201 0000fde9)",
	  0, WITHDRAW, "-2001:db8::/32", 8, "" },
	{ "IPv6 with a multicast address",
	  "0000 (800e [0002 01 10 ff020000000000000000000000000001 00 2020010db8]"
	  "40010100 400206 0201 0000fde9)",
	  0, WITHDRAW, "-2001:db8::/32", 8, "" },
	{ "IPv4 in MP_REACH_NLRI with 0.0.0.0",
	  "0000 (800e [0001 01 04 00000000 00 20cb007101] 40010100 400206 0201 0000fde9)", 0,
	  WITHDRAW, "-203.0.113.1/32", 8, "" },
	{ "8950 4: not negotiated",
	  "0000 (800e [0001 01 10 fd000001000000000000000000000001 00 20cb007101])", 0, RESET, "",
	  9, "800e [0001 01 10 fd000001000000000000000000000001 00 20cb007101]" },
	{ "8950 3: a length that no family has",
	  "0000 (800e [0001 01 05 c000020100 00 20cb007101])", HOP6, RESET, "", 9,
	  "800e [0001 01 05 c000020100 00 20cb007101]" },
	{ "8950 3: IPv6 with an IPv4 address", "0000 (800e [0002 01 04 c0000201 00 2020010db8])",
	  HOP6, RESET, "", 9, "800e [0002 01 04 c0000201 00 2020010db8]" },
	{ "IPv6 not negotiated: ignored, and so is its next hop",
	  "0000 000a 800e07 0002 01 01 ff 00 81", NO_V6, NOTHING, "", 0, "" },
	{ "IPv4 not negotiated: ignored", "(18c00002) (" GOOD ") 20cb007101", NO_V4, NOTHING, "", 0,
	  "" },
	{ "unknown family: ignored", "0000 (800e [0019 41 00 00] 800f [0001 80 ffffff])", 0,
	  NOTHING, "", 0, "" },
	{ "eBGP with an empty path: the first AS is not looked at",
	  "0000 (40010100 400200 400304 c0000201) 00", 0, NOTHING, "+0.0.0.0/0>192.0.2.1", 0, "" },
	{ "iBGP", "0000 (40010100 400200 400304 c0000201 400504 00000064) 00", IBGP, NOTHING,
	  "+0.0.0.0/0>192.0.2.1", 0, "" },

	/* One octet is a route: the default route. */
	{ "default route withdrawn", "0001 00 0000", 0, NOTHING, "-0.0.0.0/0", 0, "" },
	{ "default route withdrawn, IPv6", "0000 0007 800f04 0002 01 00", 0, NOTHING, "-::/0", 0,
	  "" },
	{ "3d default route without attributes", "0000 0000 00", 0, WITHDRAW, "-0.0.0.0/0", 3,
	  "01" },
	{ "3d IPv6 default route without ORIGIN",
	  "0000 (400206 0201 0000fde9 800e [" MP_NEXT " 00])", 0, WITHDRAW, "-::/0", 3, "01" },
	{ "5.2 default route with a broken attribute", "0000 0004 40010103 00", 0, WITHDRAW,
	  "-0.0.0.0/0", 6, "40010103" },
	{ "5.2 IPv6 default route with a broken attribute", "0000 (40010103 800e [" MP_NEXT " 00])",
	  0, WITHDRAW, "-::/0", 6, "40010103" },
	{ "3d nothing is missing beside a broken attribute",
	  "0000 (c0080100 400206 0201 0000fde9 400304 c0000201) 18c00002", 0, WITHDRAW,
	  "-192.0.2.0/24", 5, "c0080100" },

	/* RFC 4271 6.3, RFC 7606 3 b: lengths that contradict each other. */
	{ "3b empty body", "", 0, RESET, "", 1, "" },
	{ "3b withdrawn routes too long", "0001 0000", 0, RESET, "", 1, "" },
	{ "3b withdrawn routes far too long", "ffff 0000", 0, RESET, "", 1, "" },
	{ "3b attributes too long", "0000 0001", 0, RESET, "", 1, "" },
	{ "3b attributes far too long", "0000 ffff 40010100", 0, RESET, "", 1, "" },
	{ "3b no attribute length", "0000", 0, RESET, "", 1, "" },
	{ "3b half an attribute length", "0000 00", 0, RESET, "", 1, "" },

	/* RFC 7606 5.3, 3 i: prefixes that cannot be read. */
	{ "5.3 NLRI of 33 bits", "0000 (" GOOD ") 21c000020100", 0, RESET, "", 10, "" },
	{ "5.3 NLRI of 255 bits", "0000 (" GOOD ") ff", 0, RESET, "", 10, "" },
	{ "5.3 NLRI is cut", "0000 (" GOOD ") 18c000", 0, RESET, "", 10, "" },
	{ "5.3 NLRI is cut behind a good one", "0000 (" GOOD ") 18c00002 18", 0, RESET, "", 10,
	  "" },
	{ "3i withdrawn route of 33 bits", "0006 21c000020100 0000", 0, RESET, "", 10, "" },
	{ "3i withdrawn route is cut", "0003 18c000 0000", 0, RESET, "", 10, "" },
	{ "3i also of a family not negotiated", "0003 18c000 0000", NO_V4, RESET, "", 10, "" },
	{ "5.3 MP_REACH_NLRI of 129 bits",
	  "0000 (800e [" MP_NEXT " 8120010db800530000000000000000000100])", 0, RESET, "", 9,
	  "800e [" MP_NEXT " 8120010db800530000000000000000000100]" },
	{ "5.3 MP_REACH_NLRI is cut", "0000 (800e [" MP_NEXT " 3020])", 0, RESET, "", 9,
	  "800e [" MP_NEXT " 3020]" },
	{ "5.3 MP_UNREACH_NLRI of 129 bits", "0000 0007 800f04 0002 01 81", 0, RESET, "", 9,
	  "800f04 0002 01 81" },
	{ "5.3 MP_UNREACH_NLRI of IPv4 with 33 bits", "0000 000c 800f09 0001 01 21c000020100", 0,
	  RESET, "", 9, "800f09 0001 01 21c000020100" },

	/* RFC 7606 3 d: what has to be there with a route. */
	{ "3d no ORIGIN", "0000 (400206 0201 0000fde9 400304 c0000201) 18c00002", 0, WITHDRAW,
	  "-192.0.2.0/24", 3, "01" },
	{ "3d no AS_PATH", "0000 (40010100 400304 c0000201) 18c00002", 0, WITHDRAW, "-192.0.2.0/24",
	  3, "02" },
	{ "3d no NEXT_HOP", "0000 (40010100 400206 0201 0000fde9) 18c00002", 0, WITHDRAW,
	  "-192.0.2.0/24", 3, "03" },
	{ "3d no attributes at all", "0000 0000 18c00002", 0, WITHDRAW, "-192.0.2.0/24", 3, "01" },
	{ "3d iBGP without LOCAL_PREF", "0000 (" GOOD ") 18c00002", IBGP, WITHDRAW, "-192.0.2.0/24",
	  3, "05" },
	{ "3d IPv6 without ORIGIN", "0000 (400206 0201 0000fde9 800e [" MP_NEXT " 2020010db8])", 0,
	  WITHDRAW, "-2001:db8::/32", 3, "01" },

	/* RFC 7606 2: routes with a broken attribute are withdrawn, all of the message. */
	{ "treat-as-withdraw, with everything else in the message",
	  "(18c00002) (" GOOD " 800f [0002 01 3020010db80053]"
	  "800e [" MP_NEXT " 2020010db8] c0080100) 20cb007101",
	  0, WITHDRAW, "-192.0.2.0/24 -2001:db8:53::/48 -203.0.113.1/32 -2001:db8::/32", 5,
	  "c0080100" },
	{ "treat-as-withdraw, MP_REACH_NLRI behind the broken one",
	  "0000 (40010103 400206 0201 0000fde9 800e [" MP_NEXT " 2020010db8])", 0, WITHDRAW,
	  "-2001:db8::/32", 6, "40010103" },
	{ "attribute discard", "0000 (" GOOD " 40060100) 18c00002", 0, DISCARD,
	  "+192.0.2.0/24>192.0.2.1 [65001]", 5, "40060100" },
	{ "7.5 LOCAL_PREF from outside", "0000 (" GOOD " 400504 000000c8) 18c00002", 0, DISCARD,
	  "+192.0.2.0/24>192.0.2.1 [65001]", 9, "400504 000000c8" },
	{ "3g twice", "0000 (" GOOD " 40010101) 18c00002", 0, DISCARD,
	  "+192.0.2.0/24>192.0.2.1 [65001]", 1, "" },
	{ "4 attributes overrun, the NLRI field is found all the same",
	  "0000 (" GOOD " c00804) 18c00002", 0, WITHDRAW, "-192.0.2.0/24", 1, "" },
	{ "4 two octets remain", "0000 (" GOOD " c008) 18c00002", 0, WITHDRAW, "-192.0.2.0/24", 1,
	  "" },
	{ "3h a reset is stronger than the rest", "0000 (" GOOD " 40010101 400d00) 18c00002", 0,
	  RESET, "", 2, "400d00" },
	{ "3g MP_UNREACH_NLRI twice", "0000 000c 800f03000201 800f03000201", 0, RESET, "", 1, "" },

	/* RFC 7606 5.2: there has to be a route to be withdrawn. */
	{ "5.2 broken attribute, no route", "0000 0004 40010103", 0, RESET, "", 6, "40010103" },
	{ "5.2 broken attribute, withdrawn routes only", "0004 18c00002 0004 40010103", 0, RESET,
	  "", 6, "40010103" },
	{ "5.2 broken attribute, empty MP_REACH_NLRI", "0000 (40010103 800e [" MP_NEXT "])", 0,
	  RESET, "", 6, "40010103" },
	{ "5.2 overrun, no route", "0000 0002 4001", 0, RESET, "", 1, "" },
	{ "5.2 discard only", "0000 0004 40060100", 0, DISCARD, "", 5, "40060100" },
	{ "5.2 a route of an unknown family", "0000 (40010103 800e [0019 41 00 00 00])", 0,
	  WITHDRAW, "", 6, "40010103" },
};

static void test_decode(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(updates); i++) {
		const char *name = updates[i].name;
		struct bgp_update_params params = params_of(updates[i].peer);
		struct hex h = hex_parse(updates[i].hex);
		struct bgp_update u = { .n_announced = 99 };
		struct bgp_notification error;
		char text[512];
		enum bgp_tolerance got = bgp_update_decode(hex_reader(&h), &params, &u, &error);
		if (got != updates[i].tolerance)
			fail_msg("%s: tolerance %d, expected %d (%u/%u)", name, got,
				 updates[i].tolerance, error.code, error.subcode);
		assert_notification(name, &error, got == NOTHING ? 0 : BGP_ERR_UPDATE,
				    updates[i].subcode, updates[i].data);
		if (got == RESET) {
			assert_int_equal(u.n_announced, 99); /* untouched */
		} else {
			assert_int_equal(u.tolerance, got);
			assert_text(name, update_text(&u, text, sizeof(text)), updates[i].text);
		}
		hex_done(&h);
	}
}

/* Cut at every byte, and every byte one more or less: nothing is read beyond the end, and the
 * result can be walked. */
static void walk(struct reader body, const struct bgp_update_params *params)
{
	struct bgp_update u;
	struct bgp_notification error;
	char text[2048];
	if (bgp_update_decode(body, params, &u, &error) != RESET)
		update_text(&u, text, sizeof(text));
	else
		assert_int_equal(error.code, BGP_ERR_UPDATE);
}

static void test_damaged(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(updates); i++) {
		struct bgp_update_params params = params_of(updates[i].peer);
		struct hex h = hex_parse(updates[i].hex);
		for (size_t n = 0; n < h.n; n++) {
			struct hex cut = hex_copy(h.p, n);
			walk(hex_reader(&cut), &params);
			hex_done(&cut);
			h.p[n]++;
			walk(hex_reader(&h), &params);
			h.p[n] = (uint8_t)(h.p[n] - 2);
			walk(hex_reader(&h), &params);
			h.p[n]++;
		}
		hex_done(&h);
	}
}

/* One prefix after the other, up to the end or what cannot be read. */
static void test_prefixes(void **state)
{
	(void)state;
	static const struct {
		const char *hex;
		uint8_t family;
		size_t n;
		bool broken;
	} cases[] = {
		{ "", AF_INET, 0, false },
		{ "00 20c0000201", AF_INET, 2, false },
		{ "00 21c000020100", AF_INET, 1, true },
		{ "00 20c00002", AF_INET, 1, true },
		{ "21c000020100 00", AF_INET, 0, true },
		{ "21c000020100 00", AF_INET6, 2, false },
		{ "00 81", AF_INET6, 1, true },
	};
	struct bgp_nlri two[2];
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct hex h = hex_parse(cases[i].hex);
		struct reader r = hex_reader(&h);
		const struct bgp_nlri field = { .family = cases[i].family, .prefixes = r };
		struct prefix p;
		for (size_t n = 0; n < cases[i].n; n++)
			assert_true(bgp_nlri_next(&r, cases[i].family, &p));
		assert_false(bgp_nlri_next(&r, cases[i].family, &p));
		assert_int_equal(r.failed, cases[i].broken);
		assert_int_equal(bgp_update_n_prefixes(&field, 1), cases[i].n);
		assert_int_equal(bgp_update_n_prefixes(&field, 0), 0);
		two[0] = two[1] = field;
		assert_int_equal(bgp_update_n_prefixes(two, 2), 2 * cases[i].n);
		hex_done(&h);
	}
}

static struct prefix prefix_of(const char *text)
{
	struct prefix p;
	assert_int_equal(prefix_parse(text, &p, NULL), 0);
	return p;
}

static const uint32_t as_path[] = { 65001 };
static const uint32_t communities[] = { 65001U << 16 | 100 };
static const struct bgp_attrs_out attrs = { .as_path = as_path,
					    .n_as_path = 1,
					    .four_octet_as = true,
					    .next_hop = { AF_INET, { 192, 0, 2, 1 } },
					    .communities = communities,
					    .n_communities = 1 };
static const struct addr next_hop6 = { AF_INET6, { 0x20, 0x01, 0x0d, 0xb8, [15] = 1 } };
static const struct addr link_local = { AF_INET6, { 0xfe, 0x80, [15] = 1 } };

/* IPV4: an IPv4 next hop. */
enum hop { IPV4, GLOBAL, PAIR };

static void begin(struct bgp_update_builder *b, uint8_t *buf, size_t cap, bool announce,
		  uint8_t family, enum hop hop)
{
	struct bgp_attrs_out out = attrs;
	if (family == AF_INET6 || hop != IPV4)
		out.next_hop = next_hop6;
	if (hop == PAIR)
		out.link_local = link_local;
	if (announce)
		bgp_update_begin_announce(b, buf, cap, &out, family);
	else
		bgp_update_begin_withdraw(b, buf, cap, family, hop != IPV4);
}

static const struct {
	const char *name;
	bool announce;
	const char *prefixes[3], *hex, *text;
	enum hop hop;
} built[] = {
	{ "announce IPv4",
	  true,
	  { "192.0.2.53/32", "198.51.100.0/25", "0.0.0.0/0" },
	  "* 003d 02 0000 001b 40010100 400206 0201 0000fde9 400304 c0000201 c00804 fde90064"
	  "20c0000235 19c6336400 00",
	  "+192.0.2.53/32>192.0.2.1 +198.51.100.0/25>192.0.2.1 +0.0.0.0/0>192.0.2.1 [65001] "
	  "{65001:100}",
	  IPV4 },
	{ "withdraw IPv4",
	  false,
	  { "192.0.2.53/32", "198.51.100.0/25" },
	  "* 0021 02 000a 20c0000235 19c6336400 0000",
	  "-192.0.2.53/32 -198.51.100.0/25",
	  IPV4 },
	{ "announce IPv6",
	  true,
	  { "2001:db8::53/128", "2001:db8:1::/48" },
	  "* 005c 02 0000 0045 900e002d 0002 01 10 20010db8000000000000000000000001 00"
	  "80 20010db8000000000000000000000053 30 20010db80001"
	  "40010100 400206 0201 0000fde9 c00804 fde90064",
	  "+2001:db8::53/128>2001:db8::1 +2001:db8:1::/48>2001:db8::1 [65001] {65001:100}",
	  IPV4 },
	{ "withdraw IPv6",
	  false,
	  { "2001:db8::53/128" },
	  "* 002f 02 0000 0018 900f0014 0002 01 80 20010db8000000000000000000000053",
	  "-2001:db8::53/128",
	  IPV4 },
	{ "2545 3: IPv6 with the link-local address",
	  true,
	  { "2001:db8:1::/48" },
	  "* 005b 02 0000 0044 900e002c 0002 01 20 20010db8000000000000000000000001"
	  "fe800000000000000000000000000001 00 30 20010db80001"
	  "40010100 400206 0201 0000fde9 c00804 fde90064",
	  "+2001:db8:1::/48>2001:db8::1 [65001] {65001:100}",
	  PAIR },
	{ "8950: announce IPv4 with an IPv6 next hop",
	  true,
	  { "192.0.2.53/32", "198.51.100.0/25" },
	  "* 004e 02 0000 0037 900e001f 0001 01 10 20010db8000000000000000000000001 00"
	  "20c0000235 19c6336400 "
	  "40010100 400206 0201 0000fde9 c00804 fde90064",
	  "+192.0.2.53/32>2001:db8::1 +198.51.100.0/25>2001:db8::1 [65001] {65001:100}",
	  GLOBAL },
	{ "8950: and with the link-local address",
	  true,
	  { "192.0.2.53/32" },
	  "* 0059 02 0000 0042 900e002a 0001 01 20 20010db8000000000000000000000001"
	  "fe800000000000000000000000000001 00 20c0000235"
	  "40010100 400206 0201 0000fde9 c00804 fde90064",
	  "+192.0.2.53/32>2001:db8::1 [65001] {65001:100}",
	  PAIR },
	{ "8950: withdraw IPv4 in MP_UNREACH_NLRI",
	  false,
	  { "192.0.2.53/32" },
	  "* 0023 02 0000 000c 900f0008 0001 01 20c0000235",
	  "-192.0.2.53/32",
	  GLOBAL },
};

static void test_build(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(built); i++) {
		const char *name = built[i].name;
		struct hex want = hex_parse(built[i].hex);
		uint8_t *buf = hex_room(want.n);
		struct bgp_update_builder b;
		uint8_t family = prefix_of(built[i].prefixes[0]).addr.family;
		begin(&b, buf, want.n, built[i].announce, family, built[i].hop);
		for (size_t k = 0; k < 3 && built[i].prefixes[k]; k++) {
			struct prefix p = prefix_of(built[i].prefixes[k]);
			if (!bgp_update_add(&b, &p))
				fail_msg("%s: no room for %s", name, built[i].prefixes[k]);
		}
		assert_hex(name, buf, bgp_update_finish(&b), built[i].hex);

		struct bgp_frame_view view;
		struct bgp_notification error;
		struct bgp_update_params params = params_of(HOP6);
		struct bgp_update u;
		char text[512];
		assert_int_equal(bgp_frame_next(buf, want.n, 4096, &view, &error),
				 BGP_FRAME_COMPLETE);
		assert_int_equal(bgp_update_decode(view.body, &params, &u, &error), NOTHING);
		assert_text(name, update_text(&u, text, sizeof(text)), built[i].text);
		free(buf);
		hex_done(&want);
	}
}

/* With one byte less, the last prefix does not fit, and the message without it is whole; with far
 * less, there is nothing to send. */
static void test_build_without_room(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(built); i++) {
		struct hex want = hex_parse(built[i].hex);
		uint8_t family = prefix_of(built[i].prefixes[0]).addr.family;
		for (size_t cap = 0; cap < want.n; cap++) {
			uint8_t *buf = hex_room(cap);
			struct bgp_update_builder b;
			size_t n = 0;
			begin(&b, buf, cap, built[i].announce, family, built[i].hop);
			for (size_t k = 0; k < 3 && built[i].prefixes[k]; k++) {
				struct prefix p = prefix_of(built[i].prefixes[k]);
				if (!bgp_update_add(&b, &p))
					break;
				n++;
			}
			size_t size = bgp_update_finish(&b);
			if ((size > 0) != (n > 0) || size > cap)
				fail_msg("%s: %zu bytes in %zu with %zu prefixes", built[i].name,
					 size, cap, n);
			struct bgp_frame_view view;
			struct bgp_notification error;
			if (size)
				assert_int_equal(bgp_frame_next(buf, size, 4096, &view, &error),
						 BGP_FRAME_COMPLETE);
			free(buf);
		}
		hex_done(&want);
	}
}

static void test_build_refuses(void **state)
{
	(void)state;
	uint8_t buf[4096];
	struct bgp_update_builder b;
	struct prefix v4 = prefix_of("192.0.2.1/32"), v6 = prefix_of("2001:db8::1/128");
	begin(&b, buf, sizeof(buf), true, AF_INET, IPV4);
	assert_false(bgp_update_add(&b, &v6));
	assert_int_equal(bgp_update_finish(&b), 0);
	begin(&b, buf, sizeof(buf), false, AF_INET6, IPV4);
	assert_false(bgp_update_add(&b, &v4));
	/* An empty MP_UNREACH_NLRI would say End-of-RIB. */
	assert_int_equal(bgp_update_finish(&b), 0);
}

/* The figure to reach: 10,000 IPv4 VIPs with shared attributes in at most 13 messages. */
static void test_build_many(void **state)
{
	(void)state;
	static const struct {
		bool announce;
		uint8_t family;
		size_t cap, messages;
	} cases[] = {
		{ true, AF_INET, 4096, 13 },  { false, AF_INET, 4096, 13 },
		{ true, AF_INET6, 4096, 43 }, { false, AF_INET6, 4096, 42 },
		{ true, AF_INET, 65535, 1 },  { true, AF_INET6, 65535, 3 },
	};
	static uint8_t buf[65535];
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct bgp_update_params params = params_of(0);
		size_t messages = 0, seen = 0;
		for (uint32_t next = 0; next < 10000; messages++) {
			struct bgp_update_builder b;
			begin(&b, buf, cases[i].cap, cases[i].announce, cases[i].family, IPV4);
			for (; next < 10000; next++) {
				struct prefix p =
					prefix_of(cases[i].family == AF_INET ? "10.0.0.0/32"
									     : "2001:db8::/128");
				size_t last = addr_size(cases[i].family) - 1;
				p.addr.bytes[last] = (uint8_t)next;
				p.addr.bytes[last - 1] = (uint8_t)(next >> 8);
				if (!bgp_update_add(&b, &p))
					break;
			}
			struct bgp_frame_view view;
			struct bgp_notification error;
			struct bgp_update u;
			size_t size = bgp_update_finish(&b);
			assert_int_equal(bgp_frame_next(buf, size, cases[i].cap, &view, &error),
					 BGP_FRAME_COMPLETE);
			assert_int_equal(bgp_update_decode(view.body, &params, &u, &error),
					 NOTHING);
			struct bgp_nlri *nlri =
				cases[i].announce ? &u.announced[0] : &u.withdrawn[0];
			assert_int_equal(u.n_announced + u.n_withdrawn, 1);
			for (struct prefix p; bgp_nlri_next(&nlri->prefixes, nlri->family, &p);
			     seen++)
				assert_int_equal(p.addr.bytes[addr_size(p.addr.family) - 1],
						 seen & 0xff);
		}
		assert_int_equal(seen, 10000);
		assert_int_equal(messages, cases[i].messages);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_decode),     cmocka_unit_test(test_damaged),
		cmocka_unit_test(test_build),      cmocka_unit_test(test_build_without_room),
		cmocka_unit_test(test_prefixes),   cmocka_unit_test(test_build_refuses),
		cmocka_unit_test(test_build_many),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
