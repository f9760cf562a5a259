/* SPDX-License-Identifier: MIT */
/*
 * Router identifier, gateway and NAT targets, in network namespaces of their own. d0 (a veth) is
 * the way to the router; addresses and routes are iproute2's.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "agent/vip/host_addresses.h"
#include "lib/array.h"
#include "lib/log.h"
#include "tests/unit/captured_log.h"
#include "tests/unit/own_netns.h"

struct bed {
	struct bgp_peer_config peers[2];
	struct config config;
	struct host_addresses h;
	struct err err;
};

static void must(const char *command)
{
	if (shell("%s", command) != 0)
		fail_msg("'%s' failed", command);
}

static struct addr addr_of(const char *text)
{
	struct addr a;
	assert_int_equal(addr_parse(text, &a), 0);
	return a;
}

static void expect_addr(const struct addr *a, const char *want)
{
	char buf[ADDR_TEXT_MAX];
	assert_string_equal(addr_is_set(a) ? addr_format(a, buf) : "none", want);
}

static int setup(void **state)
{
	static struct bed b;
	own_netns_enter();
	must("ip link add d0 type veth peer name d1; ip link set d0 up; ip link set d1 up");
	must("ip addr add 10.0.0.2/24 dev d0; ip addr add 2001:db8::2/64 dev d0 nodad");
	log_setup(LOG_ERROR, LOG_TEXT);
	memset(&b, 0, sizeof(b));
	b.peers[0] = (struct bgp_peer_config){ .addr = addr_of("10.0.0.1"), .peer_as = 2 };
	b.config.bgp = (struct bgp_config){ .local_as = 1, .peers = b.peers, .n_peers = 1 };
	*state = &b;
	return 0;
}

static int teardown(void **state)
{
	struct bed *b = *state;
	host_addresses_done(&b->h);
	return 0;
}

static int find(struct bed *b)
{
	return host_addresses_find(&b->config, &b->h, &b->err);
}

static void found(struct bed *b)
{
	if (find(b) < 0)
		fail_msg("%s", b->err.text);
}

static void expect_router_id(struct bed *b, const char *want)
{
	struct addr a = addr_v4(b->h.bgp.router_id);
	expect_addr(&a, want);
}

static void router_id_is_the_source_towards_the_peer(void **state)
{
	struct bed *b = *state;
	found(b);
	expect_router_id(b, "10.0.0.2");
}

static void a_configured_router_id_stays(void **state)
{
	struct bed *b = *state;
	b->config.bgp.router_id = 0x01020304;
	found(b);
	expect_router_id(b, "1.2.3.4");
}

static void router_id_of_an_ipv6_peer_is_of_the_same_interface(void **state)
{
	struct bed *b = *state;
	b->peers[0].addr = addr_of("2001:db8::1");
	found(b);
	expect_router_id(b, "10.0.0.2");
}

static void local_ip_is_the_router_id_unless_it_is_a_vip(void **state)
{
	struct bed *b = *state;
	struct prefix vip;
	struct app_spec app = { .vips = &vip, .n_vips = 1 };
	b->peers[0].local_ip = addr_of("192.0.2.7");
	found(b);
	expect_router_id(b, "192.0.2.7");
	host_addresses_done(&b->h);
	assert_int_equal(prefix_parse("192.0.2.0/24", &vip, NULL), 0);
	b->config.apps = &app;
	b->config.n_apps = 1;
	found(b);
	expect_router_id(b, "10.0.0.2");
}

static uint32_t router_id_with_mac(struct bed *b, const char *mac)
{
	if (shell("ip link set d0 address %s", mac) != 0)
		fail_msg("cannot set %s", mac);
	host_addresses_done(&b->h);
	found(b);
	return b->h.bgp.router_id;
}

/* Also where the host has no machine-id, as in a container. */
static void without_an_address_the_router_id_is_derived(void **state)
{
	struct bed *b = *state;
	must("ip addr flush dev d0");
	b->peers[0].addr = addr_of("fe80::1");
	strcpy(b->peers[0].ifname, "d0");
	uint32_t one = router_id_with_mac(b, "02:00:00:00:00:01");
	assert_int_not_equal(one, 0);
	assert_int_not_equal(router_id_with_mac(b, "02:00:00:00:00:02"), one);
	assert_int_equal(router_id_with_mac(b, "02:00:00:00:00:01"), one);
}

/* Of the interface that comes later, the MAC address is not known yet: the log says that the id
 * will not stay, and nothing of the kind where it does. */
static void an_interface_that_is_missing_makes_another_router_id(void **state)
{
	struct bed *b = *state;
	static struct captured_log lines;
	must("ip addr flush dev d0; ip link set d1 address 02:00:00:00:00:09");
	for (size_t i = 0; i < 2; i++)
		b->peers[i] = (struct bgp_peer_config){ .unnumbered = true, .peer_as = 2 };
	strcpy(b->peers[0].ifname, "d9");
	strcpy(b->peers[1].ifname, "d0");
	b->config.bgp.n_peers = 2;
	log_setup(LOG_WARNING, LOG_TEXT);
	captured_log_begin(&lines);
	uint32_t without = router_id_with_mac(b, "02:00:00:00:00:01");
	captured_log_expect(&lines,
			    "WARN  bgp: the interface to peer d9 does not exist or is not known "
			    "yet: the router id is derived without its MAC address and may differ "
			    "after the next start; set bgp.router_id\n"
			    "WARN  bgp: peer d9: no interface d9; connecting anyway\n");
	/* Before Linux 6.2, one that is up keeps its name. */
	must("ip link set d1 down; ip link set d1 name d9; ip link set d9 up");
	assert_int_not_equal(router_id_with_mac(b, "02:00:00:00:00:01"), without);
	captured_log_expect(&lines, "");
	/* The second one is not looked at. */
	strcpy(b->peers[1].ifname, "d8");
	uint32_t with = router_id_with_mac(b, "02:00:00:00:00:01");
	captured_log_expect(&lines, "WARN  bgp: peer d8: no interface d8; connecting anyway\n");
	assert_int_equal(router_id_with_mac(b, "02:00:00:00:00:02"), with);
	captured_log_end(&lines);
}

/* Its address is learnt later; the interface is all that there is. */
static void a_peer_by_its_interface_is_not_the_gateway(void **state)
{
	struct bed *b = *state;
	b->peers[0] = (struct bgp_peer_config){ .ifname = "d0", .unnumbered = true, .peer_as = 2 };
	found(b);
	assert_true(b->h.peers && !addr_is_set(&b->h.peers[0].addr));
	expect_router_id(b, "10.0.0.2");
	struct addr own;
	assert_int_equal(host_addresses_own(&b->h, AF_INET, &own, &b->err), 0);
	expect_addr(&own, "10.0.0.2");
	host_addresses_done(&b->h);
	strcpy(b->peers[0].ifname, "d9");
	found(b); /* one that is not there (yet) is not a reason not to start */
}

static void the_default_gateway_is_the_peer_where_none_is_configured(void **state)
{
	struct bed *b = *state;
	b->peers[0].addr = (struct addr){ 0 };
	assert_int_equal(find(b), -ENOENT);
	assert_non_null(strstr(b->err.text, "set bgp.peers"));
	must("ip route add default via 10.0.0.9");
	b->config.gateway_family = AF_INET6;
	assert_int_equal(find(b), -EAFNOSUPPORT);
	b->config.gateway_family = AF_INET;
	found(b);
	expect_addr(&b->h.peers[0].addr, "10.0.0.9");
	expect_addr(&b->h.gateway.addr, "10.0.0.9");
	/* The configuration is not changed. */
	assert_false(addr_is_set(&b->config.bgp.peers[0].addr));
}

static void a_link_local_gateway_gets_its_interface(void **state)
{
	struct bed *b = *state;
	b->peers[0].addr = (struct addr){ 0 };
	must("ip -6 route add default via fe80::1 dev d0");
	found(b);
	expect_addr(&b->h.peers[0].addr, "fe80::1");
	assert_string_equal(b->h.peers[0].ifname, "d0");
}

static void expect_own(struct bed *b, uint8_t family, const char *want)
{
	struct addr own = { 0 };
	int rc = host_addresses_own(&b->h, family, &own, &b->err);
	assert_int_equal(rc, addr_is_set(&own) ? 0 : -EADDRNOTAVAIL);
	expect_addr(&own, want);
}

static void nat_target_is_configured_or_towards_the_peer(void **state)
{
	static const struct {
		const char *local_ip, *local_ip6, *want4, *want6;
	} cases[] = {
		{ NULL, NULL, "10.0.0.2", "2001:db8::2" },
		{ "10.0.0.3", NULL, "10.0.0.3", "2001:db8::2" },
		{ NULL, "2001:db8::3", "10.0.0.2", "2001:db8::3" },
		{ "2001:db8::3", NULL, "10.0.0.2", "2001:db8::3" },
		{ "10.0.0.77", NULL, "none", "2001:db8::2" }, /* not of this host */
	};
	struct bed *b = *state;
	must("ip addr add 10.0.0.3/24 dev d0; ip addr add 2001:db8::3/128 dev lo nodad");
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct bgp_peer_config *p = &b->peers[0];
		p->local_ip = cases[i].local_ip ? addr_of(cases[i].local_ip) : (struct addr){ 0 };
		p->local_ip6 =
			cases[i].local_ip6 ? addr_of(cases[i].local_ip6) : (struct addr){ 0 };
		found(b);
		expect_own(b, AF_INET, cases[i].want4);
		expect_own(b, AF_INET6, cases[i].want6);
		host_addresses_done(&b->h);
	}
}

static void a_nat_target_that_is_missing_is_named(void **state)
{
	struct bed *b = *state;
	b->peers[0].local_ip = addr_of("10.0.0.77");
	found(b);
	expect_own(b, AF_INET, "none");
	assert_string_equal(b->err.text, "target 10.0.0.77 is no longer assigned to this host");
	must("ip addr flush dev d0 scope global; ip addr add 10.0.0.2/24 dev d0");
	expect_own(b, AF_INET6, "none");
	assert_non_null(strstr(b->err.text, "set bgp.local_ip6"));
}

static void a_nat_target_stays_while_the_host_has_it(void **state)
{
	struct bed *b = *state;
	struct host_address_change change;
	found(b);
	expect_own(b, AF_INET, "10.0.0.2");
	must("ip addr add 10.0.0.3/24 dev d0");
	host_addresses_update(&b->h, &change);
	assert_false(change.own[0] || change.own[1]);
	must("ip addr del 10.0.0.2/24 dev d0; ip addr replace 10.0.0.3/24 dev d0");
	host_addresses_update(&b->h, &change);
	assert_true(change.own[0]);
	assert_false(change.own[1]); /* not asked for */
	expect_own(b, AF_INET, "10.0.0.3");
	must("ip addr flush dev d0 scope global");
	host_addresses_update(&b->h, &change);
	assert_true(change.own[0]);
	expect_own(b, AF_INET, "none");
	/* The next one is found by NAT's own retry: an update still tells of it. */
	must("ip addr add 10.0.0.4/24 dev d0");
	expect_own(b, AF_INET, "10.0.0.4");
	host_addresses_update(&b->h, &change);
	assert_true(change.own[0]);
	host_addresses_update(&b->h, &change);
	assert_false(change.own[0]);
}

static void a_vip_may_not_cover_what_leads_to_a_peer(void **state)
{
	static const struct {
		const char *vip;
		int want;
	} cases[] = {
		{ "10.0.0.1/32", -EEXIST },     { "10.0.0.2/32", -EEXIST },
		{ "10.0.0.0/24", -EEXIST },     { "10.0.0.8/32", 0 },
		{ "198.51.100.9/32", -EEXIST }, { "192.0.2.1/32", 0 },
	};
	struct bed *b = *state;
	struct prefix vip;
	must("ip route add 198.51.100.0/24 via 10.0.0.1");
	b->peers[1] =
		(struct bgp_peer_config){ .addr = addr_of("198.51.100.9"), .multi_hop = true };
	b->config.bgp.n_peers = 2;
	found(b);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(prefix_parse(cases[i].vip, &vip, NULL), 0);
		if (host_addresses_check_vip(&b->h, &vip, &b->err) != cases[i].want)
			fail_msg("%s: expected %d", cases[i].vip, cases[i].want);
	}
}

static void an_update_tells_of_paths_and_of_the_gateway(void **state)
{
	struct bed *b = *state;
	struct host_address_change change;
	b->peers[0].addr = (struct addr){ 0 };
	must("ip route add default via 10.0.0.9");
	found(b);
	host_addresses_update(&b->h, &change);
	assert_false(change.vital || addr_is_set(&change.gateway));
	must("ip route replace default via 10.0.0.8");
	host_addresses_update(&b->h, &change);
	expect_addr(&change.gateway, "10.0.0.8");
	host_addresses_update(&b->h, &change);
	assert_false(addr_is_set(&change.gateway));
	/* Another source towards the peer. */
	must("ip addr add 10.0.0.3/24 dev d0; ip addr del 10.0.0.2/24 dev d0");
	must("ip addr replace 10.0.0.3/24 dev d0");
	host_addresses_update(&b->h, &change);
	assert_true(change.vital);
}

static void expect_gateways(struct bed *b, const char *want)
{
	char buf[GATEWAYS_TEXT_MAX] = "";
	struct strbuf text = strbuf_over(buf, sizeof(buf));
	assert_int_equal(host_addresses_explain_gateways(&b->h, &text), want[0] != 0);
	if (!strstr(buf, want))
		fail_msg("'%s' lacks '%s'", buf, want);
}

static void one_of_several_gateways_is_the_peer(void **state)
{
	struct bed *b = *state;
	struct host_address_change change;
	b->peers[0].addr = (struct addr){ 0 };
	must("ip route add default nexthop via 10.0.0.7 nexthop via 10.0.0.8");
	found(b);
	expect_gateways(b, "default gateway 10.0.0.7 is the peer, other default gateways get");
	expect_gateways(b, ": 10.0.0.8 on d0");
	/* Another order is not a change, and the peer is still a gateway. */
	must("ip route replace default nexthop via 10.0.0.8 nexthop via 10.0.0.7");
	host_addresses_update(&b->h, &change);
	assert_false(change.gateways || addr_is_set(&change.gateway));
	must("ip route replace default via 10.0.0.7");
	host_addresses_update(&b->h, &change);
	assert_true(change.gateways);
	expect_gateways(b, "");
	must("ip route replace default nexthop via 10.0.0.9 nexthop via 10.0.0.7");
	host_addresses_update(&b->h, &change);
	assert_true(change.gateways);
	assert_false(addr_is_set(&change.gateway));
	expect_gateways(b, ": 10.0.0.9 on d0");
	must("ip route replace default via 10.0.0.9");
	host_addresses_update(&b->h, &change);
	expect_addr(&change.gateway, "10.0.0.9");
	expect_gateways(b, "");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(router_id_is_the_source_towards_the_peer),
		TEST(a_configured_router_id_stays),
		TEST(router_id_of_an_ipv6_peer_is_of_the_same_interface),
		TEST(local_ip_is_the_router_id_unless_it_is_a_vip),
		TEST(without_an_address_the_router_id_is_derived),
		TEST(an_interface_that_is_missing_makes_another_router_id),
		TEST(a_peer_by_its_interface_is_not_the_gateway),
		TEST(the_default_gateway_is_the_peer_where_none_is_configured),
		TEST(a_link_local_gateway_gets_its_interface),
		TEST(nat_target_is_configured_or_towards_the_peer),
		TEST(a_nat_target_that_is_missing_is_named),
		TEST(a_nat_target_stays_while_the_host_has_it),
		TEST(a_vip_may_not_cover_what_leads_to_a_peer),
		TEST(one_of_several_gateways_is_the_peer),
		TEST(an_update_tells_of_paths_and_of_the_gateway),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
