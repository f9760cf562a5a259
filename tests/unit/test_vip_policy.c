/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/model/app_spec_parse.h"
#include "agent/model/community.h"
#include "agent/model/vip_policy.h"
#include "lib/array.h"
#include "lib/mem.h"

#define NONE                                                                                       \
	{                                                                                          \
		NULL                                                                               \
	}
#define LIST(...)                                                                                  \
	{                                                                                          \
		__VA_ARGS__, NULL                                                                  \
	}
#define ALLOW_MAX 4

enum { OK, WARNS, REFUSED };

static struct prefix prefix(const char *text)
{
	struct prefix p;
	struct err err = { "" };
	if (prefix_parse(text, &p, &err) < 0)
		fail_msg("%s", err.text);
	return p;
}

/* Host bits may be set. */
static struct vip_host_net net(const char *address, uint8_t len, const char *ifname)
{
	struct vip_host_net n = { .prefix.len = len };
	assert_int_equal(addr_parse(address, &n.prefix.addr), 0);
	snprintf(n.ifname, sizeof(n.ifname), "%s", ifname);
	return n;
}

static struct addr addr(const char *text)
{
	struct addr a;
	assert_int_equal(addr_parse(text, &a), 0);
	return a;
}

static const struct {
	const char *label, *vip;
	const char *allow[ALLOW_MAX];
	int result;
	const char *text; /* part of the refusal or the warning */
} cases[] = {
	{ "a host route", "192.0.2.53/32", NONE, OK, "" },
	{ "one of IPv6", "2001:db8:53::53/128", NONE, OK, "" },
	{ "a private one", "10.53.0.1/32", NONE, OK, "" },
	{ "a unique local one", "fd53::53/128", NONE, OK, "" },
	{ "a documentation net is not a host route", "198.51.100.0/24", NONE, REFUSED,
	  "not a host route (/32)" },
	{ "a wide one of IPv6", "2000::/3", NONE, REFUSED, "agent.vips.allow" },
	{ "an address of an interface", "10.0.1.2/32", NONE, REFUSED,
	  "covers 10.0.1.2, an address of interface eth0" },
	{ "the second one of it", "172.20.0.9/32", NONE, REFUSED, "an address of interface eth0" },
	{ "one of lo", "10.255.0.1/32", NONE, REFUSED, "an address of interface lo" },
	{ "one of IPv6", "2001:db8:1::2/128", NONE, REFUSED, "an address of interface eth0" },
	{ "the default gateway", "10.0.1.1/32", NONE, REFUSED, "the next hop of a route" },
	{ "another next hop", "172.20.0.254/32", NONE, REFUSED, "the next hop of a route" },
	{ "the network address", "10.0.1.0/32", NONE, REFUSED, "network or broadcast address" },
	{ "the broadcast address", "10.0.1.255/32", NONE, REFUSED, "network or broadcast" },
	{ "the subnet-router anycast address", "2001:db8:1::/128", NONE, REFUSED,
	  "network or broadcast address" },
	{ "not the last one of IPv6", "2001:db8:1:0:ffff:ffff:ffff:ffff/128", NONE, WARNS,
	  "neighbours look for it" },
	{ "a link of two has neither", "10.9.9.1/32", NONE, WARNS, "inside 10.9.9.0/31" },
	{ "the first one of a connected route", "10.66.0.0/32", NONE, REFUSED,
	  "network or broadcast address of interface" },
	{ "the last one of it", "10.66.0.255/32", NONE, REFUSED, "network or broadcast address" },
	{ "one in it", "10.66.0.1/32", NONE, WARNS, "inside 10.66.0.0/24" },
	{ "Consul", "10.77.0.5/32", NONE, REFUSED, "the address of Consul" },
	{ "a free one of the subnet", "10.0.1.77/32", NONE, WARNS, "inside 10.0.1.0/24" },
	{ "a container's route", "10.88.0.5/32", NONE, REFUSED, "connected to interface cali1" },
	{ "metadata, 100.64/10", "100.100.100.200/32", NONE, REFUSED, "metadata service" },
	{ "metadata, Azure", "168.63.129.16/32", NONE, REFUSED, "metadata service" },
	{ "metadata, IPv6", "fd00:ec2::254/128", NONE, REFUSED, "metadata service" },
	{ "shared address space else", "100.64.0.1/32", NONE, OK, "" },
	{ "0/8", "0.1.2.3/32", NONE, REFUSED, "0.0.0.0/8" },
	{ "240/4", "250.0.0.1/32", NONE, REFUSED, "not allocated" },
	{ "a 6to4 relay", "192.88.99.1/32", NONE, REFUSED, "6to4" },
	{ "6to4", "2002:c000:201::1/128", NONE, REFUSED, "6to4" },
	{ "Teredo", "2001::1/128", NONE, REFUSED, "Teredo" },
	{ "NAT64", "64:ff9b::c000:201/128", NONE, REFUSED, "NAT64" },
	{ "local NAT64", "64:ff9b:1::1/128", NONE, REFUSED, "NAT64" },
	{ "unallocated IPv6", "4000::1/128", NONE, REFUSED, "allocated" },
	/* The ends of each range. */
	{ "0/8, last", "0.255.255.255/32", NONE, REFUSED, "0.0.0.0/8" },
	{ "behind 0/8", "1.0.0.0/32", NONE, OK, "" },
	{ "192.0.0/24, first", "192.0.0.0/32", NONE, REFUSED, "protocols" },
	{ "192.0.0/24, last", "192.0.0.255/32", NONE, REFUSED, "protocols" },
	{ "before it", "191.255.255.255/32", NONE, OK, "" },
	{ "behind it", "192.0.1.0/32", NONE, OK, "" },
	{ "metadata in it", "192.0.0.192/32", NONE, REFUSED, "metadata service" },
	{ "before metadata", "192.0.0.191/32", NONE, REFUSED, "protocols" },
	{ "behind metadata", "192.0.0.193/32", NONE, REFUSED, "protocols" },
	{ "before Alibaba's", "100.100.100.199/32", NONE, OK, "" },
	{ "behind Alibaba's", "100.100.100.201/32", NONE, OK, "" },
	{ "before Azure's", "168.63.129.15/32", NONE, OK, "" },
	{ "behind Azure's", "168.63.129.17/32", NONE, OK, "" },
	{ "6to4 relays, first", "192.88.99.0/32", NONE, REFUSED, "6to4" },
	{ "6to4 relays, last", "192.88.99.255/32", NONE, REFUSED, "6to4" },
	{ "before the relays", "192.88.98.255/32", NONE, OK, "" },
	{ "behind the relays", "192.88.100.0/32", NONE, OK, "" },
	{ "240/4, first", "240.0.0.0/32", NONE, REFUSED, "not allocated" },
	{ "240/4, last", "255.255.255.254/32", NONE, REFUSED, "not allocated" },
	{ "the /64 of metadata, last", "fd00:ec2::ffff:ffff:ffff:ffff/128", NONE, REFUSED,
	  "metadata service" },
	{ "behind that /64", "fd00:ec2:0:1::/128", NONE, OK, "" },
	{ "before that /64", "fd00:ec1:ffff:ffff:ffff:ffff:ffff:ffff/128", NONE, OK, "" },
	{ "Google's", "fd20:ce::54/128", NONE, REFUSED, "metadata service" },
	{ "behind Google's", "fd20:ce::55/128", NONE, OK, "" },
	{ "before Google's", "fd20:ce::53/128", NONE, OK, "" },
	{ "Google's second", "fd20:ce::254/128", NONE, REFUSED, "metadata service" },
	{ "behind Google's second", "fd20:ce::255/128", NONE, OK, "" },
	{ "IPv4-mapped, first", "::ffff:0.0.0.0/128", NONE, REFUSED, "IPv4-mapped" },
	{ "IPv4-mapped, last", "::ffff:255.255.255.255/128", NONE, REFUSED, "IPv4-mapped" },
	{ "before IPv4-mapped", "::fffe:ffff:ffff/128", NONE, REFUSED, "allocated" },
	{ "NAT64, last", "64:ff9b::ffff:ffff/128", NONE, REFUSED, "RFC 6052" },
	{ "behind NAT64", "64:ff9b::1:0:0/128", NONE, REFUSED, "allocated" },
	{ "local NAT64, last", "64:ff9b:1:ffff:ffff:ffff:ffff:ffff/128", NONE, REFUSED,
	  "RFC 8215" },
	{ "behind local NAT64", "64:ff9b:2::/128", NONE, REFUSED, "allocated" },
	{ "6to4, last", "2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128", NONE, REFUSED, "of 6to4" },
	{ "behind 6to4", "2003::/128", NONE, OK, "" },
	{ "before 6to4", "2001:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128", NONE, OK, "" },
	{ "Teredo, last", "2001:0:ffff:ffff:ffff:ffff:ffff:ffff/128", NONE, REFUSED, "Teredo" },
	{ "behind Teredo", "2001:1::/128", NONE, OK, "" },
	{ "before Teredo", "2000:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128", NONE, OK, "" },
	{ "the first of 2000::/3", "2000::/128", NONE, OK, "" },
	{ "the last of 2000::/3", "3fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128", NONE, OK, "" },
	{ "before 2000::/3", "1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128", NONE, REFUSED,
	  "allocated" },
	{ "behind 2000::/3", "4000::/128", NONE, REFUSED, "allocated" },
	{ "the first of fc00::/7", "fc00::/128", NONE, OK, "" },
	{ "the last of fc00::/7", "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128", NONE, OK, "" },
	{ "before fc00::/7", "fbff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128", NONE, REFUSED,
	  "allocated" },
	{ "unallocated, but listed", "4000::1/128", LIST("4000::/64"), OK, "" },
	/* With a list. */
	{ "listed", "192.0.2.53/32", LIST("192.0.2.0/24"), OK, "" },
	{ "not listed", "198.51.100.1/32", LIST("192.0.2.0/24"), REFUSED,
	  "not in agent.vips.allow" },
	{ "of the other family", "2001:db8:53::53/128", LIST("192.0.2.0/24"), REFUSED,
	  "not in agent.vips.allow" },
	{ "a listed net", "198.51.100.0/24", LIST("198.51.100.0/24"), OK, "" },
	{ "a part of one", "198.51.100.128/25", LIST("198.51.100.0/24"), OK, "" },
	{ "as wide as it may be", "198.18.4.0/24", LIST("198.18.0.0/15"), OK, "" },
	{ "as wide as it may be, IPv6", "2001:db8:7::/48", LIST("2001:db8::/32"), OK, "" },
	{ "too wide, IPv6", "2001:db8:6::/47", LIST("2001:db8::/32"), REFUSED, "wider than /48" },
	{ "too wide", "198.18.0.0/16", LIST("198.18.0.0/15"), REFUSED, "agent.vips.min_length" },
	{ "named", "198.18.0.0/16", LIST("198.18.0.0/15", "198.18.0.0/16"), OK, "" },
	{ "wider than the entry", "192.0.2.0/24", LIST("192.0.2.0/25"), REFUSED,
	  "not in agent.vips.allow" },
	{ "a net means no address of an interface", "10.0.1.2/32", LIST("10.0.0.0/8"), REFUSED,
	  "add '10.0.1.2/32' itself to agent.vips.allow" },
	{ "named, an address of an interface", "10.0.1.2/32", LIST("10.0.1.2/32"), OK, "" },
	{ "a net means no gateway", "10.0.1.1/32", LIST("10.0.0.0/8"), REFUSED, "next hop" },
	{ "a connected net", "10.0.1.0/24", LIST("10.0.0.0/8"), REFUSED, "covers 10.0.1.2" },
	{ "a connected net without an address", "10.66.0.0/24", LIST("10.0.0.0/8"), REFUSED,
	  "covers 10.66.0.0/24, which is connected to interface eth1" },
	{ "what contains one", "10.66.0.0/16", LIST("10.66.0.0/16", "10.0.0.0/8"), OK, "" },
	{ "what contains one, not named", "10.66.0.0/23", LIST("10.0.0.0/8"), REFUSED,
	  "which is connected to interface eth1" },
	{ "what cuts the first one", "10.0.1.128/25", LIST("10.0.0.0/8"), REFUSED,
	  "is a part of 10.0.1.0/24" },
	{ "what cuts one", "10.66.0.128/25", LIST("10.0.0.0/8"), REFUSED,
	  "is a part of 10.66.0.0/24" },
	{ "everything means no special range", "0.1.2.3/32", LIST("0.0.0.0/0"), REFUSED,
	  "0.0.0.0/8" },
	{ "an entry of a special range", "192.88.99.7/32", LIST("192.88.99.0/24"), OK, "" },
	{ "everything", "203.0.113.7/32", LIST("0.0.0.0/0"), OK, "" },
};

static struct vip_host_net addresses[6], connected[6];
static struct addr next_hops[2];
static struct vip_host host;

static int make_host(void **state)
{
	(void)state;
	addresses[0] = net("10.0.1.2", 24, "eth0");
	addresses[1] = net("172.20.0.9", 24, "eth0");
	addresses[2] = net("2001:db8:1::2", 64, "eth0");
	addresses[3] = net("10.9.9.0", 31, "ptp0");
	addresses[4] = net("10.255.0.1", 32, "lo");
	addresses[5] = net("fd00::9", 128, "eth0");
	connected[0] = net("10.0.1.0", 24, "eth0");
	connected[1] = net("172.20.0.0", 24, "eth0");
	connected[2] = net("2001:db8:1::", 64, "eth0");
	connected[3] = net("10.9.9.0", 31, "ptp0");
	connected[4] = net("10.66.0.0", 24, "eth1");
	connected[5] = net("10.88.0.5", 32, "cali1");
	next_hops[0] = addr("10.0.1.1");
	next_hops[1] = addr("172.20.0.254");
	host = (struct vip_host){ .addresses = addresses,
				  .n_addresses = ARRAY_SIZE(addresses),
				  .connected = connected,
				  .n_connected = ARRAY_SIZE(connected),
				  .next_hops = next_hops,
				  .n_next_hops = ARRAY_SIZE(next_hops),
				  .consul = addr("10.77.0.5") };
	return 0;
}

static struct vip_policy policy_of(const char *const allow[], struct prefix list[ALLOW_MAX])
{
	struct vip_policy policy = { .min_length = { 24, 48 } };
	size_t n = 0;
	for (; n < ALLOW_MAX && allow[n]; n++) {
		list[n] = (struct prefix){ 0 };
		if (!strcmp(allow[n], "0.0.0.0/0"))
			list[n] = (struct prefix){ .addr = addr("0.0.0.0") };
		else
			list[n] = prefix(allow[n]);
	}
	policy.allow = (struct prefix_list){ list, n };
	return policy;
}

static void test_vips(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct prefix list[ALLOW_MAX], vip = prefix(cases[i].vip);
		struct vip_policy policy = policy_of(cases[i].allow, list);
		struct app_spec spec = { .source = APP_FROM_HTTP, .vips = &vip, .n_vips = 1 };
		struct err err = { "" }, warning = { "" };
		int r = vip_policy_check(&policy, &host, &spec, 0, &err, &warning);
		int result = r < 0 ? REFUSED : warning.text[0] ? WARNS : OK;
		if (result != cases[i].result)
			fail_msg("%s: %d %s%s", cases[i].label, r, err.text, warning.text);
		if (r < 0) {
			assert_int_equal(r, -EACCES);
			assert_non_null(strstr(err.text, cases[i].vip));
			assert_non_null(strstr(err.text, "agent.vips."));
		}
		if (!strstr(r < 0 ? err.text : warning.text, cases[i].text))
			fail_msg("%s: %s%s", cases[i].label, err.text, warning.text);
		/* Consul's tags are bound as well, the configuration is not unless it says so. */
		spec.source = APP_FROM_CONSUL;
		assert_int_equal(vip_policy_check(&policy, &host, &spec, 0, &err, &warning), r);
		spec.source = APP_FROM_CONFIG;
		assert_int_equal(vip_policy_check(&policy, &host, &spec, 0, &err, &warning), 0);
		policy.strict = true;
		assert_int_equal(vip_policy_check(&policy, &host, &spec, 0, &err, &warning), r);
	}
}

static void test_number(void **state)
{
	(void)state;
	struct prefix vips[] = { prefix("192.0.2.1/32"), prefix("192.0.2.2/32") };
	struct app_spec spec = { .source = APP_FROM_HTTP, .vips = vips, .n_vips = 2 };
	struct vip_policy policy = { .max = 5 };
	struct err err = { "" }, warning = { "" };
	assert_int_equal(vip_policy_check(&policy, &host, &spec, 3, &err, &warning), 0);
	assert_int_equal(vip_policy_check(&policy, &host, &spec, 4, &err, &warning), -EACCES);
	assert_non_null(strstr(err.text, "6 VIPs"));
	assert_non_null(strstr(err.text, "agent.vips.max"));
}

static void test_communities(void **state)
{
	(void)state;
	struct app_spec spec = { .source = APP_FROM_CONSUL };
	struct vip_policy policy = { 0 };
	struct err err = { "" }, warning = { "" };
	assert_int_equal(communities_add(&spec.communities, "100:1", NULL), 0);
	assert_int_equal(communities_add(&spec.communities, "no-export", NULL), 0);
	assert_int_equal(vip_policy_check(&policy, &host, &spec, 0, &err, &warning), 0);
	assert_int_equal(communities_add(&spec.communities, "65535:666", NULL), 0);
	assert_int_equal(vip_policy_check(&policy, &host, &spec, 0, &err, &warning), -EACCES);
	assert_non_null(strstr(err.text, "65535:666 (BLACKHOLE)"));
	assert_int_equal(communities_add(&policy.communities, "65535:666", NULL), 0);
	assert_int_equal(vip_policy_check(&policy, &host, &spec, 0, &err, &warning), -EACCES);
	assert_non_null(strstr(err.text, "community 100:1 is not in agent.vips.communities"));
	assert_int_equal(communities_add(&policy.communities, "100:1", NULL), 0);
	assert_int_equal(communities_add(&policy.communities, "no-export", NULL), 0);
	assert_int_equal(vip_policy_check(&policy, &host, &spec, 0, &err, &warning), 0);
	free(spec.communities.values);
	free(policy.communities.values);
}

/* The list has standard ones only. */
static void test_other_communities(void **state)
{
	(void)state;
	struct bgp_ext_community ext = { 0x0002fde8, 100 };
	struct bgp_large_community large = { 65000, 1, 2 };
	struct announce_specs s = { 0 };
	struct app_spec spec = { .source = APP_FROM_HTTP, .announce = &s };
	struct vip_policy policy = { 0 };
	struct err err = { "" }, warning = { "" };
	assert_int_equal(communities_add(&policy.communities, "100:1", NULL), 0);
	assert_int_equal(vip_policy_check(&policy, &host, &spec, 0, &err, &warning), 0);
	s.ext_communities = (struct bgp_ext_communities){ &ext, 1 };
	assert_int_equal(vip_policy_check(&policy, &host, &spec, 0, &err, &warning), -EACCES);
	s.large_communities = (struct bgp_large_communities){ &large, 1 };
	assert_int_equal(vip_policy_check(&policy, &host, &spec, 0, &err, &warning), -EACCES);
	assert_non_null(strstr(err.text, "are not in agent.vips.communities"));
	s.ext_communities.n = s.large_communities.n = 0;
	s.of[ANNOUNCE_UP].ext_communities = (struct bgp_ext_communities){ &ext, 1 };
	s.of[ANNOUNCE_UP].large_communities = (struct bgp_large_communities){ &large, 1 };
	assert_int_equal(vip_policy_check(&policy, &host, &spec, 0, &err, &warning), -EACCES);
	spec.source = APP_FROM_CONFIG;
	assert_int_equal(vip_policy_check(&policy, &host, &spec, 0, &err, &warning), 0);
	free(policy.communities.values);
}

/* Links of two addresses have no ends, those of four do. */
static void test_ends_of_small_links(void **state)
{
	static const struct {
		const char *address;
		uint8_t len;
		const char *vip;
		bool refused;
	} links[] = {
		{ "10.9.8.1", 30, "10.9.8.0/32", true },
		{ "10.9.8.1", 30, "10.9.8.3/32", true },
		{ "10.9.8.1", 30, "10.9.8.2/32", false },
		{ "10.9.8.1", 31, "10.9.8.0/32", false },
		{ "2001:db8::1", 126, "2001:db8::/128", true },
		{ "2001:db8::1", 126, "2001:db8::3/128", false },
		{ "2001:db8::1", 127, "2001:db8::/128", false },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(links); i++) {
		struct vip_host_net link = net(links[i].address, links[i].len, "ptp1");
		const struct vip_host alone = { .addresses = &link, .n_addresses = 1 };
		struct prefix vip = prefix(links[i].vip);
		struct app_spec spec = { .source = APP_FROM_HTTP, .vips = &vip, .n_vips = 1 };
		struct vip_policy policy = { 0 };
		struct err err = { "" }, warning = { "" };
		int rc = vip_policy_check(&policy, &alone, &spec, 0, &err, &warning);
		if (rc != (links[i].refused ? -EACCES : 0))
			fail_msg("%s at %s/%u: %s", links[i].vip, links[i].address, links[i].len,
				 err.text);
	}
}

/* Any VIP of several. */
static void test_bind_of_the_last_vip(void **state)
{
	(void)state;
	struct prefix vips[] = { prefix("192.0.2.1/32"), prefix("198.51.100.1/32") };
	struct prefix list[] = { prefix("192.0.2.0/24") };
	struct app_spec spec = {
		.source = APP_FROM_HTTP, .vips = vips, .n_vips = 2, .bind = BIND_NONE
	};
	struct vip_policy policy = { .allow = { list, 1 } };
	struct err err = { "" }, warning = { "" };
	assert_int_equal(vip_policy_check(&policy, &host, &spec, 0, &err, &warning), -EACCES);
	assert_non_null(strstr(err.text, "vip 198.51.100.1/32: bind: none"));
}

static void test_whom_it_binds(void **state)
{
	(void)state;
	const struct vip_policy policy = { 0 }, strict = { .strict = true };
	for (enum app_source s = APP_FROM_CONFIG; s <= APP_FROM_NOMAD; s++) {
		assert_int_equal(vip_policy_binds(&policy, s), s >= APP_FROM_HTTP);
		assert_true(vip_policy_binds(&strict, s));
	}
}

/* Of the app and of each of its states. */
static void test_communities_of_states(void **state)
{
	(void)state;
	uint32_t wanted = 100 << 16 | 2;
	for (size_t i = 0; i < ANNOUNCE_STATES; i++) {
		struct announce_specs s = { 0 };
		struct app_spec spec = { .source = APP_FROM_HTTP, .announce = &s };
		struct vip_policy policy = { 0 };
		struct err err = { "" }, warning = { "" };
		s.of[i].communities = (struct bgp_communities){ &wanted, 1 };
		assert_int_equal(vip_policy_check(&policy, &host, &spec, 0, &err, &warning), 0);
		assert_int_equal(communities_add(&policy.communities, "100:1", NULL), 0);
		assert_int_equal(vip_policy_check(&policy, &host, &spec, 0, &err, &warning),
				 -EACCES);
		assert_non_null(strstr(err.text, "community 100:2 is not in agent.vips.comm"));
		assert_int_equal(communities_add(&policy.communities, "100:2", NULL), 0);
		assert_int_equal(vip_policy_check(&policy, &host, &spec, 0, &err, &warning), 0);
		free(policy.communities.values);
	}
}

/* Without a list they may be had, and in the configuration with one, too. */
static void test_other_communities_of_states(void **state)
{
	(void)state;
	struct bgp_ext_community ext = { 0x0002fde8, 100 };
	struct bgp_large_community large = { 65000, 1, 2 };
	for (size_t i = 0; i < 2UL * ANNOUNCE_STATES; i++) {
		struct announce_specs s = { 0 };
		struct app_spec spec = { .source = APP_FROM_HTTP, .announce = &s };
		struct vip_policy policy = { .strict = true };
		struct err err = { "" }, warning = { "" };
		if (i < ANNOUNCE_STATES)
			s.of[i].ext_communities = (struct bgp_ext_communities){ &ext, 1 };
		else
			s.of[i - ANNOUNCE_STATES].large_communities =
				(struct bgp_large_communities){ &large, 1 };
		assert_int_equal(vip_policy_check(&policy, &host, &spec, 0, &err, &warning), 0);
		assert_int_equal(communities_add(&policy.communities, "100:1", NULL), 0);
		assert_int_equal(vip_policy_check(&policy, &host, &spec, 0, &err, &warning),
				 -EACCES);
		s.ext_communities = (struct bgp_ext_communities){ &ext, 1 };
		assert_int_equal(vip_policy_check(&policy, &host, &spec, 0, &err, &warning),
				 -EACCES);
		spec.source = APP_FROM_CONFIG;
		assert_int_equal(vip_policy_check(&policy, &host, &spec, 0, &err, &warning), 0);
		free(policy.communities.values);
	}
}

static void test_each_limit_is_one(void **state)
{
	(void)state;
	struct vip_limits none = { 0 }, max = { .max = 1 }, length = { .min_length = { 1, 1 } };
	struct vip_limits list = { .allow = { mem_new(1, sizeof(struct prefix)), 1 } };
	struct vip_limits values = { 0 };
	assert_int_equal(communities_add(&values.communities, "100:1", NULL), 0);
	assert_false(vip_limits_any(&none));
	assert_true(vip_limits_any(&max));
	assert_true(vip_limits_any(&length));
	assert_true(vip_limits_any(&list));
	assert_true(vip_limits_any(&values));
	vip_limits_done(&list);
	vip_limits_done(&values);
	assert_false(vip_limits_any(&list));
	assert_false(vip_limits_any(&values));
}

/* A maximum of 0 is none. */
static void test_the_maximum_of_a_principal(void **state)
{
	(void)state;
	struct prefix vips[] = { prefix("192.0.2.1/32"), prefix("192.0.2.2/32") };
	struct app_spec spec = { .source = APP_FROM_HTTP, .vips = vips, .n_vips = 1 };
	struct vip_limits own = { 0 };
	struct vip_policy policy = { 0 };
	struct err err = { "" }, warning = { "" };
	vip_policy_limit(&policy, &own, "the token's vips");
	assert_int_equal(vip_policy_check(&policy, &host, &spec, 9, &err, &warning), 0);
	own.max = policy.max = 1;
	assert_int_equal(vip_policy_check(&policy, &host, &spec, 0, &err, &warning), 0);
	spec.n_vips = 2;
	policy.max = 0;
	assert_int_equal(vip_policy_check(&policy, &host, &spec, 0, &err, &warning), -EACCES);
	assert_string_equal(err.text,
			    "2 VIPs would be registered by this principal, and its maximum is 1; "
			    "to allow it, raise max in the token's vips");
	own.max = 0;
	policy.max = 1;
	assert_int_equal(vip_policy_check(&policy, &host, &spec, 0, &err, &warning), -EACCES);
	assert_string_equal(err.text, "2 VIPs would be registered over HTTP and from Consul, and "
				      "agent.vips.max is 1; to allow it, raise that");
	/* Of the file, there may be any number. */
	spec.source = APP_FROM_PROCESS;
	policy.strict = true;
	assert_int_equal(vip_policy_check(&policy, &host, &spec, 0, &err, &warning), 0);
}

/* The limits of a principal beside those of all. */
static void test_limits(void **state)
{
	(void)state;
	struct prefix vips[2] = { prefix("192.0.2.53/32"), prefix("198.51.100.128/25") };
	struct prefix all[] = { prefix("203.0.113.0/24") };
	struct prefix listed[] = { prefix("192.0.2.0/24"), prefix("198.51.100.0/24") };
	struct vip_limits own = { .allow = { listed, 2 }, .max = 3, .min_length = { 25, 64 } };
	struct vip_policy policy = { .min_length = { 24, 48 }, .allow = { all, 1 }, .max = 9 };
	struct app_spec spec = { .source = APP_FROM_HTTP, .vips = vips, .n_vips = 2 };
	struct err err = { "" }, warning = { "" };
	vip_policy_limit(&policy, &own, "the token's vips");
	policy.own_others = 1;
	assert_int_equal(vip_policy_check(&policy, &host, &spec, 7, &err, &warning), 0);
	vips[0] = prefix("203.0.113.1/32");
	assert_int_equal(vip_policy_check(&policy, &host, &spec, 7, &err, &warning), -EACCES);
	assert_non_null(strstr(err.text, "the token's vips"));
	vips[0] = prefix("192.0.2.53/32");
	policy.own_others = 2;
	assert_int_equal(vip_policy_check(&policy, &host, &spec, 7, &err, &warning), -EACCES);
	assert_non_null(strstr(err.text, "4 VIPs would be registered by this principal"));
	assert_non_null(strstr(err.text, "raise max in the token's vips"));
	policy.own_others = 1;
	assert_int_equal(vip_policy_check(&policy, &host, &spec, 8, &err, &warning), -EACCES);
	assert_non_null(strstr(err.text, "agent.vips.max"));
	own.min_length.v4 = 26;
	assert_int_equal(vip_policy_check(&policy, &host, &spec, 0, &err, &warning), -EACCES);
	assert_non_null(strstr(err.text, "lower min_length in the token's vips"));
	own.min_length.v4 = 8;
	policy.min_length.v4 = 26;
	assert_int_equal(vip_policy_check(&policy, &host, &spec, 0, &err, &warning), -EACCES);
	assert_non_null(strstr(err.text, "agent.vips.min_length"));
	policy.min_length.v4 = 24;
	assert_int_equal(communities_add(&spec.communities, "100:1", NULL), 0);
	assert_int_equal(communities_add(&own.communities, "100:2", NULL), 0);
	assert_int_equal(vip_policy_check(&policy, &host, &spec, 0, &err, &warning), -EACCES);
	assert_non_null(
		strstr(err.text, "community 100:1 is not in communities in the token's vips"));
	assert_int_equal(communities_add(&own.communities, "100:1", NULL), 0);
	assert_int_equal(vip_policy_check(&policy, &host, &spec, 0, &err, &warning), 0);
	assert_int_equal(communities_add(&policy.communities, "100:2", NULL), 0);
	assert_int_equal(vip_policy_check(&policy, &host, &spec, 0, &err, &warning), -EACCES);
	assert_non_null(strstr(err.text, "community 100:1 is not in agent.vips.communities"));
	/* Without a list of its own, the list of all. */
	own.allow.n = 0;
	free(spec.communities.values);
	void *policy_communities = policy.communities.values;
	spec.communities = (struct bgp_communities){ 0 };
	policy = (struct vip_policy){ .min_length = { 24, 48 }, .allow = { all, 1 } };
	vip_policy_limit(&policy, &own, "the token's vips");
	assert_int_equal(vip_policy_check(&policy, &host, &spec, 0, &err, &warning), -EACCES);
	assert_non_null(strstr(err.text, "is not in agent.vips.allow"));
	free(own.communities.values);
	free(policy_communities);
}

static void test_bind(void **state)
{
	static const struct {
		enum bind bind;
		const char *vip, *allow, *text; /* NULL: accepted */
	} binds[] = {
		{ BIND_ADDRESS, "192.0.2.53/32", NULL, NULL },
		{ BIND_NONE, "192.0.2.53/32", NULL,
		  "vip 192.0.2.53/32: bind: none is accepted for VIPs of a list only; to allow "
		  "it, add the VIP to agent.vips.allow" },
		{ BIND_NONE, "192.0.2.53/32", "192.0.2.0/24", NULL },
		{ BIND_PRESENT, "192.0.2.53/32", NULL, "bind: present is accepted for VIPs of a" },
		{ BIND_PRESENT, "192.0.2.53/32", "192.0.2.0/24", NULL },
		/* An address of lo; it is in no subnet. */
		{ BIND_PRESENT, "10.255.0.1/32", "10.255.0.0/24", NULL },
		{ BIND_NONE, "10.255.0.1/32", "10.255.0.0/24", "an address of interface lo" },
		/* By this one the host is reached. */
		{ BIND_PRESENT, "10.0.1.2/32", "10.0.0.0/8", "an address of interface eth0" },
		{ BIND_PRESENT, "10.0.1.2/32", "10.0.1.2/32", NULL },
		{ BIND_PRESENT, "10.0.1.1/32", "10.0.0.0/8", "the next hop of a route" },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(binds); i++) {
		struct err err = { "" }, warning = { "" };
		struct prefix vip = prefix(binds[i].vip), entry = { 0 };
		struct app_spec spec = {
			.source = APP_FROM_HTTP, .vips = &vip, .n_vips = 1, .bind = binds[i].bind
		};
		struct vip_policy policy = { .min_length = { 24, 48 } };
		if (binds[i].allow) {
			entry = prefix(binds[i].allow);
			policy.allow = (struct prefix_list){ &entry, 1 };
		}
		int rc = vip_policy_check(&policy, &host, &spec, 0, &err, &warning);
		if (rc != (binds[i].text ? -EACCES : 0) ||
		    (rc < 0 && !strstr(err.text, binds[i].text)))
			fail_msg("%zu: %d %s", i, rc, err.text);
		/* VIPs of the configuration are the operator's choice. */
		spec.source = APP_FROM_CONFIG;
		assert_int_equal(vip_policy_check(&policy, &host, &spec, 0, &err, &warning), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_vips, make_host),
		cmocka_unit_test_setup(test_number, make_host),
		cmocka_unit_test_setup(test_communities, make_host),
		cmocka_unit_test_setup(test_other_communities, make_host),
		cmocka_unit_test_setup(test_ends_of_small_links, make_host),
		cmocka_unit_test_setup(test_bind_of_the_last_vip, make_host),
		cmocka_unit_test(test_whom_it_binds),
		cmocka_unit_test_setup(test_communities_of_states, make_host),
		cmocka_unit_test_setup(test_other_communities_of_states, make_host),
		cmocka_unit_test_setup(test_each_limit_is_one, make_host),
		cmocka_unit_test_setup(test_the_maximum_of_a_principal, make_host),
		cmocka_unit_test_setup(test_limits, make_host),
		cmocka_unit_test_setup(test_bind, make_host),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
