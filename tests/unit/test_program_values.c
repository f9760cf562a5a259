/* SPDX-License-Identifier: MIT */
/* Values in the lines of programs, up to the bounds of each. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agent/programs/exa_community.h"
#include "agent/programs/line.h"
#include "agent/programs/tokens.h"
#include "lib/array.h"
#include "lib/mem.h"
#include "lib/str.h"
#include "tests/unit/line_meaning.h"

#define R "announce route 192.0.2.53 next-hop self "
#define A "announce 192.0.2.53/32 "

static void communities_as_exabgp_writes_them(void **state)
{
	static const struct line_case cases[] = {
		{ R "community NO-EXPORT", A "c 65535:65281" },
		{ R "community no-advertise", A "c 65535:65282" },
		{ R "community no-export-subconfed", A "c 65535:65283" },
		{ R "community nopeer", A "c 65535:65284" },
		{ R "community No-Peer", A "c 65535:65284" },
		{ R "community blackhole", A "c 65535:666" },
		{ R "community 0x1", A "c 0:1" },
		{ R "community 0XfFfFfFfF", A "c 65535:65535" },
		{ R "community 0xabcdef90", A "c 43981:61328" },
		{ R "community 0x", "error: community '0x': expected A:B, both 0 to 65535, a "
				    "number, or the name of a well-known one" },
		{ R "community 0x000000001", "error: community '0x000000001'" },
		{ R "community 0x1g", "error: community '0x1g'" },
		{ R "community 1x1", "error: community '1x1'" },
		{ R "community 4294967295", A "c 65535:65535" },
		{ R "community 4294967296", "error: community '4294967296'" },
		{ R "community 65535:65535", A "c 65535:65535" },
	};
	(void)state;
	RUN(cases);
}

/* 0, and nothing else, says that it is one. */
static void communities_that_are_right_return_0(void **state)
{
	static const char *const texts[] = { "No-Export", "0x1", "7", "1:1" };
	uint32_t value;
	struct bgp_ext_community ext;
	struct err err;
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		assert_int_equal(exa_community_parse(texts[i], &value, &err), 0);
	assert_int_equal(exa_ext_community_parse("1:1", &ext, &err), 0);
	assert_int_equal(exa_ext_community_parse("0x0002fde900000064", &ext, &err), 0);
}

#define NO_EXT(text)                                                                               \
	"error: extended-community '" text "': expected target:AS:N, origin:AS:N, "                \
	"bandwidth:AS:N, AS:N, an IPv4 address instead of the AS, or eight octets like "           \
	"0x0002fde900000064"
#define C32 "00000000000000000000000000000000"

static void extended_communities_as_exabgp_writes_them(void **state)
{
	static const struct line_case cases[] = {
		{ R "extended-community 65535:4294967295", A "x rt:65535:4294967295" },
		{ R "extended-community rt:1:2", A "x rt:1:2" },
		{ R "extended-community target:1:2", A "x rt:1:2" },
		{ R "extended-community soo:1:2", A "x soo:1:2" },
		{ R "extended-community origin:1:2", A "x soo:1:2" },
		{ R "extended-community target4:1:2", A "x 0x0202000000010002" },
		{ R "extended-community origin4:1:2", A "x 0x0203000000010002" },
		{ R "extended-community soo:4200000001:3", A "x soo:4200000001:3" },
		{ R "extended-community 65536:65535", A "x rt:65536:65535" },
		{ R "extended-community 4294967295:65535", A "x rt:4294967295:65535" },
		{ R "extended-community 1L:65535", A "x 0x020200000001ffff" },
		{ R "extended-community 10l:1", A "x 0x02020000000a0001" },
		{ R "extended-community 192.0.2.1:65535", A "x rt:192.0.2.1:65535" },
		{ R "extended-community soo:203.0.113.9:1", A "x soo:203.0.113.9:1" },
		{ R "extended-community bandwidth:65535:4294967295", A "x 0x4004ffff4f800000" },
		{ R "extended-community bandwidth:0:1", A "x 0x400400003f800000" },
		{ R "extended-community 0xFFfffde900000064", A "x 0xfffffde900000064" },
		{ R "extended-community 65535:4294967296", NO_EXT("65535:4294967296") },
		{ R "extended-community 65536:65536", NO_EXT("65536:65536") },
		{ R "extended-community 4294967296:1", NO_EXT("4294967296:1") },
		{ R "extended-community 1L:65536", NO_EXT("1L:65536") },
		{ R "extended-community L:1", NO_EXT("L:1") },
		{ R "extended-community :1", NO_EXT(":1") },
		{ R "extended-community x:1", NO_EXT("x:1") },
		{ R "extended-community target4:1:65536", NO_EXT("target4:1:65536") },
		{ R "extended-community 192.0.2.1:65536", NO_EXT("192.0.2.1:65536") },
		{ R "extended-community bandwidth:65536:1", NO_EXT("bandwidth:65536:1") },
		{ R "extended-community bandwidth:1:4294967296", NO_EXT("bandwidth:1:4294967296") },
		{ R "extended-community target:x:1", NO_EXT("target:x:1") },
		{ R "extended-community targets:1:1", NO_EXT("targets:1:1") },
		{ R "extended-community 0x0002fde9000000640", NO_EXT("0x0002fde9000000640") },
		{ R "extended-community 0x0002fde9:1", NO_EXT("0x0002fde9:1") },
		{ R "extended-community " C32 "00000000000000000000000000001:1", A "x rt:1:1" },
		{ R "extended-community " C32 "000000000000000000000000000001:1",
		  "error: extended-community '" C32 "0000000000000000000000000000': expected" },
	};
	(void)state;
	RUN(cases);
}

static void as_numbers_to_their_bounds(void **state)
{
	static const struct line_case cases[] = {
		{ R "as-path [ 0 4294967295 ]", A "path 0 4294967295" },
		{ R "as-path [ 65535.65535 1.0 0.1 ]", A "path 4294967295 65536 1" },
		{ R "as-path [ 65536.0 ]", "error: as-path '65536.0': expected AS numbers, 0 to "
					   "4294967295" },
		{ R "as-path [ 0.65536 ]", "error: as-path '0.65536'" },
		{ R "as-path [ .1 ]", "error: as-path '.1'" },
		{ R "as-path [ 1. ]", "error: as-path '1.'" },
		{ R "as-path [ 1.2.3 ]", "error: as-path '1.2.3'" },
		{ R "as-path [ 1 ] as-path [ 2 ]", A "path 1" },
		{ R "path-information 4294967295", "announce 192.0.2.53/32 id" },
		{ R "path-information 4294967296",
		  "error: path-information '4294967296': expected a number" },
		{ R "large-community 4294967295:4294967295:4294967295",
		  A "l 4294967295:4294967295:4294967295" },
		{ R "large-community 1:2:4294967296", "error: large-community "
						      "'1:2:4294967296': expected A:B:C, each 0 to "
						      "4294967295" },
		{ R "local-preference 4294967295 local-preference x", "error: local-preference" },
		{ R "origin EGP origin igp", A "egp" },
		{ R "origin x", "error: origin 'x': expected igp, egp or incomplete" },
		{ R "next-hop x", "error: next-hop 'x': expected an address or self" },
	};
	(void)state;
	RUN(cases);
}

/* ---- attribute [ 0xTYPE 0xFLAGS 0xDATA ] ---- */

#define NOT_OF_TYPE(type) "error: attribute " type ": the data is not that of this type"
#define FORM                                                                                       \
	"error: attribute: expected [ 0xTYPE 0xFLAGS 0xDATA ], all hexadecimal, "                  \
	"with at most 2048 octets of data"

static void attributes_in_octets(void **state)
{
	static const struct line_case cases[] = {
		{ R "attribute [ 0x04 0x80 0x0009afAF ]", A "med 634799" },
		{ R "attribute [ 0X04 0X80 0X00fF0aA9 ]", A "med 16714409" },
		{ R "attribute [ 0x01 0x40 0x00 ]", A "igp" },
		{ R "attribute [ 0x01 0x40 0x02 ]", A "incomplete" },
		{ R "attribute [ 0x01 0x40 0x03 ]", NOT_OF_TYPE("0x01") },
		{ R "attribute [ 0x01 0x40 0x ]", NOT_OF_TYPE("0x01") },
		{ R "attribute [ 0x01 0x40 0x0000 ]", NOT_OF_TYPE("0x01") },
		{ R "attribute [ 0x02 0x40 0x ]", A "path" },
		{ R "attribute [ 0x02 0x40 0x0200 ]", A "path" },
		{ R "attribute [ 0x02 0x40 0x0201000000010202000000020000ffff ]",
		  A "path 1 2 65535" },
		{ R "attribute [ 0x02 0x40 0x02 ]", NOT_OF_TYPE("0x02") },
		{ R "attribute [ 0x02 0x40 0x020100000001020100 ]", NOT_OF_TYPE("0x02") },
		{ R "attribute [ 0x02 0x40 0x010100000001 ]", NOT_OF_TYPE("0x02") },
		{ R "attribute [ 0x02 0x40 0x020100000001010100000001 ]", NOT_OF_TYPE("0x02") },
		{ R "attribute [ 0x03 0x40 0x0a0000 ]", NOT_OF_TYPE("0x03") },
		{ R "attribute [ 0x04 0x80 0x0000006400 ]", NOT_OF_TYPE("0x04") },
		{ R "attribute [ 0x05 0x40 0x00 ]", NOT_OF_TYPE("0x05") },
		{ R "attribute [ 0x08 0xc0 0x0000000100 ]", NOT_OF_TYPE("0x08") },
		{ R "attribute [ 0x10 0xc0 0x0002fde900000064000000 ]", NOT_OF_TYPE("0x10") },
		{ R "attribute [ 0x10 0xc0 0x0002fde9000000640002fde900000065 ]",
		  A "x rt:65001:100 x rt:65001:101" },
		{ R "attribute [ 0x20 0xc0 0x0000fde8000000010000000200 ]", NOT_OF_TYPE("0x20") },
		{ R "attribute [ 0x20 0xc0 0x000000010000000200000003000000040000000500000006 ]",
		  A "l 1:2:3 l 4:5:6" },
		/* Of what is there twice the first counts. */
		{ R "origin igp attribute [ 0x01 0x40 0x02 ]", A "igp" },
		{ R "as-path [ 1 ] attribute [ 0x02 0x40 0x020100000002 ]", A "path 1" },
		{ R "as-path [ 1 ] attribute [ 0x02 0x40 0x010100000002 ]", NOT_OF_TYPE("0x02") },
		{ R "local-preference 1 attribute [ 0x05 0x40 0x00000002 ]", A "lp 1" },
		{ R "community 0:1 attribute [ 0x08 0xc0 0x00000002 ]", A "c 0:1" },
		{ R "attribute [ 0x08 0xc0 0x00000001 ] attribute [ 0x08 0xc0 0x00000002 ]",
		  A "c 0:1" },
		{ R "extended-community 1:1 attribute [ 0x10 0xc0 0x0002fde900000064 ]",
		  A "x rt:1:1" },
		{ R "large-community 1:1:1 attribute [ 0x20 0xc0 0x000000010000000200000003 ]",
		  A "l 1:1:1" },
		{ "announce route 192.0.2.53 next-hop 10.0.0.1 attribute [ 0x03 0x40 0x0a000002 ]",
		  A "nh 10.0.0.1" },
		{ "announce route 192.0.2.53 attribute [ 0x03 0x40 0x0a000002 ] attribute [ 0x04 "
		  "0x80 0x00000001 ]",
		  A "nh 10.0.0.2 med 1" },
		{ "announce route 192.0.2.53 attribute [ 0x04 0x80 0x00000001 ]",
		  "error: no next-hop: write next-hop self, or an address" },
	};
	(void)state;
	RUN(cases);
}

static void flags_of_attributes(void **state)
{
	static const struct line_case cases[] = {
		{ R "attribute [ 0x08 0xe0 0x00000001 ]", A "c 0:1" },
		{ R "attribute [ 0x08 0xd0 0x00000001 ]", A "c 0:1" },
		{ R "attribute [ 0x08 0xf0 0x00000001 ]", A "c 0:1" },
		{ R "attribute [ 0x08 0xc8 0x ]", "error: attribute 0x08: its flags are 0xc0" },
		{ R "attribute [ 0x01 0x80 0x ]", "error: attribute 0x01: its flags are 0x40" },
		{ R "attribute [ 0x02 0xc0 0x ]", "error: attribute 0x02: its flags are 0x40" },
		{ R "attribute [ 0x03 0xc0 0x ]", "error: attribute 0x03: its flags are 0x40" },
		{ R "attribute [ 0x04 0xc0 0x ]", "error: attribute 0x04: its flags are 0x80" },
		{ R "attribute [ 0x05 0xc0 0x ]", "error: attribute 0x05: its flags are 0x40" },
		{ R "attribute [ 0x10 0x80 0x ]", "error: attribute 0x10: its flags are 0xc0" },
		{ R "attribute [ 0x20 0x40 0x ]", "error: attribute 0x20: its flags are 0xc0" },
		{ R "attribute [ 0x06 0x40 0x ]",
		  "error: attribute 0x06: this type is not sent, only 0x01 to 0x05, 0x08, 0x10 and "
		  "0x20 are" },
	};
	(void)state;
	RUN(cases);
}

static void the_form_of_attributes(void **state)
{
	static const struct line_case cases[] = {
		{ R "attribute 0x04 0x80 0x00000001", FORM },
		{ R "attribute [ 0x04 0x80 0x00000001", FORM },
		{ R "attribute [ 0x04 0x80 0x00000001 0x00 ]", FORM },
		{ R "attribute [ 0x 0x80 0x00000001 ]", FORM },
		{ R "attribute [ 0x04 0x 0x00000001 ]", FORM },
		{ R "attribute [ 0x04 x ]", FORM },
		{ R "attribute [ 0x04 0x8000 0x00000001 ]", FORM },
		{ R "attribute [ 004 0x80 0x00000001 ]", FORM },
		{ R "attribute [ 1x04 0x80 0x00000001 ]", FORM },
		{ R "attribute [ 0x04 0x80 0 ]", FORM },
		{ R "attribute [ 0x04 0x80 0x000000001 ]", FORM },
	};
	(void)state;
	RUN(cases);
	/* The neighbours of the digits, at both places of an octet. */
	for (const char *c = "/:@G`g"; *c; c++) {
		char line[2][128];
		snprintf(line[0], sizeof(line[0]), R "attribute [ 0x04 0x80 0x0000000%c ]", *c);
		snprintf(line[1], sizeof(line[1]), R "attribute [ 0x04 0x80 0x000000%c0 ]", *c);
		expect(&(struct line_case){ line[0], FORM });
		expect(&(struct line_case){ line[1], FORM });
	}
}

/* `before`, `n` times `each` and " ]"; one that ends in ':' is followed by its number. */
static char *long_line(const char *before, size_t n, const char *each)
{
	size_t size = strlen(before) + n * (strlen(each) + 4) + 3;
	bool numbered = each[strlen(each) - 1] == ':';
	char *line = mem_new(size, 1);
	struct strbuf sb = strbuf_over(line, size);
	strbuf_add(&sb, "%s", before);
	for (size_t i = 0; i < n; i++)
		numbered ? strbuf_add(&sb, "%s%zu", each, i) : strbuf_add(&sb, "%s", each);
	strbuf_add(&sb, " ]");
	return line;
}

/* The number of values that a line has; -22 with a text. */
static int count(const char *before, size_t n, const char *each, struct err *err)
{
	struct line l;
	char *line = long_line(before, n, each);
	int rc = line_parse(line, strlen(line), MAX_ROUTES, &l, err);
	const struct route_spec *s = l.spec;
	if (rc == 0)
		rc = (int)(s->communities.n + s->ext_communities.n + s->large_communities.n +
			   s->as_path.n);
	line_done(&l);
	free(line);
	return rc;
}

static void lists_to_their_bounds(void **state)
{
	static const struct {
		const char *before, *each;
		size_t max;
		const char *says;
	} cases[] = {
		{ R "community [", " 1:1", BGP_COMMUNITIES_MAX, "community: at most 512" },
		{ R "extended-community [", " 1:1", BGP_EXT_COMMUNITIES_MAX,
		  "extended-community: at most 64" },
		{ R "large-community [", " 1:1:", BGP_LARGE_COMMUNITIES_MAX,
		  "large-community: at most 64" },
		{ R "as-path [", " 1", BGP_AS_PATH_MAX, "as-path: at most 48 AS numbers" },
		{ R "attribute [ 0x08 0xc0 0x", "00000001", BGP_COMMUNITIES_MAX, FORM },
		{ R "attribute [ 0x10 0xc0 0x", "0002fde900000064", BGP_EXT_COMMUNITIES_MAX,
		  NOT_OF_TYPE("0x10") },
		{ R "attribute [ 0x20 0xc0 0x", "000000010000000200000003",
		  BGP_LARGE_COMMUNITIES_MAX, NOT_OF_TYPE("0x20") },
		{ R "attribute [ 0x02 0x40 0x", "020100000001", BGP_AS_PATH_MAX,
		  NOT_OF_TYPE("0x02") },
		{ R "attribute [ 0x02 0x40 0x0230", "00000001", BGP_AS_PATH_MAX,
		  NOT_OF_TYPE("0x02") },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct err err = { "" };
		const char *says = cases[i].says;
		says += str_starts(says, "error: ") ? strlen("error: ") : 0;
		assert_int_equal(count(cases[i].before, cases[i].max, cases[i].each, &err),
				 cases[i].max);
		assert_int_equal(count(cases[i].before, cases[i].max + 1, cases[i].each, &err),
				 -22);
		assert_string_equal(err.text, says);
	}
}

/* ---- prefixes ---- */

#define D "announce attributes next-hop self "

static void prefixes_that_are_split(void **state)
{
	static const struct line_case cases[] = {
		{ "announce route 0.0.0.0/0 next-hop self split /2",
		  "announce 0.0.0.0/2 64.0.0.0/2 128.0.0.0/2 192.0.0.0/2" },
		{ "announce route 10.0.0.0/24 next-hop self split /32",
		  "announce 10.0.0.0/32 10.0.0.1/32 10.0.0.2/32 10.0.0.3/32 … 10.0.0.255/32 "
		  "(256)" },
		{ "announce route 10.0.255.0/24 next-hop self split /26",
		  "announce 10.0.255.0/26 10.0.255.64/26 10.0.255.128/26 10.0.255.192/26" },
		{ "announce route 10.1.254.0/23 next-hop self split /25",
		  "announce 10.1.254.0/25 10.1.254.128/25 10.1.255.0/25 10.1.255.128/25" },
		{ D "split /32 nlri 10.0.0.0/24 10.0.1.0/27 10.0.1.32/29 10.0.1.40/30",
		  "announce 10.0.0.0/32 10.0.0.1/32 10.0.0.2/32 10.0.0.3/32 … 10.0.1.43/32 (300)" },
		{ D "split /32 nlri 10.0.0.0/24 10.0.1.0/27 10.0.1.32/29 10.0.1.40/30 10.0.1.44",
		  "error: more than 300 routes in a line" },
		{ "announce route 2001:db8::/32 next-hop self split /64",
		  "error: split /64: more than 300 routes" },
		{ "announce route 2001:db8::/33 next-hop self split /64",
		  "error: split /64: more than 300 routes" },
		{ "announce route 10.0.0.0/23 next-hop self split /32",
		  "error: split /32: more than 300 routes" },
		{ "announce route 2001:db8::/127 next-hop self split /128",
		  "announce 2001:db8::/128 2001:db8::1/128" },
		{ "announce route 10.0.0.0/24 next-hop self split /128",
		  "error: split /128: an address has 32 bits" },
		{ "announce route 2001:db8::/64 next-hop self split /129",
		  "error: split '/129': expected /LENGTH like /32" },
		{ "announce route 10.0.0.0/31 next-hop self split x32",
		  "error: split 'x32': expected /LENGTH like /32" },
	};
	struct line l;
	struct err err;
	static const char whole[] = "announce route 10.0.0.0/24 next-hop self split /32";
	(void)state;
	RUN(cases);
	assert_int_equal(line_parse(whole, strlen(whole), 256, &l, &err), 0);
	assert_int_equal(l.n_prefixes, 256);
	line_done(&l);
}

#define UNUSABLE(hop) "error: next-hop " hop ": no router can use this address"

static void next_hops_that_no_router_can_use(void **state)
{
	static const struct line_case cases[] = {
		{ "announce route 192.0.2.53 next-hop 0.0.0.0", UNUSABLE("0.0.0.0") },
		{ "announce route 192.0.2.53 next-hop 224.0.0.1", UNUSABLE("224.0.0.1") },
		{ "announce route 192.0.2.53 next-hop 127.0.0.1", UNUSABLE("127.0.0.1") },
		{ "announce route 192.0.2.53 next-hop 169.254.1.1", UNUSABLE("169.254.1.1") },
		{ "announce route 2001:db8::1 next-hop ::", UNUSABLE("::") },
		{ "announce route 2001:db8::1 next-hop ff02::1", UNUSABLE("ff02::1") },
		{ "announce route 2001:db8::1 next-hop ::1", UNUSABLE("::1") },
		{ "announce route 2001:db8::1 next-hop fe80::1", UNUSABLE("fe80::1") },
		{ "announce attributes next-hop 10.0.0.1 nlri 192.0.2.1 2001:db8::1",
		  "error: next-hop: not of the family of 2001:db8::1/128" },
		{ "announce attributes next-hop self nlri 192.0.2.1 2001:db8::1",
		  "announce 192.0.2.1/32 2001:db8::1/128" },
		{ "withdraw route 192.0.2.53 next-hop 127.0.0.1",
		  "withdraw 192.0.2.53/32 nh 127.0.0.1" },
		{ "announce ipv6 unicast 192.0.2.1 next-hop self",
		  "error: '192.0.2.1' is not of the family of the command" },
		{ "announce ipv4 unicast next-hop self nlri 192.0.2.1 2001:db8::1",
		  "error: '2001:db8::1' is not of the family of the command" },
		{ "announce ipv6 multicast 2001:db8::1",
		  "error: 'multicast': of IPv4 and IPv6 only unicast is announced" },
	};
	(void)state;
	RUN(cases);
}

/* ---- lines ---- */

static void octets_that_are_no_text(void **state)
{
	static const struct line_case cases[] = {
		{ "a\x1f", "error: octet 0x1f is not text" },
		{ "a\x0b", "error: octet 0x0b is not text" },
		{ "a\x7f", "error: octet 0x7f is not text" },
		{ "a\x80", "error: octet 0x80 is not text" },
		{ "~", "error: '~' is not a command that is known" },
		{ "ping\t\r ", "ping" },
	};
	(void)state;
	RUN(cases);
}

/* Octets behind the end of a line do not belong to it. */
static void a_line_ends_where_it_ends(void **state)
{
	static const struct {
		const char *text;
		size_t len;
		enum line_verb verb;
	} cases[] = {
		{ "#", 0, LINE_NOTHING },     { "  # x", 2, LINE_NOTHING },
		{ "  # x", 3, LINE_COMMENT }, { "\t# x", 5, LINE_COMMENT },
		{ "pingx", 4, LINE_PING },    { " ;", 1, LINE_NOTHING },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct line l;
		assert_int_equal(line_parse(cases[i].text, cases[i].len, 1, &l, NULL), 0);
		assert_int_equal(l.verb, cases[i].verb);
		line_done(&l);
		char *alone = mem_copy(cases[i].text, cases[i].len);
		assert_int_equal(line_parse(alone, cases[i].len, 1, &l, NULL), 0);
		assert_int_equal(l.verb, cases[i].verb);
		line_done(&l);
		free(alone);
	}
}

/* A word is copied up to the room for it. */
static void words_up_to_their_bound(void **state)
{
	char word[TOKEN_TEXT_MAX + 2], buf[TOKEN_TEXT_MAX + 4];
	(void)state;
	memset(word, 'w', sizeof(word));
	for (size_t n = TOKEN_TEXT_MAX - 3; n < sizeof(word); n++) {
		const struct token token = { word, n };
		size_t copied = n < TOKEN_TEXT_MAX ? n : TOKEN_TEXT_MAX - 1;
		memset(buf, 'z', sizeof(buf));
		assert_int_equal(token_copy(token, buf), n < TOKEN_TEXT_MAX);
		assert_int_equal(strlen(buf), copied);
		assert_memory_equal(buf, word, copied);
	}
	assert_true(token_copy((struct token){ NULL, 0 }, buf));
	assert_string_equal(buf, "");
}

/* Blanks and signs part words; a # ends all of them. */
static void words_of_a_line(void **state)
{
	static const char text[] = " \t\ra[b](c),d;e f#g h";
	static const char *const words[] = { "a", "[", "b", "]", "(",   "c", ")",
					     ",", "d", ";", "e", "f#g", "h", "" };
	struct tokens t = tokens_over(text, strlen(text));
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		assert_true(token_is(token_peek(&t), words[i]));
		assert_false(token_match(&t, "x"));
		assert_true(token_match(&t, words[i]));
	}
	t = tokens_over("a #b", 4);
	assert_true(token_match(&t, "a") && token_next(&t).len == 0 && token_next(&t).len == 0);
	t = tokens_over("Self", 4);
	assert_false(token_is(token_peek(&t), "self"));
	assert_true(token_is_any_case(token_peek(&t), "self"));
	assert_false(token_is_any_case(token_peek(&t), "sel"));
	assert_false(token_is_any_case(token_peek(&t), "sela"));
	/* A NUL is part of a word. */
	t = tokens_over("a\0b", 3);
	assert_int_equal(token_next(&t).len, 3);
}

static void lists_of_words(void **state)
{
	static const struct line_case cases[] = {
		{ R "as-path [ ,1,,2, ]", A "path 1 2" },
		{ R "as-path 1 ]", "error: ']' is not an attribute that is known" },
		{ R "as-path [ [ 1 ] ]", "error: as-path: sets ( ) are not sent (RFC 9774)" },
		{ R "as-path [ ( 1 ) ]", "error: as-path: sets ( ) are not sent (RFC 9774)" },
		{ R "as-path (", "error: as-path: expected a value, or several in [ ]" },
		{ R "as-path", "error: as-path: expected a value, or several in [ ]" },
		{ R "as-path [ 1", "error: as-path: the ] is missing" },
		{ R "as-path [ x 1 ]", "error: as-path 'x': expected AS numbers" },
	};
	(void)state;
	RUN(cases);
}

/* ---- neighbors ---- */

#define P "ping"

static void what_narrows_down_to_peers(void **state)
{
	static const struct line_case cases[] = {
		{ "neighbor 10.0.0.1 family-allowed ipv4-unicast " P, "ping to 10.0.0.1 v4" },
		{ "neighbor 10.0.0.1 family-allowed ipv6-unicast " P, "ping to 10.0.0.1 v6" },
		{ "neighbor * family-allowed ipv4-unicast " P, "ping to * v4" },
		{ "neighbor * family-allowed ipv6-unicast " P, "ping to * v6" },
		{ "neighbor * family-allowed in-open " P, "ping" },
		{ "neighbor * local-ip 10.0.0.9 " P, "ping to * ip 10.0.0.9" },
		{ "neighbor * local-as 0 " P, "ping to * las 0" },
		{ "neighbor * peer-as 4294967295 " P, "ping to * pas 4294967295" },
		{ "neighbor * router-id 0.0.0.0 " P, "ping to * id 0" },
		{ "neighbor 10.0.0.1 router-id 0.0.0.1 local-as 1 local-ip 10.0.0.9 " P,
		  "ping to 10.0.0.1 ip 10.0.0.9 las 1 id 1" },
		{ "neighbor 10.0.0.1 neighbor * neighbor 10.0.0.2 " P,
		  "ping to 10.0.0.1 to 10.0.0.2" },
		{ "neighbor [ 10.0.0.1 * 10.0.0.2 ] " P, "ping to 10.0.0.1 to 10.0.0.2" },
		{ "peer [ x ] " P, "error: peer 'x': expected an address" },
		{ "neighbor x " P, "error: neighbor 'x': expected an address or *" },
		{ "neighbor * local-ip x " P, "error: local-ip 'x': expected an address" },
		{ "neighbor * local-as 4294967296 " P,
		  "error: local-as '4294967296': expected a number, 0 to 4294967295" },
		{ "neighbor * peer-as x " P, "error: peer-as 'x': expected a number" },
		{ "neighbor * router-id x " P, "error: router-id 'x': expected an address" },
		{ "neighbor * router-id ::1 " P,
		  "error: router-id '::1': expected one like 192.0.2.1" },
		{ "neighbor * family-allowed ipv4-unicast/x " P,
		  "error: family-allowed 'ipv4-unicast/x': expected in-open, or ipv4-unicast and "
		  "ipv6-unicast with / between" },
		{ "neighbor * family-allowed x/ipv4-unicast " P,
		  "error: family-allowed 'x/ipv4-unicast'" },
	};
	(void)state;
	RUN(cases);
}

static void neighbors_up_to_their_number(void **state)
{
	struct line l;
	struct err err;
	char *line = long_line("peer [", LINE_SELECTORS_MAX, " 10.0.0.1");
	(void)state;
	assert_int_equal(line_parse(line, strlen(line), 1, &l, &err), -22);
	assert_string_equal(err.text, "'' is not a command that is known");
	assert_int_equal(l.selectors.n, LINE_SELECTORS_MAX);
	line_done(&l);
	free(line);
	line = long_line("peer [", LINE_SELECTORS_MAX + 1, " 10.0.0.1");
	assert_int_equal(line_parse(line, strlen(line), 1, &l, &err), -22);
	assert_string_equal(err.text, "more than 64 neighbors");
	line_done(&l);
	free(line);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(communities_as_exabgp_writes_them),
		cmocka_unit_test(communities_that_are_right_return_0),
		cmocka_unit_test(extended_communities_as_exabgp_writes_them),
		cmocka_unit_test(as_numbers_to_their_bounds),
		cmocka_unit_test(attributes_in_octets),
		cmocka_unit_test(flags_of_attributes),
		cmocka_unit_test(the_form_of_attributes),
		cmocka_unit_test(lists_to_their_bounds),
		cmocka_unit_test(prefixes_that_are_split),
		cmocka_unit_test(next_hops_that_no_router_can_use),
		cmocka_unit_test(octets_that_are_no_text),
		cmocka_unit_test(a_line_ends_where_it_ends),
		cmocka_unit_test(words_up_to_their_bound),
		cmocka_unit_test(words_of_a_line),
		cmocka_unit_test(lists_of_words),
		cmocka_unit_test(what_narrows_down_to_peers),
		cmocka_unit_test(neighbors_up_to_their_number),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
