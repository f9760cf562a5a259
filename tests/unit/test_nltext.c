/* SPDX-License-Identifier: MIT */
#include "net/nltext.h"

#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "net/nladdr.h"
#include "net/nlroute.h"

static _Alignas(struct nlmsghdr) char buf[NLADDR_MSG_MAX + NLROUTE_MSG_MAX];

static void expect(int bus, const struct nlmsghdr *msg, const char *text)
{
	char got[NLTEXT_MAX];
	assert_string_equal(nltext_request(bus, msg, got), text);
}

static void test_addresses(void **state)
{
	const struct nladdr a = { .prefix = PREFIX4(32, 192, 0, 2, 53), .ifindex = 1 };
	(void)state;
	expect(NETLINK_ROUTE, nladdr_build_add(buf, &a),
	       "add address 192.0.2.53/32 on interface 1");
	expect(NETLINK_ROUTE, nladdr_build_replace(buf, &a),
	       "replace address 192.0.2.53/32 on interface 1");
	expect(NETLINK_ROUTE, nladdr_build_del(buf, &a),
	       "delete address 192.0.2.53/32 on interface 1");
	expect(NETLINK_ROUTE, nladdr_build_dump(buf, AF_INET6, 1), "list addresses, IPv6");
}

static void test_routes(void **state)
{
	const struct prefix p = PREFIX6(64, 0x20, 0x01, 0x0d, 0xb8);
	const struct addr to = addr_v4(0x0a000101), from = addr_v4(0x0a000102);
	(void)state;
	expect(NETLINK_ROUTE, nlroute_build_add_local(buf, &p, 1),
	       "add local route 2001:db8::/64 on interface 1");
	expect(NETLINK_ROUTE, nlroute_build_del_local(buf, &p, 1),
	       "delete local route 2001:db8::/64 on interface 1");
	expect(NETLINK_ROUTE, nlroute_build_get(buf, &to, NULL, 0),
	       "look up the route to 10.0.1.1");
	expect(NETLINK_ROUTE, nlroute_build_get(buf, &to, &from, 7),
	       "look up the route to 10.0.1.1 from 10.0.1.2 on interface 7");
	expect(NETLINK_ROUTE, nlroute_build_dump(buf, AF_INET, RT_TABLE_MAIN), "list routes, IPv4");
}

/* A header, and nothing behind it. */
static const struct nlmsghdr *bare(unsigned type)
{
	struct nlmsghdr *msg = mnl_nlmsg_put_header(buf);
	msg->nlmsg_type = (uint16_t)type;
	return msg;
}

static void test_others(void **state)
{
	(void)state;
	expect(NETLINK_NETFILTER, bare(NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETRULE), "list rules");
	expect(NETLINK_NETFILTER, bare(0x1234), "netfilter request 0x1234");
	expect(NETLINK_SOCK_DIAG, bare(SOCK_DIAG_BY_FAMILY), "look up sockets");
	expect(NETLINK_ROUTE, bare(RTM_GETLINK), "look up an interface");
	expect(NETLINK_ROUTE, bare(RTM_NEWNEIGH), "rtnetlink request 28");
	/* too short to be read any further */
	expect(NETLINK_ROUTE, bare(RTM_NEWADDR), "add address");
	expect(NETLINK_ROUTE, bare(RTM_GETROUTE), "look up the route");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_routes),
		cmocka_unit_test(test_others),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
