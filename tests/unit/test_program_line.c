/* SPDX-License-Identifier: MIT */
/* Lines of ExaBGP's text API, as scripts write them: each is read and written again as what it
 * means. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agent/programs/line.h"
#include "lib/array.h"
#include "lib/mem.h"
#include "lib/str.h"
#include "tests/unit/line_meaning.h"

static void routes(void **state)
{
	(void)state;
	static const struct line_case cases[] = {
		{ "announce route 192.0.2.53/32 next-hop self", "announce 192.0.2.53/32" },
		{ "announce route 192.0.2.53 next-hop self", "announce 192.0.2.53/32" },
		{ "announce route 2001:db8::53 next-hop self", "announce 2001:db8::53/128" },
		{ "announce route 192.0.2.0/24 next-hop 10.0.0.9;",
		  "announce 192.0.2.0/24 nh 10.0.0.9" },
		{ "  announce\troute 192.0.2.53/32   next-hop SELF ; \r",
		  "announce 192.0.2.53/32" },
		{ "announce route 192.0.2.53/32 next-hop self med 100 # a word about it",
		  "announce 192.0.2.53/32 med 100" },
		{ "announce route 192.0.2.53/32 med 100 next-hop self local-preference 200 origin "
		  "IGP",
		  "announce 192.0.2.53/32 med 100 lp 200 igp" },
		{ "announce route 192.0.2.53/32 next-hop self origin incomplete",
		  "announce 192.0.2.53/32 incomplete" },
		{ "announce route 2001:db8:53::/48 next-hop 2001:db8::1 origin egp",
		  "announce 2001:db8:53::/48 nh 2001:db8::1 egp" },
		{ "withdraw route 192.0.2.53/32", "withdraw 192.0.2.53/32" },
		{ "withdraw route 192.0.2.53/32 next-hop self med 100",
		  "withdraw 192.0.2.53/32 med 100" },
		{ "withdraw route 192.0.2.53/32 next-hop 2001:db8::1",
		  "withdraw 192.0.2.53/32 nh 2001:db8::1" },
		{ "announce ipv4 unicast 192.0.2.53/32 next-hop self", "announce 192.0.2.53/32" },
		{ "announce ipv6 unicast 2001:db8::53/128 next-hop self med 5",
		  "announce 2001:db8::53/128 med 5" },
		{ "withdraw ipv6 unicast 2001:db8::53/128", "withdraw 2001:db8::53/128" },
		{ "announce ipv4 unicast next-hop self med 7 nlri 192.0.2.1/32 192.0.2.2/32",
		  "announce 192.0.2.1/32 192.0.2.2/32 med 7" },
		{ "announce attributes next-hop self med 5 nlri 192.0.2.1 192.0.2.2/32 "
		  "192.0.2.64/26",
		  "announce 192.0.2.1/32 192.0.2.2/32 192.0.2.64/26 med 5" },
		{ "announce attribute next-hop self nlri 192.0.2.1, 192.0.2.2;",
		  "announce 192.0.2.1/32 192.0.2.2/32" },
		{ "withdraw attributes next-hop self nlri 192.0.2.1 192.0.2.2",
		  "withdraw 192.0.2.1/32 192.0.2.2/32" },
		{ "announce route 192.0.2.53/32 next-hop self path-information 7",
		  "announce 192.0.2.53/32 id" },
		{ "announce route 192.0.2.53/32 next-hop self path-information 0.0.0.7 med 1",
		  "announce 192.0.2.53/32 med 1 id" },
		{ "announce route 192.0.2.53/32 next-hop self name service-a med 1",
		  "announce 192.0.2.53/32 med 1" },
		/* Of an attribute that is there twice ExaBGP sends the first. */
		{ "announce route 192.0.2.53/32 next-hop self med 1 med 2 next-hop 10.0.0.1",
		  "announce 192.0.2.53/32 med 1" },
	};
	RUN(cases);
}

static void attributes(void **state)
{
#define R "announce route 192.0.2.53 next-hop self "
#define A "announce 192.0.2.53/32 "
	(void)state;
	static const struct line_case cases[] = {
		{ R "as-path [ 65001 65002 4200000001 ]", A "path 65001 65002 4200000001" },
		{ R "as-path [65001,65002]", A "path 65001 65002" },
		{ R "med 4294967295", A "med 4294967295" },
		{ R "as-path 65001 med 1", A "med 1 path 65001" },
		{ R "as-path [ 1.10 ]", A "path 65546" },
		{ R "as-path [ ]", A "path" },
		{ R "community 65000:1", A "c 65000:1" },
		{ R "community [ 65000:1 65000:2 no-export ]",
		  A "c 65000:1 c 65000:2 c 65535:65281" },
		{ R "community [65000:1] med 3", A "med 3 c 65000:1" },
		{ R "community [ 0xfde80001 4259840002 blackhole NO-ADVERTISE ]",
		  A "c 65000:1 c 65000:2 c 65535:666 c 65535:65282" },
		{ R "community [ ]", "announce 192.0.2.53/32" },
		{ R "large-community 65000:1:2", A "l 65000:1:2" },
		{ R "large-community [ 65000:1:2 4200000001:3:4 ]",
		  A "l 65000:1:2 l 4200000001:3:4" },
		{ R "extended-community target:65000:100", A "x rt:65000:100" },
		{ R "extended-community [ 65000:100 origin:192.0.2.1:7 ]",
		  A "x rt:65000:100 x soo:192.0.2.1:7" },
		{ R "extended-community [ target:4200000001:100 target4:65001:5 65002L:6 ]",
		  A "x rt:4200000001:100 x 0x02020000fde90005 x 0x02020000fdea0006" },
		{ R "extended-community 0x0002fde900000064", A "x rt:65001:100" },
		{ R "extended-community bandwidth:65001:125000000", A "x 0x4004fde94cee6b28" },
		{ R "attribute [ 0x04 0x80 0x00000064 ]", A "med 100" },
		{ R "attribute [ 0x01 0x40 0x02 ] attribute [ 0x05 0x40 0x000000c8 ]",
		  A "lp 200 incomplete" },
		{ R "attribute [ 0x02 0x40 0x02020000fde90000fdea ]", A "path 65001 65002" },
		{ R "attribute [ 0x08 0xc0 0x ]", "announce 192.0.2.53/32" },
		{ R "attribute [ 0x08 0xc0 0xfde80001fde80002 ]", A "c 65000:1 c 65000:2" },
		{ R "attribute [ 0x10 0xc0 0x0002fde900000064 ]", A "x rt:65001:100" },
		{ R "attribute [ 0x20 0xd0 0x0000fde80000000100000002 ]", A "l 65000:1:2" },
		{ R "med 5 attribute [ 0x04 0x80 0x00000064 ]", A "med 5" },
		{ "announce route 192.0.2.53 attribute [ 0x03 0x40 0x0a000009 ]", A "nh 10.0.0.9" },
	};
	RUN(cases);
}

static void splits(void **state)
{
	(void)state;
	static const struct line_case cases[] = {
		{ "announce route 192.0.2.0/30 next-hop self split /32",
		  "announce 192.0.2.0/32 192.0.2.1/32 192.0.2.2/32 192.0.2.3/32" },
		{ "announce route 192.0.2.0/24 next-hop self split /25",
		  "announce 192.0.2.0/25 192.0.2.128/25" },
		{ "announce route 10.255.0.0/15 next-hop self split /16", "error: host bits" },
		{ "announce route 10.254.0.0/15 next-hop self split /23",
		  "announce 10.254.0.0/23 10.254.2.0/23 10.254.4.0/23 10.254.6.0/23 … "
		  "10.255.254.0/23 (256)" },
		{ "withdraw route 2001:db8::/126 split /128",
		  "withdraw 2001:db8::/128 2001:db8::1/128 2001:db8::2/128 2001:db8::3/128" },
		{ "announce route 192.0.2.0/24 next-hop self split /24", "announce 192.0.2.0/24" },
		{ "announce route 192.0.2.0/24 next-hop self split /8", "announce 192.0.2.0/24" },
		{ "announce attributes next-hop self split /32 nlri 192.0.2.0/31 192.0.2.8/31",
		  "announce 192.0.2.0/32 192.0.2.1/32 192.0.2.8/32 192.0.2.9/32" },
		{ "announce route 192.0.2.0/16 next-hop self split /32", "error: host bits" },
		{ "announce route 192.168.0.0/16 next-hop self split /32",
		  "error: more than 300 routes" },
		{ "announce route 2001:db8::/32 next-hop self split /128",
		  "error: more than 300 routes" },
		{ "announce route 192.0.2.0/24 next-hop self split /33",
		  "error: an address has 32 bits" },
		{ "announce route 192.0.2.0/24 next-hop self split 32", "error: expected /LENGTH" },
		{ "announce route 192.0.2.0/24 next-hop self split /0", "error: expected /LENGTH" },
		{ "announce attributes next-hop self split /32 nlri 10.0.0.0/24 10.0.1.0/24",
		  "error: more than 300 routes" },
	};
	RUN(cases);
}

static void selectors(void **state)
{
#define X "announce route 192.0.2.53 next-hop self"
	(void)state;
	static const struct line_case cases[] = {
		{ "neighbor 10.0.0.1 " X, "announce to 10.0.0.1 192.0.2.53/32" },
		{ "neighbor * " X, "announce 192.0.2.53/32" },
		{ "neighbor 10.0.0.1, neighbor 2001:db8::1 " X,
		  "announce to 10.0.0.1 to 2001:db8::1 192.0.2.53/32" },
		{ "neighbor 10.0.0.1 , neighbor 10.0.0.2 " X,
		  "announce to 10.0.0.1 to 10.0.0.2 192.0.2.53/32" },
		{ "neighbor 10.0.0.1, neighbor 10.0.0.2 neighbor * " X,
		  "announce to 10.0.0.1 to 10.0.0.2 192.0.2.53/32" },
		{ "neighbor 10.0.0.1 local-ip 10.0.0.9 local-as 65001 peer-as 65000 router-id "
		  "1.2.3.4 family-allowed in-open " X,
		  "announce to 10.0.0.1 ip 10.0.0.9 las 65001 pas 65000 id 16909060 "
		  "192.0.2.53/32" },
		{ "neighbor 10.0.0.1 peer-as 65000 local-as 65001, neighbor 10.0.0.2 peer-as "
		  "65002 " X,
		  "announce to 10.0.0.1 las 65001 pas 65000 to 10.0.0.2 pas 65002 192.0.2.53/32" },
		{ "neighbor * peer-as 65000 " X, "announce to * pas 65000 192.0.2.53/32" },
		{ "neighbor 10.0.0.1 family-allowed ipv4-unicast/ipv6-unicast " X,
		  "announce to 10.0.0.1 v4 v6 192.0.2.53/32" },
		{ "peer * " X, "announce 192.0.2.53/32" },
		{ "peer 10.0.0.1 " X, "announce to 10.0.0.1 192.0.2.53/32" },
		{ "peer 10.0.0.1, peer 10.0.0.2 withdraw route 192.0.2.53",
		  "withdraw to 10.0.0.1 to 10.0.0.2 192.0.2.53/32" },
		{ "peer [10.0.0.1, 10.0.0.2] " X,
		  "announce to 10.0.0.1 to 10.0.0.2 192.0.2.53/32" },
		{ "neighbor router1 " X, "error: expected an address or *" },
		{ "neighbor 10.0.0.1 local-as x " X, "error: local-as 'x': expected a number" },
		{ "neighbor 10.0.0.1 router-id 2001:db8::1 " X, "error: expected one like" },
		{ "neighbor 10.0.0.1 family-allowed ipv4-flow " X, "error: family-allowed" },
		{ "neighbor 10.0.0.1", "error: '' is not a command" },
		{ "neighbor", "error: neighbor ''" },
	};
	RUN(cases);
}

static void control(void **state)
{
	(void)state;
	static const struct line_case cases[] = {
		{ "", "nothing" },
		{ "  \t\r", "nothing" },
		{ ";", "nothing" },
		{ "# a comment", "comment" },
		{ "  #announce route", "comment" },
		{ "enable-ack", "enable-ack" },
		{ "disable-ack", "disable-ack" },
		{ "silence-ack", "silence-ack" },
		{ "version", "version" },
		{ "ping", "ping" },
		{ "ping 7f3a 1700000000.5", "ping" },
		{ "help", "help" },
		{ "show neighbor summary", "summary" },
		{ "show neighbor", "neighbor" },
		{ "show neighbor 10.0.0.1 summary", "neighbor" },
		{ "show adj-rib out", "rib" },
		{ "show adj-rib out extensive", "rib extensive" },
		{ "neighbor 10.0.0.1 show adj-rib out", "rib to 10.0.0.1" },
		{ "reload", "reload" },
		{ "shutdown", "error: shutdown: a program cannot stop the agent" },
		{ "restart", "error: restart: a program cannot restart the agent" },
		{ "neighbor 10.0.0.1 teardown 2",
		  "error: teardown: a program cannot reset sessions" },
		{ "show adj-rib in", "error: 'show' is not a command" },
		{ "announce", "error: '' is not announced" },
		{ "Announce route 192.0.2.1 next-hop self", "error: 'Announce' is not a command" },
	};
	RUN(cases);
}

static void refusals(void **state)
{
	(void)state;
	static const struct line_case cases[] = {
		{ "announce route", "error: '' is not a prefix" },
		{ "announce route 192.0.2.53", "error: no next-hop" },
		{ "announce route 192.0.2.53/33 next-hop self", "error: invalid prefix length" },
		{ "announce route 192.0.2.53/24 next-hop self", "error: host bits" },
		{ "announce route www.example.org next-hop self", "error: is not a prefix" },
		{ "announce route 192.0.2.53 next-hop 2001:db8::1",
		  "error: not of the family of 192.0.2.53/32" },
		{ "announce route 192.0.2.53 next-hop 0.0.0.0", "error: no router can use" },
		{ "announce route 192.0.2.53 next-hop 127.0.0.1", "error: no router can use" },
		{ "announce route 2001:db8::53 next-hop fe80::1", "error: no router can use" },
		{ "announce route 192.0.2.53 next-hop", "error: next-hop ''" },
		{ "announce ipv4 unicast 2001:db8::1 next-hop self", "error: not of the family" },
		{ "announce ipv4 nlri-mpls 192.0.2.1 next-hop self", "error: only unicast" },
		{ "announce ipv4 unicast", "error: the word nlri" },
		{ "announce attributes next-hop self", "error: the word nlri" },
		{ "announce attributes next-hop self nlri", "error: no prefix behind nlri" },
		{ "announce attributes nlri 192.0.2.1", "error: no next-hop" },
		{ "announce flow route source 10.0.0.1/32 then discard",
		  "error: 'flow' is not announced" },
		{ "announce vpls endpoint 3", "error: 'vpls' is not announced" },
		{ "announce eor ipv4 unicast", "error: 'eor' is not announced" },
		{ "announce route-refresh ipv4 unicast", "error: 'route-refresh' is not" },
		{ "announce watchdog dns", "error: 'watchdog' is not" },
		{ R "label 800000", "error: label: routes with labels" },
		{ R "label [ 8 9 ]", "error: label: routes with labels" },
		{ R "rd 65000:1", "error: rd: routes of VPNs" },
		{ R "route-distinguisher 65000:1", "error: routes of VPNs" },
		{ R "watchdog dns withdraw", "error: there are no watchdogs" },
		{ R "atomic-aggregate", "error: atomic-aggregate: this attribute is not sent" },
		{ R "aggregator ( 65001:192.0.2.1 )", "error: aggregator: this attribute" },
		{ R "weight 7", "error: 'weight' is not an attribute" },
		{ R "med -1", "error: med '-1'" },
		{ R "med 4294967296",
		  "error: med '4294967296': expected a number, 0 to 4294967295" },
		{ R "med", "error: med ''" },
		{ R "local-preference x", "error: local-preference 'x'" },
		{ R "origin bgp", "error: origin 'bgp'" },
		{ R "as-path [ 65001", "error: as-path: the ] is missing" },
		{ R "as-path [ 65001 ( 65002 ) ]", "error: sets ( ) are not sent" },
		{ R "as-path [ x ]", "error: as-path 'x'" },
		{ R "as-path [ 4294967296 ]", "error: as-path '4294967296'" },
		{ R "as-path", "error: as-path: expected a value" },
		{ R "as-path ]", "error: as-path: expected a value" },
		{ R "community 65536:1", "error: community '65536:1'" },
		{ R "community 65000:1:2", "error: community '65000:1:2'" },
		{ R "community 0x123456789", "error: community '0x123456789'" },
		{ R "large-community 65000:1", "error: large-community '65000:1'" },
		{ R "extended-community redirect:65000:1", "error: extended-community" },
		{ R "extended-community 65000", "error: extended-community '65000'" },
		{ R "extended-community target:65000", "error: extended-community" },
		{ R "extended-community target:4200000001:65536", "error: extended-community" },
		{ R "path-information x", "error: path-information 'x'" },
		{ R "attribute [ 0x04 0x40 0x00000064 ]", "error: its flags are 0x80" },
		{ R "attribute [ 0x04 0x80 0x000064 ]", "error: is not that of this type" },
		{ R "attribute [ 0x04 0x80 0x0000006 ]", "error: expected [ 0xTYPE" },
		{ R "attribute [ 0x04 0x80 ]", "error: expected [ 0xTYPE" },
		{ R "attribute [ 0x104 0x80 0x00 ]", "error: expected [ 0xTYPE" },
		{ R "attribute [ 0x02 0x40 0x01010000fde9 ]", "error: is not that of this type" },
		{ R "attribute [ 0x02 0x40 0x02020000fde9 ]", "error: is not that of this type" },
		{ R "attribute [ 0x01 0x40 0x03 ]", "error: is not that of this type" },
		{ R "attribute [ 0x19 0xc0 0x00 ]", "error: this type is not sent" },
		{ R "; med 5", "error: ';' is not an attribute" },
		{ "caf\xc3\xa9", "error: octet 0xc3 is not text" },
		{ "\x01\x02", "error: octet 0x01 is not text" },
	};
	RUN(cases);
}

static void long_lines_are_bounded(void **state)
{
	(void)state;
	struct line l;
	struct err err;
	size_t len = LINE_MAX_OCTETS + 1;
	char *text = mem_new(len, 1);
	memset(text, '0', len);
	assert_int_equal(line_parse(text, len, MAX_ROUTES, &l, &err), -22);
	assert_non_null(strstr(err.text, "longer than 65536 octets"));
	line_done(&l);
	/* A word as long as a line is shown cut. */
	assert_int_equal(line_parse(text, len - 1, MAX_ROUTES, &l, &err), -22);
	assert_true(strlen(err.text) < 200);
	assert_non_null(strstr(err.text, "is not a command"));
	line_done(&l);
	struct strbuf sb = strbuf_over(text, len);
	strbuf_add(&sb, R "as-path [");
	for (size_t i = 0; i < BGP_AS_PATH_MAX; i++)
		strbuf_add(&sb, " 65001");
	size_t full = sb.len;
	strbuf_add(&sb, " ]");
	assert_int_equal(line_parse(text, sb.len, MAX_ROUTES, &l, &err), 0);
	assert_int_equal(l.spec->as_path.n, BGP_AS_PATH_MAX);
	line_done(&l);
	sb.len = full;
	strbuf_add(&sb, " 65001 ]");
	assert_int_equal(line_parse(text, sb.len, MAX_ROUTES, &l, &err), -22);
	assert_non_null(strstr(err.text, "at most 48 AS numbers"));
	line_done(&l);
	free(text);
}

static void drained_routes_keep_what_is_theirs(void **state)
{
	(void)state;
	static const char text[] = R "med 7 as-path [ 65001 ] community 65000:1";
	struct announce_room room;
	struct bgp_route_attrs attrs;
	struct line l;
	assert_int_equal(line_parse(text, strlen(text), MAX_ROUTES, &l, NULL), 0);
	route_spec_attrs(l.spec, ROUTE_UP, &room, &attrs);
	assert_true(attrs.has_med && attrs.med == 7 && !attrs.has_local_pref);
	assert_int_equal(attrs.communities.n, 1);
	assert_true(attrs.as_path.given && attrs.as_path.n == 1);
	route_spec_attrs(l.spec, ROUTE_DRAIN, &room, &attrs);
	assert_true(attrs.has_med && attrs.med == 7);
	assert_true(attrs.has_local_pref && attrs.local_pref == 0);
	assert_int_equal(attrs.communities.n, 2);
	assert_int_equal(attrs.communities.values[0], BGP_COMMUNITY_GRACEFUL_SHUTDOWN);
	assert_true(attrs.as_path.given);
	line_done(&l);
}

/* Every attribute, and the peers, tell specs apart. */
static void specs_are_compared_as_a_whole(void **state)
{
	(void)state;
	static const char *const lines[] = {
		R,
		R "med 0",
		R "local-preference 0",
		R "origin igp",
		R "as-path [ ]",
		R "as-path [ 1 ]",
		R "as-path [ 2 ]",
		R "community 1:1",
		R "extended-community 1:1",
		R "large-community 1:1:1",
		"announce route 192.0.2.53 next-hop 10.0.0.1",
	};
	struct bgp_peer_filter filter = { 0 };
	bgp_peer_refs_add(&filter.only, "10.0.0.1");
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++)
		for (size_t k = 0; k < ARRAY_SIZE(lines); k++) {
			struct line a, b;
			line_parse(lines[i], strlen(lines[i]), 1, &a, NULL);
			line_parse(lines[k], strlen(lines[k]), 1, &b, NULL);
			if (route_spec_equal(a.spec, b.spec) != (i == k))
				fail_msg("'%s' and '%s'", lines[i], lines[k]);
			struct route_spec *copy = route_spec_copy(a.spec, &filter);
			assert_true(route_spec_attrs_equal(a.spec, copy));
			assert_false(route_spec_equal(a.spec, copy));
			route_spec_unref(copy);
			line_done(&a);
			line_done(&b);
		}
	free(filter.only.items[0].text);
	free(filter.only.items);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(routes),
		cmocka_unit_test(attributes),
		cmocka_unit_test(splits),
		cmocka_unit_test(selectors),
		cmocka_unit_test(control),
		cmocka_unit_test(refusals),
		cmocka_unit_test(long_lines_are_bounded),
		cmocka_unit_test(drained_routes_keep_what_is_theirs),
		cmocka_unit_test(specs_are_compared_as_a_whole),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
