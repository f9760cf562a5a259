/* SPDX-License-Identifier: MIT */
#include "net/nltext.h"

#include <arpa/inet.h>
#include <linux/inet_diag.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "lib/array.h"
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
	expect(NETLINK_ROUTE, bare(RTM_GETNEXTHOP), "look up a next-hop object");
	expect(NETLINK_ROUTE, bare(RTM_NEWNEIGH), "rtnetlink request 28");
	/* too short to be read any further */
	expect(NETLINK_ROUTE, bare(RTM_NEWADDR), "add address");
	expect(NETLINK_ROUTE, bare(RTM_GETROUTE), "look up the route");
}

static void test_requests_of_netfilter(void **state)
{
	static const struct {
		unsigned subsystem, type;
		const char *text;
	} rows[] = {
		{ NFNL_SUBSYS_NFTABLES, NFT_MSG_GETGEN, "look up the generation of the ruleset" },
		{ NFNL_SUBSYS_NFTABLES, NFT_MSG_GETTABLE, "look up a table" },
		{ NFNL_SUBSYS_NFTABLES, NFT_MSG_GETRULE, "list rules" },
		{ NFNL_SUBSYS_NFTABLES, NFT_MSG_GETSETELEM, "look up elements of a map" },
		{ NFNL_SUBSYS_CTNETLINK, IPCTNL_MSG_CT_GET, "list tracked connections" },
		{ NFNL_SUBSYS_CTNETLINK, IPCTNL_MSG_CT_DELETE, "delete a tracked connection" },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		expect(NETLINK_NETFILTER, bare(rows[i].subsystem << 8 | rows[i].type),
		       rows[i].text);
}

static const struct nlmsghdr *sockets(uint16_t flags, uint8_t family, uint8_t proto, uint16_t from,
				      uint16_t to)
{
	struct nlmsghdr *msg = mnl_nlmsg_put_header(buf);
	struct inet_diag_req_v2 *req = mnl_nlmsg_put_extra_header(msg, sizeof(*req));
	msg->nlmsg_type = SOCK_DIAG_BY_FAMILY;
	msg->nlmsg_flags = flags;
	req->sdiag_family = family;
	req->sdiag_protocol = proto;
	req->id.idiag_sport = htons(from);
	req->id.idiag_dport = htons(to);
	return msg;
}

static void test_requests_about_sockets(void **state)
{
	(void)state;
	expect(NETLINK_SOCK_DIAG, sockets(NLM_F_DUMP, AF_INET, IPPROTO_TCP, 0, 0),
	       "list tcp sockets, IPv4");
	expect(NETLINK_SOCK_DIAG, sockets(0, AF_INET6, IPPROTO_UDP, 0, 53),
	       "look up udp sockets, IPv6, port 53");
	expect(NETLINK_SOCK_DIAG, sockets(NLM_F_DUMP, AF_INET, IPPROTO_UDP, 8053, 0),
	       "list udp sockets, IPv4, port 8053");
	expect(NETLINK_SOCK_DIAG, sockets(NLM_F_DUMP, AF_UNIX, 0, 0, 0), "list sockets");
	/* another request, and one octet too short to be read */
	struct nlmsghdr *msg = (void *)buf;
	sockets(NLM_F_DUMP, AF_INET, IPPROTO_TCP, 0, 0);
	msg->nlmsg_len--;
	expect(NETLINK_SOCK_DIAG, msg, "list sockets");
	sockets(0, AF_INET, IPPROTO_TCP, 0, 0);
	msg->nlmsg_type = TCPDIAG_GETSOCK;
	expect(NETLINK_SOCK_DIAG, msg, "look up sockets");
}

/* A request with the family in its first octet, and `len` octets of it. */
static const struct nlmsghdr *listing(uint8_t family, size_t len)
{
	struct nlmsghdr *msg = mnl_nlmsg_put_header(buf);
	struct rtgenmsg *gen = mnl_nlmsg_put_extra_header(msg, sizeof(*gen));
	gen->rtgen_family = family;
	msg->nlmsg_type = RTM_GETADDR;
	msg->nlmsg_len = (uint32_t)(NLMSG_HDRLEN + len);
	return msg;
}

static void test_the_family_of_a_listing(void **state)
{
	(void)state;
	expect(NETLINK_ROUTE, listing(AF_INET, 1), "list addresses, IPv4");
	expect(NETLINK_ROUTE, listing(AF_INET6, 1), "list addresses, IPv6");
	expect(NETLINK_ROUTE, listing(AF_UNSPEC, 1), "list addresses");
	expect(NETLINK_ROUTE, listing(AF_INET6, 0), "list addresses");
}

/* Of a look-up only what is known is told. */
static void test_attributes_of_a_look_up(void **state)
{
	static const uint8_t octets[16] = { 10, 0, 1, 1 };
	(void)state;
	struct nlmsghdr *msg = mnl_nlmsg_put_header(buf);
	struct rtmsg *rtm = mnl_nlmsg_put_extra_header(msg, sizeof(*rtm));
	msg->nlmsg_type = RTM_GETROUTE;
	rtm->rtm_family = AF_INET;
	expect(NETLINK_ROUTE, msg, "look up the route");
	mnl_attr_put(msg, RTA_DST, 16, octets);
	mnl_attr_put_u16(msg, RTA_OIF, 7);
	mnl_attr_put_u32(msg, RTA_PRIORITY, 7);
	expect(NETLINK_ROUTE, msg, "look up the route");
	mnl_attr_put(msg, RTA_DST, 4, octets);
	expect(NETLINK_ROUTE, msg, "look up the route to 10.0.1.1");
	mnl_attr_put_u32(msg, RTA_OIF, 7);
	expect(NETLINK_ROUTE, msg, "look up the route to 10.0.1.1 on interface 7");
	/* The last octet of its head is missing; the attribute behind would be another's. */
	msg->nlmsg_len = NLMSG_HDRLEN + sizeof(*rtm) - 1;
	expect(NETLINK_ROUTE, msg, "look up the route");
}

static void test_a_bus_that_is_not_known(void **state)
{
	(void)state;
	expect(NETLINK_GENERIC, bare(16), "request 16");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_routes),
		cmocka_unit_test(test_others),
		cmocka_unit_test(test_requests_of_netfilter),
		cmocka_unit_test(test_requests_about_sockets),
		cmocka_unit_test(test_the_family_of_a_listing),
		cmocka_unit_test(test_attributes_of_a_look_up),
		cmocka_unit_test(test_a_bus_that_is_not_known),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
