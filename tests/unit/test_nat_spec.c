/* SPDX-License-Identifier: MIT */
/* NAT mappings as they are written, and which of them get in each other's way. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/array.h"
#include "nat/spec.h"

static struct nat_spec spec(const char *text)
{
	struct nat_spec s;
	struct err err = { "" };
	if (nat_spec_parse(text, &s, &err) < 0)
		fail_msg("'%s': %s", text, err.text);
	return s;
}

static void test_mappings_are_read(void **state)
{
	static const struct {
		const char *text, *as;
		uint8_t proto;
		uint16_t listen, dest;
		const char *to;
	} rows[] = {
		{ "tcp:53", "tcp:53:53", IPPROTO_TCP, 53, 53, "none" },
		{ "udp:53:8053", "udp:53:8053", IPPROTO_UDP, 53, 8053, "none" },
		{ "tcp:1:65535", "tcp:1:65535", IPPROTO_TCP, 1, 65535, "none" },
		{ "tcp:80:172.17.0.2:8080", "tcp:80:172.17.0.2:8080", IPPROTO_TCP, 80, 8080,
		  "172.17.0.2" },
		{ "udp:80:[fd00::2]:8080", "udp:80:[fd00::2]:8080", IPPROTO_UDP, 80, 8080,
		  "fd00::2" },
		{ "tcp:80:127.0.0.1:80", "tcp:80:127.0.0.1:80", IPPROTO_TCP, 80, 80, "127.0.0.1" },
		{ "tcp:80:169.254.1.1:80", "tcp:80:169.254.1.1:80", IPPROTO_TCP, 80, 80,
		  "169.254.1.1" },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct nat_spec s = spec(rows[i].text);
		char text[NAT_SPEC_TEXT_MAX], to[ADDR_TEXT_MAX];
		assert_int_equal(s.proto, rows[i].proto);
		assert_int_equal(s.listen, rows[i].listen);
		assert_int_equal(s.dest, rows[i].dest);
		assert_string_equal(addr_format(&s.to, to), rows[i].to);
		assert_string_equal(nat_spec_format(&s, text), rows[i].as);
	}
}

static void test_what_is_no_mapping(void **state)
{
	static const char *const wrong[] = {
		"",
		"tcp",
		"tcp:",
		"tcp:0",
		"tcp:65536",
		"sctp:53",
		"TCP:53",
		"tcp:53:",
		"tcp:53:0",
		"tcp:53:65536",
		"tcp:53:x",
		"tcp:53:10.0.0.1:",
		"tcp:53:10.0.0.1",
		"tcp:53:x:80",
		"tcp:53:[fd00::1]",
		"tcp:53:[fd00::1]80",
		"tcp:53:[10.0.0.1]:80",
		"tcp:53:fd00::1:80",
		"tcp:53:[]:80",
		"tcp:53:10.0.0.1:0",
		"tcp:53:10.0.0.1:80:1",
		"tcp:53:[fd00::1]:80x",
		":53:53",
	};
	char longest[200];
	struct nat_spec s = { .listen = 77 };
	struct err err = { "" };
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		if (nat_spec_parse(wrong[i], &s, &err) != -EINVAL)
			fail_msg("'%s' is accepted", wrong[i]);
		assert_int_equal(s.listen, 77);
	}
	assert_string_equal(
		err.text, "':53:53' is not a NAT mapping, expected PROTO:LISTEN:DEST, "
			  "PROTO:LISTEN:ADDRESS:DEST or PROTO:PORT with tcp or udp and ports 1 to "
			  "65535, like tcp:53:8053 or tcp:80:172.17.0.2:80 (IPv6 in brackets)");
	snprintf(longest, sizeof(longest), "tcp:%0*d", NAT_SPEC_TEXT_MAX - 5, 53);
	assert_int_equal(nat_spec_parse(longest, &s, &err), 0);
	snprintf(longest, sizeof(longest), "tcp:%0*d", NAT_SPEC_TEXT_MAX - 4, 53);
	assert_int_equal(nat_spec_parse(longest, &s, &err), -EINVAL);
}

static void test_addresses_that_take_no_packets(void **state)
{
	static const struct {
		const char *to, *error; /* NULL: it can be used */
	} rows[] = {
		{ "0.0.0.0", "0.0.0.0 is unspecified" },
		{ "[::]", ":: is unspecified" },
		{ "224.0.0.1", "224.0.0.1 is not the address of one host" },
		{ "255.255.255.255", "255.255.255.255 is not the address of one host" },
		{ "255.255.255.254", NULL },
		{ "[ff02::1]", "ff02::1 is not the address of one host" },
		{ "[::ffff:10.0.0.1]", "::ffff:10.0.0.1 is an IPv4 address, write it as one" },
		{ "[::fffe:10.0.0.1]", NULL },
		{ "[fe80::1]", "fe80::1 is link-local" },
		{ "[::1]", "::1 takes no packets of other hosts" },
		{ "[::2]", NULL },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char text[NAT_SPEC_TEXT_MAX], want[256];
		struct nat_spec s;
		struct err err = { "" };
		snprintf(text, sizeof(text), "tcp:80:%s:80", rows[i].to);
		assert_int_equal(nat_spec_parse(text, &s, &err), rows[i].error ? -EINVAL : 0);
		if (!rows[i].error)
			continue;
		snprintf(want, sizeof(want),
			 "'%s': %s, expected an address of this host or of a container", text,
			 rows[i].error);
		assert_string_equal(err.text, want);
	}
}

/* One that names no address covers both families. */
static void test_mappings_that_overlap(void **state)
{
	static const struct {
		const char *a, *b;
		bool equal, overlap;
	} rows[] = {
		{ "tcp:53:8053", "tcp:53:8053", true, true },
		{ "tcp:53:8053", "tcp:53:8054", false, true },
		{ "tcp:53:8053", "udp:53:8053", false, false },
		{ "tcp:53:8053", "tcp:54:8053", false, false },
		{ "tcp:53:8053", "tcp:53:10.0.0.1:8053", false, true },
		{ "tcp:53:8053", "tcp:53:[fd00::1]:8053", false, true },
		{ "tcp:53:10.0.0.1:8053", "tcp:53:[fd00::1]:8053", false, false },
		{ "tcp:53:10.0.0.1:8053", "tcp:53:10.0.0.2:8053", false, true },
		{ "tcp:53:10.0.0.1:8053", "tcp:53:10.0.0.1:8053", true, true },
		{ "tcp:53:[fd00::2]:8053", "tcp:53:[fd00::1]:8053", false, true },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct nat_spec a = spec(rows[i].a), b = spec(rows[i].b);
		if (nat_spec_equal(&a, &b) != rows[i].equal ||
		    nat_spec_equal(&b, &a) != rows[i].equal ||
		    nat_spec_overlaps(&a, &b) != rows[i].overlap ||
		    nat_spec_overlaps(&b, &a) != rows[i].overlap)
			fail_msg("%s and %s", rows[i].a, rows[i].b);
	}
	const struct nat_spec any = spec("tcp:53"), v4 = spec("tcp:53:10.0.0.1:53");
	assert_true(nat_spec_covers(&any, AF_INET) && nat_spec_covers(&any, AF_INET6));
	assert_true(nat_spec_covers(&v4, AF_INET));
	assert_false(nat_spec_covers(&v4, AF_INET6));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mappings_are_read),
		cmocka_unit_test(test_what_is_no_mapping),
		cmocka_unit_test(test_addresses_that_take_no_packets),
		cmocka_unit_test(test_mappings_that_overlap),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
