/* SPDX-License-Identifier: MIT */
/* Messages that the kernel's filter lets through, in a network namespace of its own. */
#include "net/hostwatch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/array.h"
#include "tests/unit/loop_until.h"
#include "tests/unit/own_netns.h"

static void must(const char *command)
{
	if (shell("%s", command) != 0)
		fail_msg("'%s' failed", command);
}

struct seen {
	struct hostwatch *watch;
	size_t n;
	bool addresses, wanted;
};

static void count(void *userdata)
{
	struct seen *s = userdata;
	s->n++;
}

static bool is_told(void *userdata)
{
	struct seen *s = userdata;
	s->addresses = hostwatch_addresses_changed(s->watch) || s->addresses;
	return s->n > 0 && (s->addresses || !s->wanted);
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
	{ "a route", "ip route add 203.0.113.0/24 dev lo", true, false },
	{ "a next-hop object", "ip nexthop add id 1 dev lo", true, false },
	{ "a next-hop object changes", "ip nexthop replace id 1 blackhole", true, false },
	/* The kernel reports these a moment later. */
	{ "the host's own IPv6 address on lo", "ip addr add fd00::1/128 dev lo nodad", true, true },
	{ "which goes, too", "ip addr del fd00::1/128 dev lo", true, true },
	{ "a link", "ip link add d0 type veth peer name d1; ip link set d0 up", true, true },
	{ "an address of an interface", "ip addr add 10.0.0.2/24 dev d0", true, true },
	{ "a rule", "ip rule add from 10.0.0.2 lookup 7", true, false },
	{ "which goes, too", "ip rule del from 10.0.0.2 lookup 7", true, false },
	{ "a rule of IPv6", "ip -6 rule add from fd00::/16 lookup 1", true, false },
};

static void expect(sd_event *loop, struct seen *s, size_t i)
{
	s->n = 0;
	s->addresses = false;
	s->wanted = cases[i].addresses;
	must(cases[i].command);
	if (cases[i].told)
		loop_until(loop, is_told, s);
	hostwatch_catch_up(s->watch);
	is_told(s);
	if ((s->n > 0) != cases[i].told || s->addresses != cases[i].addresses)
		fail_msg("%s: told %zu times", cases[i].name, s->n);
}

static void test_filter(void **state)
{
	(void)state;
	struct seen s = { 0 };
	sd_event *loop;
	own_netns_enter();
	assert_true(sd_event_new(&loop) >= 0);
	assert_int_equal(hostwatch_new(loop, count, &s, &s.watch, NULL), 0);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		expect(loop, &s, i);
	hostwatch_free(s.watch);
	sd_event_unref(loop);
}

static bool is_told_twice(void *userdata)
{
	return ((const struct seen *)userdata)->n == 2;
}

/* Its only message may come before the kernel answers by it. */
static void test_an_address_is_told_again(void **state)
{
	(void)state;
	struct seen s = { 0 };
	sd_event *loop;
	own_netns_enter();
	must("ip addr add 10.0.0.1/32 dev lo");
	assert_true(sd_event_new(&loop) >= 0);
	assert_int_equal(hostwatch_new(loop, count, &s, &s.watch, NULL), 0);
	must("ip addr del 10.0.0.1/32 dev lo");
	loop_until(loop, is_told_twice, &s);
	hostwatch_catch_up(s.watch);
	assert_int_equal(s.n, 2); /* and that was it */
	hostwatch_free(s.watch);
	sd_event_unref(loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_filter),
		cmocka_unit_test(test_an_address_is_told_again),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
