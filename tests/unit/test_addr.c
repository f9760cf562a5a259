/* SPDX-License-Identifier: MIT */
#include "lib/addr.h"
#include "lib/array.h"
#include "lib/scoped_addr.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct addr addr_of(const char *text)
{
	struct addr a = { 0 };
	if (addr_parse(text, &a) < 0)
		fail_msg("%s is not an address", text);
	return a;
}

static struct prefix prefix_of(const char *text)
{
	struct prefix p = { 0 };
	struct err err;
	if (prefix_parse(text, &p, &err) < 0)
		fail_msg("%s", err.text);
	return p;
}

/* Text in, text out; NULL: refused. */
static const struct {
	const char *text, *out;
} addresses[] = {
	{ "192.0.2.1", "192.0.2.1" },
	{ "0.0.0.0", "0.0.0.0" },
	{ "255.255.255.255", "255.255.255.255" },
	{ "2001:DB8:0:0::1", "2001:db8::1" },
	{ "::", "::" },
	{ "::ffff:192.0.2.1", "::ffff:192.0.2.1" },
	{ "", NULL },
	{ " 192.0.2.1", NULL },
	{ "192.0.2.1 ", NULL },
	{ "192.0.2", NULL },
	{ "192.0.2.256", NULL },
	{ "192.0.2.01", NULL },
	{ "192.0.2.1/32", NULL },
	{ "[::1]", NULL },
	{ "fe80::1%eth0", NULL },
	{ "2001:db8::1::2", NULL },
	{ "localhost", NULL },
};

static void test_addresses(void **state)
{
	(void)state;
	char buf[ADDR_TEXT_MAX];
	for (size_t i = 0; i < ARRAY_SIZE(addresses); i++) {
		struct addr a = { .family = 99 };
		int r = addr_parse(addresses[i].text, &a);
		if (!addresses[i].out) {
			if (r != -EINVAL || a.family != 99)
				fail_msg("'%s' accepted or output touched", addresses[i].text);
		} else if (r != 0 || strcmp(addr_format(&a, buf), addresses[i].out) != 0) {
			fail_msg("'%s' became '%s'", addresses[i].text, buf);
		}
	}
	assert_string_equal(addr_format(&(struct addr){ 0 }, buf), "none");
}

/* Texts that an error must contain. */
static const struct {
	const char *text, *names;
} bad_prefixes[] = {
	{ "192.0.2.1", "write 192.0.2.1/32" },
	{ "2001:db8::1", "write 2001:db8::1/128" },
	{ "192.0.2.1/33", "0 to 32" },
	{ "2001:db8::1/129", "0 to 128" },
	{ "192.0.2.1/", "invalid prefix length" },
	{ "192.0.2.1/-1", "invalid prefix length" },
	{ "192.0.2.1/ 32", "invalid prefix length" },
	{ "192.0.2.1/32 ", "invalid prefix length" },
	{ "192.0.2.1/24", "192.0.2.1/32" },
	{ "192.0.2.1/24", "192.0.2.0/24" },
	{ "2001:db8::1/64", "2001:db8::/64" },
	{ "host/32", "'host/32'" },
	{ "", "''" },
	{ "/32", "'/32'" },
	{ "1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb:cccc/64", "not a prefix" },
};

static void test_bad_prefixes(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad_prefixes); i++) {
		struct prefix p = { .len = 99 };
		struct err err = { "" };
		int r = prefix_parse(bad_prefixes[i].text, &p, &err);
		if (r != -EINVAL || p.len != 99 || !strstr(err.text, bad_prefixes[i].names))
			fail_msg("'%s': %d '%s'", bad_prefixes[i].text, r, err.text);
		assert_int_equal(prefix_parse(bad_prefixes[i].text, &p, NULL), -EINVAL);
	}
}

static void test_prefixes(void **state)
{
	(void)state;
	static const char *const texts[] = { "192.0.2.1/32", "192.0.2.0/24",  "0.0.0.0/0",
					     "::/0",         "2001:db8::/32", "2001:db8::1/128",
					     "128.0.0.0/1",  "192.0.2.128/25" };
	char buf[PREFIX_TEXT_MAX];
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct prefix p = prefix_of(texts[i]);
		assert_string_equal(prefix_format(&p, buf), texts[i]);
	}
}

static const struct {
	const char *prefix, *addr;
	bool contains;
} containments[] = { { "192.0.2.0/24", "192.0.2.255", true },
		     { "192.0.2.0/24", "192.0.3.0", false },
		     { "192.0.2.128/25", "192.0.2.129", true },
		     { "192.0.2.128/25", "192.0.2.127", false },
		     { "192.0.2.1/32", "192.0.2.1", true },
		     { "192.0.2.1/32", "192.0.2.0", false },
		     { "0.0.0.0/0", "255.255.255.255", true },
		     { "0.0.0.0/0", "::", false },
		     { "::/0", "0.0.0.0", false },
		     { "2001:db8::/33", "2001:db8:7fff::", true },
		     { "2001:db8::/33", "2001:db8:8000::", false } };

static void test_contains(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(containments); i++) {
		struct prefix p = prefix_of(containments[i].prefix);
		struct addr a = addr_of(containments[i].addr);
		if (prefix_contains(&p, &a) != containments[i].contains)
			fail_msg("%s and %s", containments[i].prefix, containments[i].addr);
	}
}

/* Flags: what it is. */
enum { UNSPECIFIED = 1, LOOPBACK = 2, MULTICAST = 4, LINK_LOCAL = 8 };

static const struct {
	const char *text;
	unsigned flags;
} classes[] = {
	{ "0.0.0.0", UNSPECIFIED },  { "0.0.0.1", 0 },
	{ "126.255.255.255", 0 },    { "169.254.0.0", LINK_LOCAL },
	{ "169.255.0.1", 0 },        { "168.254.0.1", 0 },
	{ "170.254.0.1", 0 },        { "fe7f::1", 0 },
	{ "ff80::1", MULTICAST },    { "feff::1", 0 },
	{ "0:0:0:0:1::1", 0 },       { "::ffff:127.0.0.1", 0 },
	{ "::", UNSPECIFIED },       { "127.0.0.1", LOOPBACK },
	{ "127.255.0.1", LOOPBACK }, { "::1", LOOPBACK },
	{ "128.0.0.1", 0 },          { "::2", 0 },
	{ "224.0.0.1", MULTICAST },  { "239.255.255.255", MULTICAST },
	{ "240.0.0.1", 0 },          { "223.255.255.255", 0 },
	{ "ff02::1", MULTICAST },    { "169.254.1.1", LINK_LOCAL },
	{ "169.253.1.1", 0 },        { "fe80::1", LINK_LOCAL },
	{ "febf::1", LINK_LOCAL },   { "fec0::1", 0 },
	{ "2001:db8::1", 0 },
};

static void test_classes(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(classes); i++) {
		struct addr a = addr_of(classes[i].text);
		unsigned flags = (addr_is_unspecified(&a) ? UNSPECIFIED : 0) |
				 (addr_is_loopback(&a) ? LOOPBACK : 0) |
				 (addr_is_multicast(&a) ? MULTICAST : 0) |
				 (addr_is_link_local(&a) ? LINK_LOCAL : 0);
		if (flags != classes[i].flags)
			fail_msg("%s: flags %x", classes[i].text, flags);
	}
	assert_false(addr_is_unspecified(&(struct addr){ 0 }));
}

static void test_order(void **state)
{
	(void)state;
	static const char *const sorted[] = { "0.0.0.0/0",     "10.0.0.0/8", "10.0.0.0/32",
					      "10.0.0.1/32",   "::/0",       "2001:db8::/32",
					      "2001:db8::/128" };
	for (size_t i = 0; i < ARRAY_SIZE(sorted); i++) {
		for (size_t j = 0; j < ARRAY_SIZE(sorted); j++) {
			struct prefix a = prefix_of(sorted[i]), b = prefix_of(sorted[j]);
			int c = prefix_cmp(&a, &b);
			if ((c > 0) - (c < 0) != (i > j) - (i < j))
				fail_msg("%s against %s: %d", sorted[i], sorted[j], c);
			assert_int_equal(prefix_equal(&a, &b), i == j);
		}
	}
}

static void test_sockaddr(void **state)
{
	(void)state;
	/* A v4-mapped address, as a dual-stack listener sees it, comes out as IPv4. */
	static const char *const texts[][2] = { { "192.0.2.1", "192.0.2.1" },
						{ "2001:db8::1", "2001:db8::1" },
						{ "::ffff:192.0.2.1", "192.0.2.1" } };
	char buf[ADDR_TEXT_MAX];
	struct sockaddr_storage ss;
	struct addr a, out;
	uint16_t port;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		a = addr_of(texts[i][0]);
		socklen_t len = addr_to_sockaddr(&a, 179, 0, &ss);
		assert_int_equal(len, a.family == AF_INET ? sizeof(struct sockaddr_in)
							  : sizeof(struct sockaddr_in6));
		assert_true(addr_from_sockaddr(&ss, &out, &port));
		assert_string_equal(addr_format(&out, buf), texts[i][1]);
		assert_int_equal(port, 179);
	}
	a = addr_of("fe80::1");
	addr_to_sockaddr(&a, 179, 7, &ss);
	struct sockaddr_in6 in6;
	memcpy(&in6, &ss, sizeof(in6));
	assert_int_equal(in6.sin6_scope_id, 7);
	memset(&ss, 0, sizeof(ss));
	ss.ss_family = AF_UNIX;
	assert_false(addr_from_sockaddr(&ss, &out, &port));
}

/* Nothing of what was there before is left: they are compared as memory. */
static void test_all_of_a_sockaddr_is_written(void **state)
{
	struct sockaddr_storage ss, want = { 0 };
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(179) };
	struct addr a = addr_of("192.0.2.1");
	(void)state;
	memcpy(&in.sin_addr, a.bytes, 4);
	memcpy(&want, &in, sizeof(in));
	memset(&ss, 0xa5, sizeof(ss));
	addr_to_sockaddr(&a, 179, 7, &ss);
	assert_memory_equal(&ss, &want, sizeof(ss));
	assert_int_equal(addr_scope(&ss), 0);
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6,
				    .sin6_port = htons(179),
				    .sin6_scope_id = 7 };
	a = addr_of("fe80::1");
	memcpy(&in6.sin6_addr, a.bytes, 16);
	memset(&want, 0, sizeof(want));
	memcpy(&want, &in6, sizeof(in6));
	memset(&ss, 0xa5, sizeof(ss));
	addr_to_sockaddr(&a, 179, 7, &ss);
	assert_memory_equal(&ss, &want, sizeof(ss));
	assert_int_equal(addr_scope(&ss), 7);
	ss.ss_family = AF_UNIX;
	assert_int_equal(addr_scope(&ss), 0);
}

/* Each length of both families: so many bits stay. */
static void test_masks(void **state)
{
	static const uint8_t families[] = { AF_INET, AF_INET6 };
	(void)state;
	for (size_t f = 0; f < ARRAY_SIZE(families); f++) {
		struct addr all = { .family = families[f] };
		size_t bits = 8 * addr_size(all.family);
		memset(all.bytes, 0xff, bits / 8);
		for (size_t len = 0; len <= bits; len++) {
			struct addr masked = addr_mask(&all, (uint8_t)len);
			assert_int_equal(masked.family, all.family);
			for (size_t i = 0; i < 128; i++)
				assert_int_equal(masked.bytes[i / 8] >> (7 - i % 8) & 1, i < len);
		}
		struct prefix host = prefix_of_host(&all);
		assert_true(addr_equal(&host.addr, &all));
		assert_int_equal(host.len, bits);
	}
}

static void test_every_octet_is_written(void **state)
{
	char got[ADDR_TEXT_MAX], want[ADDR_TEXT_MAX];
	(void)state;
	for (unsigned i = 0; i < 256; i++) {
		struct addr a = addr_v4(i << 24 | (255 - i) << 16 | i << 8 | i);
		snprintf(want, sizeof(want), "%u.%u.%u.%u", i, 255 - i, i, i);
		assert_string_equal(addr_format(&a, got), want);
	}
	assert_string_equal(addr_format(&(struct addr){ 0 }, got), "none");
}

static void test_v4_value(void **state)
{
	(void)state;
	struct addr a = addr_v4(0xc0000201), b = addr_of("192.0.2.1"), v6 = addr_of("2001:db8::1");
	assert_true(addr_equal(&a, &b));
	assert_memory_equal(&a, &b, sizeof(a));
	assert_true(addr_to_v4(&a) == 0xc0000201);
	assert_int_equal(addr_to_v4(&v6), 0);
}

static const struct {
	const char *text, *addr, *ifname;
	int r;
} scoped[] = {
	{ "fe80::1%eth0", "fe80::1", "eth0", 0 },
	{ "192.0.2.1%vrf-blue", "192.0.2.1", "vrf-blue", 0 },
	{ "2001:db8::1", "2001:db8::1", "", 0 },
	{ "fe80::1%eth012345678901", "fe80::1", "eth012345678901", 0 },
	{ "fe80::1%eth0123456789012", NULL, NULL, -ENODEV },
	{ "fe80::1%", NULL, NULL, -ENODEV },
	{ "fe80::1%%", NULL, NULL, -ENODEV },
	{ "fe80::1%a/b", NULL, NULL, -ENODEV },
	{ "fe80::1%..", NULL, NULL, -ENODEV },
	{ "%eth0", NULL, NULL, -EINVAL },
	{ "eth0", NULL, NULL, -EINVAL },
	{ "", NULL, NULL, -EINVAL },
	{ "2001:db8:0000:0000:0000:0000:0000:0000:0000:0001%e", NULL, NULL, -EINVAL },
};

static void test_scoped(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(scoped); i++) {
		char ifname[IF_NAMESIZE] = "before, long", text[ADDR_TEXT_MAX];
		struct addr a = { 0 };
		int r = scoped_addr_parse(scoped[i].text, &a, ifname);
		if (r != scoped[i].r)
			fail_msg("%s: %d", scoped[i].text, r);
		assert_string_equal(addr_format(&a, text), r == 0 ? scoped[i].addr : "none");
		assert_string_equal(ifname, r == 0 ? scoped[i].ifname : "before, long");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_bad_prefixes),
		cmocka_unit_test(test_prefixes),
		cmocka_unit_test(test_contains),
		cmocka_unit_test(test_classes),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_sockaddr),
		cmocka_unit_test(test_all_of_a_sockaddr_is_written),
		cmocka_unit_test(test_masks),
		cmocka_unit_test(test_every_octet_is_written),
		cmocka_unit_test(test_v4_value),
		cmocka_unit_test(test_scoped),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
