/* SPDX-License-Identifier: MIT */
/* A VIP as an address of an interface: how it is made, and when it is still so. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "lib/array.h"
#include "net/vipaddr.h"

static struct prefix prefix(const char *text)
{
	struct prefix p;
	assert_int_equal(prefix_parse(text, &p, NULL), 0);
	return p;
}

/* IFNAMSIZ is 16, with the NUL. */
static void test_labels(void **state)
{
	static const struct {
		const char *vip, *ifname, *app, *label;
	} rows[] = {
		{ "192.0.2.1/32", "lo", "web", "lo:web" },
		{ "192.0.2.1/32", "lo", "a-name-of-12", "lo:a-name-of-12" },
		{ "192.0.2.1/32", "lo", "a-name-of--13", "lo:a-name-of--1" },
		{ "192.0.2.1/32", "dummy12345678", "web", "dummy12345678:w" },
		{ "192.0.2.1/32", "dummy123456789", "web", "dummy123456789" },
		{ "192.0.2.1/32", "dummy1234567890", "web", "dummy1234567890" },
		{ "2001:db8::1/128", "lo", "web", "" },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct prefix vip = prefix(rows[i].vip);
		char label[IFNAMSIZ];
		memset(label, 0xa5, sizeof(label));
		vipaddr_label(&vip, rows[i].ifname, rows[i].app, label);
		assert_string_equal(label, rows[i].label);
	}
}

static void test_parts(void **state)
{
	static const struct {
		const char *vip;
		uint8_t on_lo;
	} rows[] = {
		{ "192.0.2.1/32", VIP_ADDRESS | VIP_ROUTE },
		{ "192.0.2.0/31", VIP_ROUTE },
		{ "192.0.2.0/24", VIP_ROUTE },
		{ "2001:db8::1/128", VIP_ADDRESS | VIP_ROUTE },
		{ "2001:db8::/31", VIP_ADDRESS | VIP_ROUTE },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct prefix vip = prefix(rows[i].vip);
		assert_int_equal(vipaddr_parts(&vip, true), rows[i].on_lo);
		assert_int_equal(vipaddr_parts(&vip, false), VIP_ADDRESS);
	}
}

static void test_an_address_as_we_make_it(void **state)
{
	static const struct vip_link dummy = { 7, "dummy0" };
	const struct prefix v4 = prefix("192.0.2.1/32"), v6 = prefix("2001:db8::1/128");
	(void)state;
	struct nladdr a = vipaddr_make(&v4, &vip_link_lo, "web");
	assert_true(prefix_equal(&a.prefix, &v4));
	assert_int_equal(a.ifindex, NLADDR_LO_IFINDEX);
	assert_int_equal(a.proto, NLADDR_PROTO_OURS);
	assert_int_equal(a.scope, RT_SCOPE_HOST);
	assert_int_equal(a.flags, 0);
	assert_string_equal(a.label, "lo:web");
	a = vipaddr_make(&v4, &dummy, NULL);
	assert_int_equal(a.ifindex, 7);
	assert_string_equal(a.label, "");
	a = vipaddr_make(&v6, &dummy, "web");
	assert_true(prefix_equal(&a.prefix, &v6));
	assert_int_equal(a.scope, RT_SCOPE_UNIVERSE);
	assert_int_equal(a.flags, IFA_F_NODAD | IFA_F_NOPREFIXROUTE | IFA_F_DEPRECATED);
	assert_string_equal(a.label, "");
}

/* As the kernel shows it. */
static struct nladdr shown(const char *text)
{
	const struct prefix vip = prefix(text);
	struct nladdr a = vipaddr_make(&vip, &vip_link_lo, "web");
	a.valid = NLADDR_FOR_EVER;
	a.preferred = vip.addr.family == AF_INET6 ? 0 : NLADDR_FOR_EVER;
	return a;
}

static void test_an_address_that_was_changed(void **state)
{
	static const char *const vips[] = { "192.0.2.1/32", "2001:db8::1/128" };
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(vips); i++) {
		const struct nladdr whole = shown(vips[i]);
		struct nladdr a = whole;
		assert_true(vipaddr_intact(&a, true) && vipaddr_as_made(&a));
		assert_false(vipaddr_wrong_scope(&a));
		a.proto = 0;
		assert_false(vipaddr_intact(&a, true));
		assert_true(vipaddr_intact(&a, false) && vipaddr_as_made(&a));
		a = whole;
		a.valid = 100;
		assert_false(vipaddr_intact(&a, true) || vipaddr_as_made(&a));
		a = whole;
		a.preferred = 100;
		assert_false(vipaddr_intact(&a, true) || vipaddr_as_made(&a));
		a = whole;
		a.scope = RT_SCOPE_LINK;
		assert_true(vipaddr_wrong_scope(&a));
		assert_false(vipaddr_intact(&a, true) || vipaddr_as_made(&a));
	}
	/* Version 0.1.0 made IPv4 addresses of the scope that IPv6 has. */
	struct nladdr a = shown(vips[0]);
	a.scope = RT_SCOPE_UNIVERSE;
	assert_true(vipaddr_wrong_scope(&a) && vipaddr_as_made(&a));
	assert_false(vipaddr_intact(&a, true));
	a = shown(vips[0]);
	a.flags = IFA_F_PERMANENT; /* the kernel's own */
	assert_true(vipaddr_as_made(&a));
	/* Each of the flags of IPv6. */
	a = shown(vips[1]);
	a.flags &= ~(uint32_t)IFA_F_NODAD;
	assert_false(vipaddr_as_made(&a));
	a = shown(vips[1]);
	a.flags &= ~(uint32_t)IFA_F_NOPREFIXROUTE;
	assert_false(vipaddr_as_made(&a));
	a = shown(vips[1]);
	a.flags &= ~(uint32_t)IFA_F_DEPRECATED;
	assert_false(vipaddr_as_made(&a));
	a = shown(vips[1]);
	a.flags |= IFA_F_PERMANENT;
	assert_true(vipaddr_as_made(&a));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_labels),
		cmocka_unit_test(test_parts),
		cmocka_unit_test(test_an_address_as_we_make_it),
		cmocka_unit_test(test_an_address_that_was_changed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
