/* SPDX-License-Identifier: MIT */
/* Each test has a network namespace of its own with d0 (a veth) up; routes are iproute2's. */
#include "net/fib.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "lib/array.h"
#include "net/iface.h"
#include "net/iface_addr.h"
#include "net/loopback.h"
#include "tests/unit/hidden_tags.h"
#include "tests/unit/own_netns.h"

struct fixture {
	sd_event *loop;
	struct loopback *lo;
	uint32_t d0;
};

static void on_lost(const struct prefix *prefix, enum loopback_loss why, void *userdata)
{
	(void)prefix, (void)why, (void)userdata;
}

static void must(const char *command)
{
	if (shell("%s", command) != 0)
		fail_msg("'%s' failed", command);
}

static int setup(void **state)
{
	static struct fixture f;
	tags_hidden = false;
	own_netns_enter();
	must("ip link add d0 type veth peer name d1");
	must("ip link set d0 up; ip link set d1 up");
	f.d0 = if_nametoindex("d0");
	assert_int_equal(sd_event_new(&f.loop), 0);
	assert_int_equal(loopback_new(f.loop, "lo", on_lost, &f, &f.lo, NULL), 0);
	*state = &f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	loopback_free(f->lo);
	sd_event_unref(f->loop);
	return 0;
}

static struct addr addr_of(const char *text)
{
	struct addr a;
	assert_int_equal(addr_parse(text, &a), 0);
	return a;
}

static void add_vip(struct fixture *f, const char *text)
{
	struct prefix p;
	struct err err;
	assert_int_equal(prefix_parse(text, &p, NULL), 0);
	if (loopback_add(f->lo, &p, "app", &err) < 0)
		fail_msg("%s", err.text);
}

static void expect_addr(const char *what, const struct addr *a, const char *want)
{
	char buf[ADDR_TEXT_MAX];
	if (strcmp(addr_format(a, buf), want) != 0)
		fail_msg("%s is %s, expected %s", what, buf, want);
}

static void expect_route(const char *dst, uint32_t ifindex, const char *source, const char *gateway,
			 uint32_t want_ifindex)
{
	struct fib_path info;
	struct err err;
	struct addr a = addr_of(dst);
	if (fib_lookup(&a, NULL, ifindex, &info, &err) < 0)
		fail_msg("%s", err.text);
	expect_addr("source", &info.source, source);
	expect_addr("gateway", &info.gateway, gateway);
	assert_int_equal(info.ifindex, want_ifindex);
}

static void expect_no_route(const char *dst, int r, const char *names)
{
	struct fib_path info = { .ifindex = 77 };
	struct err err = { "" };
	struct addr a = addr_of(dst);
	assert_int_equal(fib_lookup(&a, NULL, 0, &info, &err), r);
	assert_int_equal(info.ifindex, 77);
	if (!strstr(err.text, dst) || !strstr(err.text, names))
		fail_msg("'%s'", err.text);
}

static void test_lookup(void **state)
{
	struct fixture *f = *state;
	must("ip addr add 10.0.0.2/24 dev d0; ip addr add fd00::2/64 dev d0 nodad");
	must("ip route add 198.51.100.0/24 via 10.0.0.1");
	must("ip -6 route add 2001:db8::/32 via fd00::1");
	must("ip route add 203.0.113.0/24 via inet6 fd00::1");
	expect_route("10.0.0.1", 0, "10.0.0.2", "none", f->d0);
	expect_route("198.51.100.7", 0, "10.0.0.2", "10.0.0.1", f->d0);
	expect_route("203.0.113.7", 0, "10.0.0.2", "fd00::1", f->d0);
	expect_route("fd00::1", 0, "fd00::2", "none", f->d0);
	expect_route("2001:db8::7", 0, "fd00::2", "fd00::1", f->d0);
	expect_route("10.0.0.2", 0, "10.0.0.2", "none", 1); /* ourselves */
	expect_route("127.0.0.1", 0, "127.0.0.1", "none", 1);
}

static void test_link_local(void **state)
{
	struct fixture *f = *state;
	must("ip link set d0 addrgenmode none; ip -6 addr flush dev d0");
	must("ip addr add fe80::2/64 dev d0 nodad");
	expect_route("fe80::1", f->d0, "fe80::2", "none", f->d0);
}

static void test_unreachable(void **state)
{
	(void)state;
	must("ip addr add 10.0.0.2/24 dev d0; ip addr add fd00::2/64 dev d0 nodad");
	must("ip route add blackhole 198.51.100.0/24; ip route add prohibit 203.0.113.0/24");
	must("ip -6 route add unreachable 2001:db8::/32");
	expect_no_route("192.0.2.1", -ENETUNREACH, "no route");
	expect_no_route("198.51.100.1", -EINVAL, "no route");
	expect_no_route("203.0.113.1", -EACCES, "no route");
	expect_no_route("2001:db8::1", -EHOSTUNREACH, "no route");
	expect_no_route("2001:db9::1", -ENETUNREACH, "no route");
}

/* The link has no address: the kernel borrows one from lo, but never shall it be a VIP. */
static void test_unnumbered(void **state)
{
	struct fixture *f = *state;
	must("ip route add 10.0.0.1/32 dev d0");
	must("ip -6 route add fd00::1/128 dev d0");
	add_vip(f, "192.0.2.1/32");
	add_vip(f, "2001:db8::1/128");
	expect_no_route("10.0.0.1", -EADDRNOTAVAIL, "local_ip");
	expect_no_route("fd00::1", -EADDRNOTAVAIL, "local_ip");
	/* With a loopback address of its own, the host uses that. */
	must("ip addr add 10.255.0.1/32 dev lo; ip addr add fd00:ff::1/128 dev lo nodad");
	expect_route("10.0.0.1", 0, "10.255.0.1", "none", f->d0);
	expect_route("fd00::1", 0, "fd00:ff::1", "none", f->d0);
}

/* Before Linux 5.18 the address itself does not say that it is ours. */
static void test_unnumbered_without_tags(void **state)
{
	tags_hidden = true;
	test_unnumbered(state);
}

/* As with use_tempaddr=2, where the kernel prefers the temporary address. */
static void test_temporary_addresses_are_no_sources(void **state)
{
	struct fixture *f = *state;
	must("echo 2 > /proc/sys/net/ipv6/conf/d0/use_tempaddr");
	must("echo 0 > /proc/sys/net/ipv6/conf/d0/accept_dad; echo 0 > "
	     "/proc/sys/net/ipv6/conf/d0/dad_transmits");
	must("ip addr add fd00::2/64 dev d0 nodad");
	must("ip addr add fd00:0:0:2::2/64 dev d0 nodad mngtmpaddr");
	must("ip -6 addr show dev d0 temporary | grep -q inet6");
	must("ip -6 route add 2001:db8::/32 via fd00:0:0:2::1");
	expect_route("fd00:0:0:2::1", 0, "fd00:0:0:2::2", "none", f->d0);
	expect_route("2001:db8::1", 0, "fd00:0:0:2::2", "fd00:0:0:2::1", f->d0);
}

/* A numbered link, where VIPs are closer to the peer's address than ours. */
static void test_vips_are_no_sources(void **state)
{
	struct fixture *f = *state;
	must("ip addr add 10.0.0.2/24 dev d0; ip addr add fd00::2:0:0:0:2/64 dev d0 nodad");
	must("ip -6 route add 2001:db8::/32 dev d0");
	add_vip(f, "10.0.0.3/32");
	add_vip(f, "2001:db8::1/128");
	expect_route("10.0.0.1", 0, "10.0.0.2", "none", f->d0);
	expect_route("2001:db8::2", 0, "fd00:0:0:2::2", "none", f->d0);
}

/* Another default route in the main table; the rule of the session's source decides. */
static void test_policy_routing(void **state)
{
	struct fixture *f = *state;
	struct addr dst = addr_of("10.200.0.1"), source = addr_of("10.0.0.2");
	struct fib_path path;
	must("ip link add e0 type veth peer name e1; ip link set e0 up; ip link set e1 up");
	must("ip addr add 10.0.0.2/24 dev d0; ip addr add 10.77.0.2/24 dev e0");
	must("ip route add default via 10.77.0.1; ip route add default via 10.0.0.1 table 100");
	must("ip rule add from 10.0.0.2 lookup 100");
	expect_route("10.200.0.1", 0, "10.77.0.2", "10.77.0.1", if_nametoindex("e0"));
	assert_int_equal(fib_lookup(&dst, &source, 0, &path, NULL), 0);
	expect_addr("source", &path.source, "10.0.0.2");
	expect_addr("gateway", &path.gateway, "10.0.0.1");
	assert_int_equal(path.ifindex, f->d0);
	/* A socket that is not bound gets that source by the main table, and its way by the
	 * rule. */
	must("ip route replace default via 10.77.0.1 src 10.0.0.2");
	expect_route("10.200.0.1", 0, "10.0.0.2", "10.0.0.1", f->d0);
}

/* As hosts in clouds have it: no subnet, and a router that is on the link because the route says
 * so.
 */
static void test_gateways_that_are_on_the_link_by_route(void **state)
{
	struct fixture *f = *state;
	must("ip addr add 10.255.0.2/32 dev d0; ip addr add fd00::2/128 dev d0 nodad");
	must("ip route add default via 10.0.0.1 dev d0 onlink");
	must("ip -6 route add default via fd00::1 dev d0 onlink");
	expect_route("10.0.0.1", 0, "10.255.0.2", "none", f->d0);
	expect_route("198.51.100.7", 0, "10.255.0.2", "10.0.0.1", f->d0);
	expect_route("fd00::1", 0, "fd00::2", "none", f->d0);
	expect_route("2001:db8::7", 0, "fd00::2", "fd00::1", f->d0);
	must("ip route replace 10.0.0.1/32 dev d0 scope link");
	expect_route("10.0.0.1", 0, "10.255.0.2", "none", f->d0);
	must("ip addr flush dev d0 scope global; ip addr add 10.255.0.2 peer 10.0.0.1/32 dev d0");
	expect_route("10.0.0.1", 0, "10.255.0.2", "none", f->d0);
}

/* Routes to 198.51.100.0/24 and 2001:db8::/32 over two routers: the kernel names one of them. */
static const struct {
	const char *name, *routes;
} several[] = {
	{ "multipath", "ip route add 198.51.100.0/24 nexthop via 10.0.0.3 nexthop via 10.0.0.4; "
		       "ip route add 2001:db8::/32 nexthop via fd00::3 nexthop via fd00::4" },
	{ "group", "ip nexthop add id 3 via 10.0.0.3 dev d0; ip nexthop add id 4 via 10.0.0.4 dev "
		   "d0; ip nexthop add id 1 group 3/4; "
		   "ip nexthop add id 13 via fd00::3 dev d0; ip nexthop add id 14 via fd00::4 dev "
		   "d0; ip nexthop add id 11 group 13/14; "
		   "ip route add 198.51.100.0/24 nhid 1; ip route add 2001:db8::/32 nhid 11" },
	{ "group, compat mode off", "echo 0 > /proc/sys/net/ipv4/nexthop_compat_mode; "
				    "ip route add 198.51.100.0/24 nhid 1; "
				    "ip route add 2001:db8::/32 nhid 11" },
};

static void test_several_hops(void **state)
{
	struct fixture *f = *state;
	must("ip addr add 10.0.0.2/24 dev d0; ip addr add fd00::2/64 dev d0 nodad");
	for (size_t i = 0; i < ARRAY_SIZE(several); i++) {
		static const char *const dst[] = { "198.51.100.7", "2001:db8::7" };
		must(several[i].routes);
		for (size_t j = 0; j < ARRAY_SIZE(dst); j++) {
			struct addr a = addr_of(dst[j]);
			struct fib_path path;
			char buf[ADDR_TEXT_MAX];
			assert_int_equal(fib_lookup(&a, NULL, 0, &path, NULL), 0);
			addr_format(&path.gateway, buf);
			size_t n = strlen(buf);
			if (path.ifindex != f->d0 || (buf[n - 1] != '3' && buf[n - 1] != '4'))
				fail_msg("%s: %s", several[i].name, buf);
		}
		must("ip route del 198.51.100.0/24; ip route del 2001:db8::/32");
	}
}

/* Addresses of d0, then the one of each family that serves; NULL: none. */
static const struct {
	const char *name, *addresses, *v4, *v6;
} interfaces[] = {
	{ "none", "true", NULL, NULL },
	{ "one each", "ip addr add 10.0.0.2/24 dev d0; ip addr add fd00::2/64 dev d0 nodad",
	  "10.0.0.2", "fd00::2" },
	{ "link-local only",
	  "ip addr add 169.254.0.2/16 dev d0; ip addr add fe80::2/64 dev d0 nodad", NULL, NULL },
	{ "link scope", "ip addr add 10.0.0.2/24 scope link dev d0", NULL, NULL },
	{ "deprecated", "ip addr add fd00::2/64 dev d0 nodad preferred_lft 0", NULL, NULL },
	{ "deprecated and not",
	  "ip addr add fd00::2/64 dev d0 nodad preferred_lft 0; ip addr add fd00::3/64 dev d0 "
	  "nodad",
	  NULL, "fd00::3" },
	{ "tentative", "ip link set d1 down; ip addr add fd00::2/64 dev d0", NULL, NULL },
};

static void test_interface_address(void **state)
{
	struct fixture *f = *state;
	static const uint8_t families[] = { AF_INET, AF_INET6 };
	add_vip(f, "192.0.2.1/32");
	for (size_t i = 0; i < ARRAY_SIZE(interfaces); i++) {
		must("ip link set d1 up; ip addr flush dev d0");
		must(interfaces[i].addresses);
		for (size_t j = 0; j < 2; j++) {
			const char *want = j ? interfaces[i].v6 : interfaces[i].v4;
			struct addr a = { 0 };
			struct err err = { "" };
			char buf[ADDR_TEXT_MAX];
			int r = iface_addr_global(f->d0, families[j], &a, &err);
			if (r != (want ? 0 : -ENOENT) ||
			    strcmp(addr_format(&a, buf), want ? want : "none") != 0)
				fail_msg("%s: %d %s", interfaces[i].name, r, buf);
			if (!want)
				assert_non_null(strstr(err.text, "d0"));
		}
	}
	struct addr a;
	must("ip addr add 10.255.0.1/32 dev lo; ip addr add 10.0.0.2/24 dev d0");
	a = addr_of("10.0.0.2");
	assert_true(iface_addr_is_on(f->d0, &a));
	assert_false(iface_addr_is_on(1, &a));
	a = addr_of("10.255.0.1");
	assert_false(iface_addr_is_on(f->d0, &a));
	assert_int_equal(iface_addr_global(1, AF_INET, &a, NULL), -ENOENT);
	assert_int_equal(iface_addr_global(4711, AF_INET, &a, NULL), -ENOENT);
}

static void test_link_local_of_an_interface(void **state)
{
	struct fixture *f = *state;
	struct addr a = { 0 }, wanted = addr_of("fe80::77"), other = addr_of("fe80::78");
	must("echo 0 > /proc/sys/net/ipv6/conf/d0/accept_dad; ip addr flush dev d0");
	must("ip addr add 2001:db8::1/64 dev d0 nodad");
	assert_int_equal(iface_addr_link_local(f->d0, NULL, &a), -ENOENT);
	must("ip addr add fe80::7/64 dev d0 nodad; ip addr add fe80::77/64 dev d0 nodad");
	assert_int_equal(iface_addr_link_local(f->d0, NULL, &a), 0);
	assert_true(addr_is_link_local(&a));
	assert_int_equal(iface_addr_link_local(f->d0, &wanted, &a), 0);
	expect_addr("address", &a, "fe80::77");
	assert_int_equal(iface_addr_link_local(f->d0, &other, &a), -ENOENT);
	expect_addr("address", &a, "fe80::77"); /* untouched */
	assert_int_not_equal(iface_addr_link_local(4711, NULL, &a), 0);
}

static void test_default_route_of_ipv4(void **state)
{
	struct fixture *f = *state;
	assert_false(fib_has_default4(0, NULL));
	must("ip addr add fe80::2/64 dev d0 nodad; ip route add ::/0 via fe80::1 dev d0");
	assert_false(fib_has_default4(0, NULL));
	must("ip route add 10.0.0.0/8 dev d0");
	assert_false(fib_has_default4(0, NULL));
	must("ip route add 0.0.0.0/0 via inet6 fe80::1 dev d0");
	assert_true(fib_has_default4(0, NULL));
	add_vip(f, "192.0.2.1/32"); /* the only address there is */
	assert_true(fib_has_default4(0, NULL));
	must("ip route del 0.0.0.0/0; ip route add unreachable 0.0.0.0/0");
	assert_false(fib_has_default4(0, NULL));
}

/* A bridge is a master too, and no VRF (those: tests/netns/test_vrf.py). */
static void port_of_a_bridge_is_in_no_vrf(void **state)
{
	const struct fixture *f = *state;
	struct iface link;
	char vrf[IF_NAMESIZE] = "before";
	must("ip link add br0 type bridge; ip link set d0 master br0");
	assert_int_equal(iface_read(f->d0, &link), 0);
	assert_int_equal(link.master, if_nametoindex("br0"));
	assert_false(link.is_in_vrf);
	assert_int_equal(iface_vrf(f->d0, vrf), 0);
	assert_string_equal(vrf, "");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_lookup),
		TEST(test_link_local),
		TEST(test_unreachable),
		TEST(test_unnumbered),
		TEST(test_unnumbered_without_tags),
		TEST(test_vips_are_no_sources),
		TEST(test_policy_routing),
		TEST(test_temporary_addresses_are_no_sources),
		TEST(test_gateways_that_are_on_the_link_by_route),
		TEST(test_several_hops),
		TEST(test_interface_address),
		TEST(test_link_local_of_an_interface),
		TEST(test_default_route_of_ipv4),
		TEST(port_of_a_bridge_is_in_no_vrf),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
