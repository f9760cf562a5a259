/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <errno.h>

#include <cmocka.h>

#include "agent/model/app_spec.h"
#include "agent/model/app_spec_parse.h"
#include "agent/model/community.h"
#include "lib/array.h"
#include "lib/mem.h"
#include "lib/str.h"

typedef int add_fn(struct app_spec *s, const char *text, struct err *err);

/* Adds `first` (may be NULL), then `text`; expects NULL for success, or words of the error. */
struct add_case {
	const char *name, *first, *text, *error;
};

static void run_cases(add_fn *add, const struct add_case *cases, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct add_case *c = &cases[i];
		struct app_spec s = { 0 };
		struct err err = { "" };
		if (c->first && add(&s, c->first, NULL) < 0)
			fail_msg("%s: '%s' was refused", c->name, c->first);
		int r = add(&s, c->text, &err);
		if (r != (c->error ? -EINVAL : 0))
			fail_msg("%s: returned %d: %s", c->name, r, err.text);
		if (c->error && !strstr(err.text, c->error))
			fail_msg("%s: '%s' does not say '%s'", c->name, err.text, c->error);
		app_spec_done(&s);
	}
}

#define RUN(add, cases) run_cases(add, cases, ARRAY_SIZE(cases))

#define X32  "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
#define X128 X32 X32 X32 X32

static void names(void **state)
{
	static const struct add_case cases[] = {
		{ "simple", NULL, "dns", NULL },
		{ "again", "dns", "other", NULL },
		{ "blanks and signs", NULL, "a b?c#d%e:f", NULL },
		{ "utf-8, two bytes", NULL, "d\xc3\xbcrer", NULL },
		{ "utf-8, three bytes", NULL, "\xe2\x82\xac", NULL },
		{ "utf-8, four bytes", NULL, "\xf0\x9f\x90\x8e", NULL },
		{ "longest", NULL, X128, NULL },
		{ "dots inside", NULL, "...", NULL },
		{ "empty", NULL, "", "empty" },
		{ "too long", NULL, X128 "x", "129 bytes" },
		{ "slash", NULL, "a/b", "'a/b' cannot stand in a URL" },
		{ "dot", NULL, ".", "cannot stand in a URL" },
		{ "dots", NULL, "..", "cannot stand in a URL" },
		{ "line feed", NULL, "a\nb", "'a\\x0ab' holds U+000A, a control character" },
		{ "delete", NULL, "a\x7f", "U+007F, a control character" },
		{ "c1 control", NULL, "a\xc2\x85", "U+0085, a control character" },
		{ "direction override", NULL, "a\xe2\x80\xae",
		  "'a\\u202e' holds U+202E, a direction control" },
		{ "direction isolate", NULL, "a\xe2\x81\xa6", "U+2066, a direction control" },
		{ "line separator", NULL, "a\xe2\x80\xa8", "U+2028, a line separator" },
		{ "paragraph separator", NULL, "a\xe2\x80\xa9", "U+2029, a paragraph separator" },
		{ "noncharacter", NULL, "a\xef\xbf\xbe", "U+FFFE, a noncharacter" },
		{ "lone continuation", NULL, "\x80", "which is not UTF-8" },
		{ "cut short", NULL, "a\xe2\x82", "which is not UTF-8" },
		{ "overlong slash", NULL, "\xc0\xaf", "which is not UTF-8" },
		{ "overlong, three bytes", NULL, "\xe0\x82\xb0", "which is not UTF-8" },
		{ "surrogate", NULL, "\xed\xa0\x80", "which is not UTF-8" },
		{ "beyond unicode", NULL, "\xf4\x90\x80\x80", "which is not UTF-8" },
		{ "no lead byte", NULL, "\xff", "which is not UTF-8" },
	};
	(void)state;
	RUN(app_spec_set_name, cases);
}

static void vips(void **state)
{
	static const struct add_case cases[] = {
		{ "v4", NULL, "192.0.2.53/32", NULL },
		{ "v6", NULL, "2001:db8::53/128", NULL },
		{ "a network", NULL, "192.0.2.0/24", NULL },
		{ "next to multicast", NULL, "223.255.255.255/32", NULL },
		{ "next to link-local", NULL, "169.253.0.0/16", NULL },
		{ "default route", NULL, "0.0.0.0/0", "default route" },
		{ "default route, v6", NULL, "::/0", "default route" },
		{ "covers loopback", NULL, "64.0.0.0/2", "covers loopback" },
		{ "loopback", NULL, "127.0.0.53/32", "loopback" },
		{ "loopback, v6", NULL, "::1/128", "loopback" },
		{ "unspecified", NULL, "::/128", "unspecified" },
		{ "unspecified, v4", NULL, "0.0.0.0/32", "unspecified" },
		{ "next to unspecified", NULL, "0.0.0.1/32", NULL },
		{ "next to broadcast", NULL, "255.255.255.254/32", NULL },
		{ "link-local", NULL, "169.254.0.0/24", "link-local" },
		{ "link-local, v6", NULL, "fe80::53/128", "link-local" },
		{ "multicast", NULL, "239.1.1.1/32", "multicast" },
		{ "multicast, v6", NULL, "ff05::2/128", "multicast" },
		{ "mapped", NULL, "::ffff:192.0.2.1/128", "mapped" },
		{ "broadcast", NULL, "255.255.255.255/32", "broadcast" },
		{ "host bits", NULL, "192.0.2.53/24", "192.0.2.0/24" },
		{ "before loopback", NULL, "126.255.255.255/32", NULL },
		{ "loopback, first", NULL, "127.0.0.0/32", "loopback" },
		{ "loopback, last", NULL, "127.255.255.255/32", "loopback" },
		{ "behind loopback", NULL, "128.0.0.0/32", NULL },
		{ "before link-local", NULL, "169.253.255.255/32", NULL },
		{ "link-local, last", NULL, "169.254.255.255/32", "link-local" },
		{ "behind link-local", NULL, "169.255.0.0/32", NULL },
		{ "multicast, first", NULL, "224.0.0.0/32", "multicast" },
		{ "multicast, last", NULL, "239.255.255.255/32", "multicast" },
		{ "behind multicast", NULL, "240.0.0.0/32", NULL },
		{ "behind loopback, v6", NULL, "::2/128", NULL },
		{ "before mapped", NULL, "::fffe:ffff:ffff/128", NULL },
		{ "mapped, first", NULL, "::ffff:0:0/128", "mapped" },
		{ "mapped, last", NULL, "::ffff:ffff:ffff/128", "mapped" },
		{ "behind mapped", NULL, "::1:0:0:0/128", NULL },
		{ "before link-local, v6", NULL, "fe7f:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128",
		  NULL },
		{ "link-local, v6, first", NULL, "fe80::/128", "link-local" },
		{ "link-local, v6, last", NULL, "febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128",
		  "link-local" },
		{ "behind link-local, v6", NULL, "fec0::/128", NULL },
		{ "before multicast, v6", NULL, "feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128",
		  NULL },
		{ "multicast, v6, first", NULL, "ff00::/128", "multicast" },
		{ "multicast, v6, last", NULL, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128",
		  "multicast" },
		{ "the half of everything", NULL, "128.0.0.0/1", "link-local" },
		{ "no length", NULL, "192.0.2.53", "192.0.2.53/32" },
		{ "no address", NULL, "dns.example/32", "dns.example" },
		{ "empty", NULL, "", "not a prefix" },
	};
	(void)state;
	RUN(app_spec_add_vip, cases);
}

static void nats(void **state)
{
	static const struct add_case cases[] = {
		{ "three parts", NULL, "tcp:53:8053", NULL },
		{ "two parts", NULL, "udp:53", NULL },
		{ "both protocols", "udp:53", "tcp:53", NULL },
		{ "the same again", "tcp:53:53", "tcp:53", NULL },
		{ "another destination", "tcp:53:8053", "tcp:53",
		  "already translated by tcp:53:8053" },
		{ "an address", NULL, "tcp:80:172.17.0.2:8080", NULL },
		{ "an IPv6 address", NULL, "udp:53:[fd00::2]:53", NULL },
		{ "one of each family", "tcp:80:172.17.0.2:80", "tcp:80:[fd00::2]:80", NULL },
		{ "a loopback address", NULL, "tcp:80:127.0.0.1:80", NULL },
		{ "the same address again", "tcp:80:172.17.0.2:80", "tcp:80:172.17.0.2:80", NULL },
		{ "another address", "tcp:80:172.17.0.2:80", "tcp:80:172.17.0.3:80",
		  "already translated by tcp:80:172.17.0.2:80" },
		{ "an address and none", "tcp:80", "tcp:80:[fd00::2]:80",
		  "already translated by tcp:80:80" },
		{ "none and an address", "tcp:80:[fd00::2]:80", "tcp:80",
		  "already translated by tcp:80:[fd00::2]:80" },
		{ "an address without a port", NULL, "tcp:80:172.17.0.2", "not a NAT mapping" },
		{ "an address with port 0", NULL, "tcp:80:172.17.0.2:0", "1 to 65535" },
		{ "IPv6 without brackets", NULL, "tcp:80:fd00::2:80", "IPv6 in brackets" },
		{ "IPv4 in brackets", NULL, "tcp:80:[172.17.0.2]:80", "not a NAT mapping" },
		{ "a bracket only", NULL, "tcp:80:[", "not a NAT mapping" },
		{ "an open bracket", NULL, "tcp:80:[fd00::2:80", "not a NAT mapping" },
		{ "no port behind the bracket", NULL, "tcp:80:[fd00::2]", "not a NAT mapping" },
		{ "a scope", NULL, "tcp:80:[fe80::2%eth0]:80", "not a NAT mapping" },
		{ "a name", NULL, "tcp:80:web:80", "not a NAT mapping" },
		{ "unspecified", NULL, "tcp:80:0.0.0.0:80", "0.0.0.0 is unspecified" },
		{ "multicast", NULL, "udp:80:[ff05::2]:80", "not the address of one host" },
		{ "broadcast", NULL, "udp:80:255.255.255.255:80", "not the address of one host" },
		{ "link-local", NULL, "tcp:80:[fe80::2]:80", "link-local" },
		{ "loopback of IPv6", NULL, "tcp:80:[::1]:80", "no packets of other hosts" },
		{ "mapped", NULL, "tcp:80:[::ffff:172.17.0.2]:80", "write it as one" },
		{ "protocol only", NULL, "tcp", "'tcp'" },
		{ "no protocol", NULL, "53:8053", "'53:8053'" },
		{ "sctp", NULL, "sctp:53", "'sctp:53'" },
		{ "capitals", NULL, "TCP:53", "'TCP:53'" },
		{ "port 0", NULL, "tcp:0", "1 to 65535" },
		{ "destination 0", NULL, "tcp:53:0", "1 to 65535" },
		{ "port too large", NULL, "tcp:65536", "1 to 65535" },
		{ "empty destination", NULL, "tcp:53:", "1 to 65535" },
		{ "four parts", NULL, "tcp:1:2:3", "'tcp:1:2:3'" },
		{ "sign", NULL, "tcp:+53", "'tcp:+53'" },
		{ "very long", NULL, "tcp:" X128, "not a NAT mapping" },
		{ "empty", NULL, "", "not a NAT mapping" },
	};
	(void)state;
	RUN(app_spec_add_nat, cases);
}

static void a_nat_mapping_is_read(void **state)
{
	(void)state;
	struct app_spec s = { 0 };
	assert_int_equal(app_spec_add_nat(&s, "udp:53:8053", NULL), 0);
	assert_int_equal(app_spec_add_nat(&s, "tcp:80", NULL), 0);
	assert_int_equal(s.n_nats, 2);
	assert_int_equal(s.nats[0].proto, IPPROTO_UDP);
	assert_int_equal(s.nats[0].listen, 53);
	assert_int_equal(s.nats[0].dest, 8053);
	assert_int_equal(s.nats[1].proto, IPPROTO_TCP);
	assert_int_equal(s.nats[1].listen, 80);
	assert_int_equal(s.nats[1].dest, 80);
	assert_false(addr_is_set(&s.nats[1].to));
	app_spec_done(&s);
}

static void monitors(void **state)
{
	static const struct add_case cases[] = {
		{ "port", NULL, "port:tcp:53", NULL },
		{ "exec", "port:tcp:53", "exec:/bin/check a:b", NULL },
		{ "port 99999", NULL, "port:tcp:99999", "99999" },
		{ "unknown", NULL, "pong:192.0.2.1", "pong" },
	};
	(void)state;
	RUN(app_spec_add_monitor, cases);
}

static void quorums(void **state)
{
	static const struct add_case cases[] = {
		{ "all", NULL, "all", NULL },       { "any", NULL, "any", NULL },
		{ "one", NULL, "1", NULL },         { "none", NULL, "0", "quorum" },
		{ "sign", NULL, "-1", "quorum" },   { "too many", NULL, "1000000", "quorum" },
		{ "word", NULL, "most", "quorum" }, { "empty", NULL, "", "quorum" },
	};
	(void)state;
	RUN(app_spec_set_quorum, cases);
}

static void community_texts(void **state)
{
	static const struct {
		const char *text;
		int result;
		uint32_t value;
	} cases[] = {
		{ "100:200", 0, 100 << 16 | 200 },
		{ "0:0", 0, 0 },
		{ "65535:65535", 0, 0xffffffff },
		{ "00100:1", 0, 100 << 16 | 1 },
		{ "no-export", 0, 0xffffff01 },
		{ "no-advertise", 0, 0xffffff02 },
		{ "no-export-subconfed", 0, 0xffffff03 },
		{ "graceful-shutdown", 0, 0xffff0000 },
		{ "100", -EINVAL, 0 },
		{ "70000:1", -EINVAL, 0 },
		{ "1:65536", -EINVAL, 0 },
		{ ":1", -EINVAL, 0 },
		{ "1:", -EINVAL, 0 },
		{ "1:2:3", -EINVAL, 0 },
		{ "000000100:1", -EINVAL, 0 },
		{ "1:000000100", -EINVAL, 0 },
		{ " 1:1", -EINVAL, 0 },
		{ "a:b", -EINVAL, 0 },
		{ "", -EINVAL, 0 },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		uint32_t value = 12345;
		struct err err = { "" };
		if (community_parse(cases[i].text, &value, &err) != cases[i].result)
			fail_msg("'%s': %s", cases[i].text, err.text);
		assert_int_equal(value, cases[i].result == 0 ? cases[i].value : 12345);
		if (cases[i].result < 0)
			assert_non_null(strstr(err.text, cases[i].text));
	}
}

static void a_community_is_formatted(void **state)
{
	(void)state;
	char buf[COMMUNITY_TEXT_MAX];
	assert_string_equal(community_format(0xffffffff, buf), "65535:65535");
	assert_string_equal(community_format(100 << 16 | 7, buf), "100:7");
}

static void community_lists(void **state)
{
	static const struct {
		const char *list;
		int result;
		const char *values; /* joined with blanks */
	} cases[] = {
		{ "", 0, "" },
		{ "1:2", 0, "1:2" },
		{ "1:2,3:4", 0, "1:2 3:4" },
		{ " 3:4 , 1:2 ", 0, "3:4 1:2" },
		{ "1:2,3:4,1:2", 0, "1:2 3:4" },
		{ "no-export,65535:65281", 0, "65535:65281" },
		{ "1:2,", -EINVAL, "1:2" },
		{ ",1:2", -EINVAL, "" },
		{ "1:2,x,3:4", -EINVAL, "1:2" },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char text[64], one[COMMUNITY_TEXT_MAX];
		struct strbuf sb = strbuf_over(text, sizeof(text));
		struct app_spec s = { 0 };
		assert_int_equal(app_spec_add_communities(&s, cases[i].list, NULL),
				 cases[i].result);
		for (size_t j = 0; j < s.communities.n; j++)
			strbuf_add(&sb, "%s%s", j > 0 ? " " : "",
				   community_format(s.communities.values[j], one));
		assert_string_equal(text, cases[i].values);
		app_spec_done(&s);
	}
}

static void limits(void **state)
{
	(void)state;
	struct app_spec s = { 0 };
	struct err err = { "" };
	char text[64];
	int rc = 0;
	for (int i = 0; i < APP_VIPS_MAX + 1; i++) {
		snprintf(text, sizeof(text), "192.0.2.%d/32", i);
		rc = app_spec_add_vip(&s, text, &err);
	}
	assert_int_equal(rc, -EINVAL);
	assert_int_equal(s.n_vips, APP_VIPS_MAX);
	for (int i = 0; i < APP_MONITORS_MAX + 1; i++) {
		snprintf(text, sizeof(text), "port:tcp:%d", i + 1);
		rc = app_spec_add_monitor(&s, text, &err);
	}
	assert_int_equal(rc, -EINVAL);
	assert_int_equal(s.n_monitors, APP_MONITORS_MAX);
	assert_int_equal(app_spec_add_monitor(&s, "port:tcp:1", &err), 0); /* there already */
	assert_int_equal(app_spec_add_monitor(&s, "port:tcp:2", &err), 0);
	for (int i = 0; i < APP_NATS_MAX + 1; i++) {
		snprintf(text, sizeof(text), "tcp:%d", i + 1);
		rc = app_spec_add_nat(&s, text, &err);
	}
	assert_int_equal(rc, -EINVAL);
	assert_int_equal(s.n_nats, APP_NATS_MAX);
	for (int i = 0; i < BGP_COMMUNITIES_MAX + 1; i++) {
		snprintf(text, sizeof(text), "1:%d", i);
		rc = app_spec_add_community(&s, text, &err);
	}
	assert_int_equal(rc, -EINVAL);
	assert_int_equal(s.communities.n, BGP_COMMUNITIES_MAX);
	app_spec_done(&s);
}

/* ---- whole specs ---- */

/* "name vip,vip monitor;monitor nat,nat community,community"; "-" for none of them. */
static void add_each(struct app_spec *s, char *list, const char *separators, add_fn *add)
{
	char *rest = NULL;
	for (char *one = strtok_r(list, separators, &rest); one;
	     one = strtok_r(NULL, separators, &rest))
		if (strcmp(one, "-") != 0)
			assert_int_equal(add(s, one, NULL), 0);
}

static struct app_spec spec(const char *text)
{
	struct app_spec s = { 0 };
	char name[32], vip[128], monitor[128], nat[128], community[128];
	assert_int_equal(
		sscanf(text, "%31s %127s %127s %127s %127s", name, vip, monitor, nat, community),
		5);
	if (strcmp(name, "-") != 0)
		assert_int_equal(app_spec_set_name(&s, name, NULL), 0);
	add_each(&s, vip, ",", app_spec_add_vip);
	add_each(&s, monitor, ";", app_spec_add_monitor);
	add_each(&s, nat, ",", app_spec_add_nat);
	add_each(&s, community, ",", app_spec_add_community);
	return s;
}

#define FULL                                                                                       \
	"a 192.0.2.1/32,192.0.2.2/32,2001:db8::1/128 port:tcp:1;exec:x;consul tcp:1,udp:1:2 "      \
	"1:1,2:2"

static void equality(void **state)
{
	static const struct {
		const char *name, *a, *b;
		bool equal;
	} cases[] = {
		{ "the same", FULL, FULL, true },
		{ "nothing", "- - - - -", "- - - - -", true },
		{ "another order", FULL,
		  "a 2001:db8::1/128,192.0.2.1/32,192.0.2.2/32 consul;port:tcp:1;exec:x "
		  "udp:1:2,tcp:1 1:1,2:2",
		  true },
		{ "communities are in an order", FULL,
		  "a 192.0.2.1/32,192.0.2.2/32,2001:db8::1/128 port:tcp:1;exec:x;consul "
		  "tcp:1,udp:1:2 2:2,1:1",
		  false },
		{ "name", "a - - - -", "b - - - -", false },
		{ "no name", "a - - - -", "- - - - -", false },
		{ "a vip", "a 192.0.2.1/32 - - -", "a 192.0.2.2/32 - - -", false },
		{ "its length", "a 192.0.2.0/31 - - -", "a 192.0.2.0/32 - - -", false },
		{ "more vips", "a 192.0.2.1/32,192.0.2.2/32 - - -", "a 192.0.2.1/32 - - -", false },
		{ "one of several", "a 192.0.2.1/32,192.0.2.2/32 - - -",
		  "a 192.0.2.1/32,192.0.2.3/32 - - -", false },
		{ "a monitor", "a - port:tcp:1 - -", "a - port:udp:1 - -", false },
		{ "more monitors", "a - port:tcp:1 - -", "a - port:tcp:1;consul - -", false },
		{ "a nat", "a - - tcp:1 -", "a - - tcp:1:2 -", false },
		{ "a nat's address", "a - - tcp:1:10.0.0.1:1 -", "a - - tcp:1:10.0.0.2:1 -",
		  false },
		{ "a nat with an address", "a - - tcp:1 -", "a - - tcp:1:10.0.0.1:1 -", false },
		{ "a nat's protocol", "a - - tcp:1 -", "a - - udp:1 -", false },
		{ "communities", "a - - - 1:1", "a - - - -", false },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct app_spec a = spec(cases[i].a), b = spec(cases[i].b);
		if (app_spec_equal(&a, &b) != cases[i].equal ||
		    app_spec_equal(&b, &a) != cases[i].equal)
			fail_msg("%s", cases[i].name);
		app_spec_done(&a);
		app_spec_done(&b);
	}
}

/* Only where MEDs follow from it. */
static void the_order_of_vips(void **state)
{
	(void)state;
	struct app_spec a = spec("a 192.0.2.1/32,192.0.2.2/32 - - -");
	struct app_spec b = spec("a 192.0.2.2/32,192.0.2.1/32 - - -");
	assert_true(app_spec_equal(&a, &b));
	app_spec_announce(&a)->increase = (struct bgp_number){ true, 1 };
	app_spec_announce(&b)->increase = (struct bgp_number){ true, 1 };
	assert_false(app_spec_equal(&a, &b));
	assert_int_equal(app_spec_vip_place(&a, &b.vips[0]), 1);
	assert_int_equal(app_spec_vip_place(&b, &b.vips[0]), 0);
	app_spec_done(&a);
	app_spec_done(&b);
}

static void change_text(char **text)
{
	free(*text);
	*text = mem_strdup("other");
}

/* Each member of the spec that a client can set counts; `by` and the source do not. */
static void every_member_counts(void **state)
{
	(void)state;
	for (int i = 0; i < 8; i++) {
		struct app_spec a = spec(FULL), b;
		a.group = mem_strdup("g");
		a.disable_file = mem_strdup("/f");
		a.by = mem_strdup("token t");
		app_spec_announce(&a)->of[ANNOUNCE_UP].med = (struct bgp_number){ true, 7 };
		app_spec_copy(&b, &a);
		assert_true(app_spec_equal(&a, &b));
		assert_ptr_not_equal(a.by, b.by);
		assert_ptr_not_equal(a.announce, b.announce);
		switch (i) {
		case 0:
			b.quorum = 1;
			break;
		case 1:
			b.hold_down = 1;
			break;
		case 2:
			b.hold_down_max = 1;
			break;
		case 3:
			b.keep_last = true;
			break;
		case 4:
			change_text(&b.group);
			break;
		case 5:
			change_text(&b.disable_file);
			break;
		case 6:
			b.announce->of[ANNOUNCE_UP].med.value = 8;
			break;
		case 7:
			change_text(&b.by);
			break;
		}
		if (app_spec_equal(&a, &b) != (i == 7))
			fail_msg("member %d", i);
		app_spec_done(&a);
		app_spec_done(&b);
	}
}

static int set_lease(const char *text, struct app_spec *s, struct err *err)
{
	*s = (struct app_spec){ 0 };
	return app_spec_set_lease(s, text, err);
}

static void leases(void **state)
{
	struct app_spec s;
	struct err err = { "" };
	char text[64], max[DURATION_TEXT_MAX];
	(void)state;
	assert_int_equal(set_lease("999ms", &s, &err), -EINVAL);
	assert_int_equal(set_lease("1s", &s, &err), 0);
	assert_true(s.lease == USEC_PER_SEC);
	assert_int_equal(app_spec_set_lease(&s, "2s", &err), -EINVAL);
	assert_string_equal(err.text, "ttl is given more than once ('2s')");
	assert_int_equal(set_lease(duration_format(APP_LEASE_MAX, max), &s, &err), 0);
	assert_true(s.lease == APP_LEASE_MAX);
	snprintf(text, sizeof(text), "%llums",
		 (unsigned long long)(APP_LEASE_MAX / USEC_PER_MSEC) + 1);
	assert_int_equal(set_lease(text, &s, &err), -EINVAL);
	assert_int_equal(set_lease("soon", &s, &err), -EINVAL);
	assert_true(strncmp(err.text, "ttl: ", 5) == 0);
}

static void quorum_values(void **state)
{
	static const struct {
		const char *text;
		uint16_t value;
	} cases[] = { { "all", 0 }, { "any", 1 }, { "1", 1 }, { "2", 2 } };
	struct app_spec s = { .quorum = 9 };
	char text[16];
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(app_spec_set_quorum(&s, cases[i].text, NULL), 0);
		assert_int_equal(s.quorum, cases[i].value);
	}
	snprintf(text, sizeof(text), "%d", APP_MONITORS_MAX);
	assert_int_equal(app_spec_set_quorum(&s, text, NULL), 0);
	assert_int_equal(s.quorum, APP_MONITORS_MAX);
	snprintf(text, sizeof(text), "%d", APP_MONITORS_MAX + 1);
	assert_int_equal(app_spec_set_quorum(&s, text, NULL), -EINVAL);
	assert_int_equal(app_spec_set_quorum(&s, "0", NULL), -EINVAL);
}

static void own_vips(void **state)
{
	static const struct {
		const char *spec;
		bool own;
	} cases[] = {
		{ "a 192.0.2.1/32 tcp:192.0.2.1:53 - -", true },
		{ "a 192.0.2.1/32 tcp:192.0.2.2:53 - -", false },
		{ "a 192.0.2.1/32,192.0.2.2/32 tcp:192.0.2.2:53 - -", true },
		{ "a 192.0.2.1/32 consul;tcp:192.0.2.1:53 - -", true },
		{ "a 192.0.2.1/32 consul - -", false },
		{ "a 192.0.2.0/24 tcp:192.0.2.77:53 - -", true },
		{ "a - tcp:192.0.2.1:53 - -", false },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct app_spec s = spec(cases[i].spec);
		if (app_spec_checks_own_vip(&s) != cases[i].own)
			fail_msg("%s", cases[i].spec);
		app_spec_done(&s);
	}
}

static void the_source_is_no_difference(void **state)
{
	(void)state;
	struct app_spec a = spec(FULL), b = spec(FULL);
	a.source = APP_FROM_HTTP;
	b.source = APP_FROM_CONSUL;
	assert_true(app_spec_equal(&a, &b));
	assert_string_equal(app_source_name(a.source), "http");
	assert_string_equal(app_source_name(b.source), "consul");
	assert_string_equal(app_source_name(APP_FROM_CONFIG), "config");
	app_spec_done(&a);
	app_spec_done(&b);
}

static void a_copy_is_its_own(void **state)
{
	(void)state;
	struct app_spec a = spec(FULL), b;
	app_spec_copy(&b, &a);
	assert_true(app_spec_equal(&a, &b));
	assert_ptr_not_equal(a.name, b.name);
	app_spec_done(&a);
	assert_string_equal(b.name, "a");
	assert_string_equal(b.monitors[1].text, "exec:x");
	app_spec_done(&b);
	app_spec_done(&b); /* done leaves nothing behind */
}

static void whole_specs(void **state)
{
	static const struct {
		const char *name, *spec, *error;
	} cases[] = {
		{ "complete", "a 192.0.2.1/32 - - -", NULL },
		{ "two vips", "a 192.0.2.0/32,192.0.2.0/31 - - -", NULL },
		{ "no name", "- 192.0.2.1/32 - - -", "name" },
		{ "no vip", "a - - - -", "vip is missing" },
		{ "a mapping of each family",
		  "a 192.0.2.1/32,2001:db8::1/128 - tcp:1:10.0.0.1:1,tcp:1:[fd00::1]:1 -", NULL },
		{ "mappings without an address cover all",
		  "a 192.0.2.1/32,2001:db8::1/128 - tcp:1,udp:1 -", NULL },
		{ "a vip that a mapping does not cover",
		  "a 192.0.2.1/32,2001:db8::1/128 - tcp:1:10.0.0.1:1,tcp:2:[fd00::1]:2 -",
		  "NAT mapping tcp:2:[fd00::1]:2 does not cover vip 192.0.2.1/32, add one to an "
		  "IPv4 address" },
		{ "a mapping of the other family", "a 192.0.2.1/32 - tcp:1:[fd00::1]:1 -",
		  "does not cover vip 192.0.2.1/32" },
		{ "twice", "a 192.0.2.1/32,192.0.2.2/32,192.0.2.1/32 - - -",
		  "duplicate vip '192.0.2.1/32'" },
		{ "twice, behind another", "a 192.0.2.2/32,192.0.2.1/32,192.0.2.1/32 - - -",
		  "duplicate vip '192.0.2.1/32'" },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct app_spec s = spec(cases[i].spec);
		struct err err = { "" };
		int r = app_spec_check(&s, &err);
		if (r != (cases[i].error ? -EINVAL : 0) ||
		    (cases[i].error && !strstr(err.text, cases[i].error)))
			fail_msg("%s: %d, %s", cases[i].name, r, err.text);
		app_spec_done(&s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_order_of_vips),
		cmocka_unit_test(names),
		cmocka_unit_test(vips),
		cmocka_unit_test(nats),
		cmocka_unit_test(a_nat_mapping_is_read),
		cmocka_unit_test(monitors),
		cmocka_unit_test(quorums),
		cmocka_unit_test(community_texts),
		cmocka_unit_test(a_community_is_formatted),
		cmocka_unit_test(community_lists),
		cmocka_unit_test(limits),
		cmocka_unit_test(equality),
		cmocka_unit_test(every_member_counts),
		cmocka_unit_test(leases),
		cmocka_unit_test(quorum_values),
		cmocka_unit_test(own_vips),
		cmocka_unit_test(the_source_is_no_difference),
		cmocka_unit_test(a_copy_is_its_own),
		cmocka_unit_test(whole_specs),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
