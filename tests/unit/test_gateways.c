/* SPDX-License-Identifier: MIT */
/* Each test has a network namespace of its own with d0 (a veth) up; routes are iproute2's. */
#include "net/gateways.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "lib/array.h"
#include "lib/str.h"
#include "tests/unit/own_netns.h"

/* One gateway is enough for a route to name; the objects are made once. */
#define OBJECTS                                                                                    \
	"ip nexthop add id 3 via 10.0.0.3 dev d0; ip nexthop add id 4 via 10.0.0.4 dev d0; "       \
	"ip nexthop add id 1 group 3/4; ip nexthop add id 2 blackhole; "                           \
	"ip nexthop add id 5 via fd00::5 dev d0; ip nexthop add id 6 via fd00::6 dev d0; "         \
	"ip nexthop add id 7 group 5/6; ip nexthop add id 8 dev d0"

/* Routes, then the gateways; NULL: none. All of it is done twice, the second time with
 * net.ipv4.nexthop_compat_mode=0. */
static const struct {
	const char *name, *routes, *gateways;
} cases[] = {
	{ "no default route", "ip route add 10.0.0.8/32 via 10.0.0.7", NULL },
	{ "one", "ip route add default via 10.0.0.1", "10.0.0.1" },
	{ "of two, the lower metric",
	  "ip route add default via 10.0.0.1 metric 20; ip route add default via 10.0.0.2 metric "
	  "10",
	  "10.0.0.2" },
	{ "several hops", "ip route add default nexthop via 10.0.0.3 nexthop via 10.0.0.4",
	  "10.0.0.3 10.0.0.4" },
	{ "the same hop twice", "ip route add default nexthop via 10.0.0.3 nexthop via 10.0.0.3",
	  "10.0.0.3" },
	{ "two routes of one metric",
	  "ip route add default via 10.0.0.3 metric 5; ip route append default via 10.0.0.4 "
	  "metric 5",
	  "10.0.0.3 10.0.0.4" },
	{ "a gateway and a device", "ip route add default nexthop dev d0 nexthop via 10.0.0.4",
	  "10.0.0.4" },
	{ "a device without a gateway", "ip route add default dev d0", NULL },
	{ "a blackhole is not one",
	  "ip route add blackhole default metric 1; ip route add default via 10.0.0.1 metric 5",
	  "10.0.0.1" },
	{ "another table", "ip route add default via 10.0.0.1 table 100", NULL },
	{ "on the link by the route alone", "ip route add default via 192.0.2.1 dev d0 onlink",
	  "192.0.2.1" },
	{ "several on the link by the route alone",
	  "ip route add default nexthop via 192.0.2.1 dev d0 onlink nexthop via 192.0.2.2 dev d0 "
	  "onlink",
	  "192.0.2.1 192.0.2.2" },
	{ "a dead hop",
	  "ip addr add 10.1.0.9/24 dev e0; ip route add default nexthop via 10.1.0.1 nexthop via "
	  "10.0.0.4; ip link set e0 down",
	  "10.0.0.4" },
	{ "a hop without carrier is the last",
	  "ip link set e0 up; ip link set e1 down; ip addr replace 10.1.0.9/24 dev e0; ip route "
	  "add default nexthop via 10.1.0.1 nexthop via 10.0.0.4",
	  "10.0.0.4 10.1.0.1" },
	{ "IPv4 before IPv6",
	  "ip -6 route add default via fd00::1 metric 1; ip route add default via 10.0.0.1 metric "
	  "9",
	  "10.0.0.1" },
	{ "IPv6 alone", "ip -6 route add default via fd00::1", "fd00::1" },
	{ "IPv6 with several hops",
	  "ip -6 route add default nexthop via fd00::3 nexthop via fd00::4", "fd00::3 fd00::4" },
	{ "IPv6 on the link by the route alone",
	  "ip -6 route add default via 2001:db8::1 dev d0 onlink", "2001:db8::1" },
	{ "an IPv6 gateway for IPv4", "ip route add default via inet6 fd00::1", "fd00::1" },
	{ "an object", "ip route add default nhid 3", "10.0.0.3" },
	{ "an object that is a device", "ip route add default nhid 8", NULL },
	{ "a group", "ip route add default nhid 1", "10.0.0.3 10.0.0.4" },
	{ "an object that is a blackhole", "ip route add default nhid 2", NULL },
	{ "an IPv6 object", "ip -6 route add default nhid 5", "fd00::5" },
	{ "an IPv6 group", "ip -6 route add default nhid 7", "fd00::5 fd00::6" },
	{ "an IPv6 object for IPv4", "ip route add default nhid 5", "fd00::5" },
	{ "a group and a route of lower metric",
	  "ip route add default nhid 1 metric 9; ip route add default via 10.0.0.1 metric 8",
	  "10.0.0.1" },
};

static void must(const char *command)
{
	if (shell("%s", command) != 0)
		fail_msg("'%s' failed", command);
}

static int setup(void **state)
{
	(void)state;
	own_netns_enter();
	must("for i in d e; do ip link add ${i}0 type veth peer name ${i}1; ip link set ${i}0 up; "
	     "ip link set ${i}1 up; done");
	must("ip addr add 10.0.0.9/24 dev d0; ip addr add fd00::9/64 dev d0 nodad");
	must(OBJECTS);
	return 0;
}

static void format(const struct gateways *g, char *buf, size_t size)
{
	char text[ADDR_TEXT_MAX];
	struct strbuf sb = strbuf_over(buf, size);
	for (size_t i = 0; i < g->n; i++)
		strbuf_add(&sb, "%s%s", i ? " " : "", addr_format(&g->list[i].addr, text));
}

static void expect(size_t i)
{
	struct gateways g = { 0 };
	struct err err = { "" };
	char buf[200] = "none";
	int r = gateways_find(&g, &err);
	if (r == 0)
		format(&g, buf, sizeof(buf));
	gateways_done(&g);
	if (!cases[i].gateways ? r != -ENOENT : r != 0 || strcmp(buf, cases[i].gateways) != 0)
		fail_msg("%s: %d %s %s", cases[i].name, r, buf, err.text);
}

static void test_find(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		must("for v in -4 -6; do while ip $v route del default; do :; done; ip $v route "
		     "flush exact default table all; done; ip route flush exact 10.0.0.8/32");
		must(cases[i].routes);
		expect(i);
	}
}

/* The kernel then shows the number of the object only. */
static void test_find_without_compat_mode(void **state)
{
	must("echo 0 > /proc/sys/net/ipv4/nexthop_compat_mode");
	test_find(state);
}

static void test_interface(void **state)
{
	(void)state;
	struct gateways g;
	must("ip -6 route add default nexthop via fe80::1 dev d0 nexthop via fe80::1 dev e0");
	assert_int_equal(gateways_find(&g, NULL), 0);
	assert_int_equal(g.n, 2); /* link-local: another router on each link */
	assert_int_not_equal(g.list[0].ifindex, g.list[1].ifindex);
	assert_true(gateways_contain(&g, &g.list[1]));
	assert_false(gateway_equal(&g.list[0], &g.list[1]));
	gateways_done(&g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_find, setup),
		cmocka_unit_test_setup(test_find_without_compat_mode, setup),
		cmocka_unit_test_setup(test_interface, setup),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
