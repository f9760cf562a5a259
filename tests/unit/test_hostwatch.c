/* SPDX-License-Identifier: MIT */
/* What the kernel's filter lets through, in a network namespace of its own. */
#include "net/hostwatch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/array.h"
#include "tests/unit/own_netns.h"

static void must(const char *command)
{
	if (shell("%s", command) != 0)
		fail_msg("'%s' failed", command);
}

static void count(void *userdata)
{
	++*(size_t *)userdata;
}

static const struct {
	const char *name, *command;
	bool told, addresses;
} cases[] = {
	{ "an IPv4 VIP", "ip addr add 192.0.2.1/32 dev lo scope host", false, false },
	{ "an IPv4 VIP goes", "ip addr del 192.0.2.1/32 dev lo", false, false },
	{ "an IPv6 VIP",
	  "ip addr add 2001:db8::1/128 dev lo nodad noprefixroute valid_lft forever preferred_lft "
	  "0",
	  false, false },
	{ "an IPv6 VIP goes", "ip addr del 2001:db8::1/128 dev lo", false, false },
	{ "a VIP's local route", "ip route add local 198.51.100.0/24 dev lo table local proto 118",
	  false, false },
	{ "lo as a link", "ip link set lo mtu 1400", false, false },
	{ "the host's own IPv4 address on lo", "ip addr add 10.0.0.1/32 dev lo", true, true },
	{ "which goes", "ip addr del 10.0.0.1/32 dev lo", true, true },
	{ "the host's own IPv6 address on lo", "ip addr add fd00::1/128 dev lo nodad", true, true },
	{ "which goes, too", "ip addr del fd00::1/128 dev lo", true, true },
	{ "an address of an interface", "ip addr add 10.0.0.2/24 dev d0", true, true },
	{ "a route", "ip route add 203.0.113.0/24 via 10.0.0.1", true, false },
	{ "a next-hop object", "ip nexthop add id 1 via 10.0.0.1 dev d0", true, false },
	{ "a next-hop object changes", "ip nexthop replace id 1 via 10.0.0.3 dev d0", true, false },
	{ "a link", "ip link set d0 down", true, true },
};

static void test_filter(void **state)
{
	(void)state;
	struct hostwatch *w;
	sd_event *loop;
	size_t n = 0;
	own_netns_enter();
	must("ip link add d0 type veth peer name d1; ip link set d0 up; ip link set d1 up");
	must("ip link set d0 addrgenmode none; ip link set d1 addrgenmode none");
	assert_true(sd_event_new(&loop) >= 0);
	assert_int_equal(hostwatch_new(loop, count, &n, &w, NULL), 0);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		hostwatch_catch_up(w);
		hostwatch_addresses_changed(w);
		n = 0;
		must(cases[i].command);
		hostwatch_catch_up(w);
		if ((n == 1) != cases[i].told ||
		    hostwatch_addresses_changed(w) != cases[i].addresses)
			fail_msg("%s: told %zu times", cases[i].name, n);
	}
	hostwatch_free(w);
	sd_event_unref(loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_filter) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
