/* SPDX-License-Identifier: MIT */
/* The rtnetlink messages that are sent, octet for octet, as text, and all that is read of those
 * that come. That the kernel takes them for what they are meant to be, test_loopback, test_fib and
 * test_gateways show. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <linux/if_addr.h>
#include <linux/nexthop.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "lib/addr.h"
#include "net/nladdr.h"
#include "net/nlnexthop.h"
#include "net/nlroute.h"
#include "tests/unit/netlink_text.h"

static _Alignas(struct nlmsghdr) char buf[NLADDR_MSG_MAX + NLROUTE_MSG_MAX];

/* Type and flags, the head of `head` octets, the attributes. */
static void expect(const struct nlmsghdr *msg, size_t head, const char *want)
{
	const uint8_t *p = mnl_nlmsg_get_payload(msg);
	size_t len = mnl_nlmsg_get_payload_len(msg), size = 0;
	char *text = NULL;
	FILE *f = open_memstream(&text, &size);
	assert_non_null(f);
	assert_true(len >= head);
	fprintf(f, "%u %x ", msg->nlmsg_type, msg->nlmsg_flags);
	for (size_t i = 0; i < head; i++)
		fprintf(f, "%02x", p[i]);
	netlink_print_attrs(f, (const void *)(p + head), len - head);
	fclose(f);
	assert_string_equal(text, want);
	free(text);
}

static struct prefix prefix(const char *text)
{
	struct prefix p;
	assert_int_equal(prefix_parse(text, &p, NULL), 0);
	return p;
}

static struct addr addr(const char *text)
{
	struct addr a;
	assert_int_equal(addr_parse(text, &a), 0);
	return a;
}

static void test_addresses_are_sent(void **state)
{
	const size_t head = sizeof(struct ifaddrmsg);
	struct nladdr a = { .prefix = prefix("192.0.2.1/32"),
			    .ifindex = 0x0b0b0b0b,
			    .proto = NLADDR_PROTO_OURS,
			    .scope = RT_SCOPE_HOST,
			    .label = "lo:web" };
	(void)state;
	expect(nladdr_build_add(buf, &a), head,
	       "20 601 022000fe0b0b0b0b 2=c0000201 1=c0000201 3='lo:web' 11=76");
	expect(nladdr_build_replace(buf, &a), head,
	       "20 101 022000fe0b0b0b0b 2=c0000201 1=c0000201 3='lo:web' 11=76");
	expect(nladdr_build_del(buf, &a), head, "21 1 022000fe0b0b0b0b 2=c0000201 1=c0000201");
	a = (struct nladdr){ .prefix = prefix("2001:db8::1/128"),
			     .ifindex = 0x0b0b0b0b,
			     .flags = IFA_F_NODAD | IFA_F_NOPREFIXROUTE | IFA_F_DEPRECATED };
	expect(nladdr_build_add(buf, &a), head,
	       "20 601 0a8000000b0b0b0b 2=20010db8000000000000000000000001 "
	       "1=20010db8000000000000000000000001 8=02020000 "
	       "6=00000000ffffffff0000000000000000");
	a.flags = 0;
	expect(nladdr_build_add(buf, &a), head,
	       "20 601 0a8000000b0b0b0b 2=20010db8000000000000000000000001 "
	       "1=20010db8000000000000000000000001");
	expect(nladdr_build_dump(buf, AF_INET6, 0x0b0b0b0b), head, "22 301 0a0000000b0b0b0b");
}

static void test_routes_are_sent(void **state)
{
	const size_t head = sizeof(struct rtmsg);
	const struct prefix v4 = prefix("192.0.2.0/24"), v6 = prefix("2001:db8::/64");
	const struct addr to4 = addr("10.0.1.1"), from4 = addr("10.0.1.2"), to6 = addr("fd00::1"),
			  from6 = addr("fd00::2");
	(void)state;
	expect(nlroute_build_add_local(buf, &v4, 0x0b0b0b0b), head,
	       "24 c01 02180000ff76fe0200000000 1=c0000200 4=0b0b0b0b");
	expect(nlroute_build_add_local(buf, &v6, 0x0b0b0b0b), head,
	       "24 601 0a400000ff76fe0200000000 1=20010db8000000000000000000000000 "
	       "4=0b0b0b0b");
	expect(nlroute_build_claim_local(buf, &v4, 0x0b0b0b0b), head,
	       "24 601 02180000ff76fe0200000000 1=c0000200 4=0b0b0b0b");
	expect(nlroute_build_del_local(buf, &v6, 0x0b0b0b0b), head,
	       "25 1 0a400000ff76fe0200000000 1=20010db8000000000000000000000000 "
	       "4=0b0b0b0b");
	expect(nlroute_build_get(buf, &to4, NULL, 0), head,
	       "26 1 022000000000000000000000 1=0a000101");
	expect(nlroute_build_get(buf, &to4, &from4, 0), head,
	       "26 1 022020000000000000000000 1=0a000101 2=0a000102");
	expect(nlroute_build_get(buf, &to6, &from6, 0x0b0b0b0b), head,
	       "26 1 0a8080000000000000000000 1=fd000000000000000000000000000001 "
	       "2=fd000000000000000000000000000002 4=0b0b0b0b");
	expect(nlroute_build_match(buf, &v4), head, "26 1 022000000000000000200000 1=c0000200");
	expect(nlroute_build_dump(buf, AF_INET6, RT_TABLE_MAIN), head,
	       "26 301 0a000000fe00000000000000");
	expect(nlroute_build_dump_local(buf, AF_INET), head, "26 301 02000000ff76000200000000");
}

static void test_requests_about_next_hops(void **state)
{
	const size_t head = sizeof(struct nhmsg);
	(void)state;
	expect(nlnexthop_build_get(buf, 0x0b0b0b0b), head, "106 1 0000000000000000 1=0b0b0b0b");
	expect(nlnexthop_build_dump(buf), head, "106 301 0000000000000000");
}

/* ---- what is read ---- */

static void test_all_of_an_address_is_read(void **state)
{
	const struct ifa_cacheinfo life = { .ifa_prefered = 100, .ifa_valid = 200 };
	struct nladdr a = { .prefix = prefix("2001:db8::1/128"),
			    .ifindex = 7,
			    .scope = RT_SCOPE_LINK,
			    .proto = 9,
			    .flags = IFA_F_NODAD },
		      got;
	(void)state;
	struct nlmsghdr *msg = nladdr_build_add(buf, &a);
	assert_int_equal(nladdr_parse(msg, &got), 0);
	assert_int_equal(got.ifindex, 7);
	assert_int_equal(got.scope, RT_SCOPE_LINK);
	assert_int_equal(got.proto, 9);
	assert_int_equal(got.flags, IFA_F_NODAD);
	assert_true(got.valid == NLADDR_FOR_EVER && got.preferred == NLADDR_FOR_EVER);
	mnl_attr_put(msg, IFA_CACHEINFO, sizeof(life), &life);
	assert_int_equal(nladdr_parse(msg, &got), 0);
	assert_int_equal(got.preferred, 100);
	assert_int_equal(got.valid, 200);
	mnl_attr_put(msg, IFA_CACHEINFO, sizeof(life) - 1, &life);
	assert_int_equal(nladdr_parse(msg, &got), -EBADMSG);
	/* The flags of the head, when there are no others; and a head without an address. */
	msg = nladdr_build_dump(buf, AF_INET, 7);
	msg->nlmsg_type = RTM_NEWADDR;
	struct ifaddrmsg *ifa = mnl_nlmsg_get_payload(msg);
	ifa->ifa_flags = IFA_F_TENTATIVE;
	ifa->ifa_prefixlen = 32;
	assert_int_equal(nladdr_parse(msg, &got), -EBADMSG);
	mnl_attr_put_u32(msg, IFA_ADDRESS, 1);
	assert_int_equal(nladdr_parse(msg, &got), 0);
	assert_int_equal(got.flags, IFA_F_TENTATIVE);
}

static void test_all_of_a_route_is_read(void **state)
{
	const struct prefix p = prefix("192.0.2.0/24");
	const struct addr gateway = addr("10.0.0.1"), source = addr("10.0.0.2");
	struct nlroute got;
	(void)state;
	struct nlmsghdr *msg = nlroute_build_add_local(buf, &p, 7);
	struct rtmsg *rtm = mnl_nlmsg_get_payload(msg);
	rtm->rtm_flags = RTNH_F_ONLINK;
	mnl_attr_put(msg, RTA_GATEWAY, 4, gateway.bytes);
	mnl_attr_put(msg, RTA_PREFSRC, 4, source.bytes);
	mnl_attr_put_u32(msg, RTA_PRIORITY, 100);
	for (int i = 0; i < 2; i++) {
		msg->nlmsg_type = i == 0 ? RTM_NEWROUTE : RTM_DELROUTE;
		assert_int_equal(nlroute_parse(msg, &got), 0);
		assert_true(prefix_equal(&got.dst, &p));
		assert_true(addr_equal(&got.gateway, &gateway));
		assert_true(addr_equal(&got.source, &source));
		assert_int_equal(got.ifindex, 7);
		assert_int_equal(got.metric, 100);
		assert_int_equal(got.table, RT_TABLE_LOCAL);
		assert_int_equal(got.type, RTN_LOCAL);
		assert_int_equal(got.protocol, NLADDR_PROTO_OURS);
		assert_int_equal(got.flags, RTNH_F_ONLINK);
		assert_int_equal(got.nexthop_id, 0);
	}
	/* The flags of the first hop count, beside those of the head. */
	const struct rtnexthop hops[] = {
		{ .rtnh_len = sizeof(hops[0]), .rtnh_flags = RTNH_F_DEAD, .rtnh_ifindex = 8 },
		{ .rtnh_len = sizeof(hops[0]), .rtnh_flags = RTNH_F_LINKDOWN, .rtnh_ifindex = 9 },
	};
	msg = nlroute_build_dump(buf, AF_INET, RT_TABLE_MAIN);
	msg->nlmsg_type = RTM_NEWROUTE;
	rtm = mnl_nlmsg_get_payload(msg);
	rtm->rtm_flags = RTNH_F_ONLINK;
	mnl_attr_put(msg, RTA_MULTIPATH, sizeof(hops), hops);
	assert_int_equal(nlroute_parse(msg, &got), 0);
	assert_int_equal(got.ifindex, 8);
	assert_int_equal(got.flags, RTNH_F_ONLINK | RTNH_F_DEAD);
	/* A head alone is a route to everywhere. */
	msg = nlroute_build_dump(buf, AF_INET, RT_TABLE_MAIN);
	msg->nlmsg_type = RTM_NEWROUTE;
	assert_int_equal(nlroute_parse(msg, &got), 0);
	assert_int_equal(got.dst.len, 0);
	rtm = mnl_nlmsg_get_payload(msg);
	rtm->rtm_dst_len = 32;
	assert_int_equal(nlroute_parse(msg, &got), 0);
}

static void test_our_local_routes(void **state)
{
	const struct nlroute ours = { .table = RT_TABLE_LOCAL,
				      .type = RTN_LOCAL,
				      .protocol = NLADDR_PROTO_OURS,
				      .ifindex = NLADDR_LO_IFINDEX };
	struct nlroute r = ours;
	(void)state;
	assert_true(nlroute_is_our_local(&r));
	r.table = RT_TABLE_MAIN;
	assert_false(nlroute_is_our_local(&r));
	r = ours;
	r.type = RTN_UNICAST;
	assert_false(nlroute_is_our_local(&r));
	r = ours;
	r.protocol = RTPROT_KERNEL;
	assert_false(nlroute_is_our_local(&r));
	r = ours;
	r.ifindex = NLADDR_LO_IFINDEX + 1;
	assert_false(nlroute_is_our_local(&r));
}

static void test_all_of_a_next_hop_is_read(void **state)
{
	struct nlnexthop got;
	(void)state;
	struct nlmsghdr *msg = nlnexthop_build_get(buf, 17);
	struct nhmsg *head = mnl_nlmsg_get_payload(msg);
	msg->nlmsg_type = RTM_NEWNEXTHOP;
	head->nh_family = AF_INET;
	head->nh_flags = RTNH_F_DEAD;
	mnl_attr_put_u32(msg, NHA_OIF, 7);
	mnl_attr_put(msg, NHA_GATEWAY, 4, "\x0a\0\0\1");
	assert_int_equal(nlnexthop_parse(msg, &got, NULL, 0), 0);
	assert_int_equal(got.id, 17);
	assert_int_equal(got.hop.ifindex, 7);
	assert_int_equal(got.hop.flags, RTNH_F_DEAD);
	assert_int_equal(addr_to_v4(&got.hop.gateway), 0x0a000001);
	assert_int_equal(got.n_members, 0);
	/* The kernel does not fill in more members than there are. */
	static const struct nexthop_grp group[] = { { .id = 3 }, { .id = 4 } };
	uint32_t members[3] = { 77, 77, 77 };
	mnl_attr_put(msg, NHA_GROUP, sizeof(group), group);
	mnl_attr_put_u64(msg, NHA_RES_GROUP, 5);
	assert_int_equal(nlnexthop_parse(msg, &got, members, 3), 0);
	assert_int_equal(got.n_members, 2);
	assert_int_equal(members[0], 3);
	assert_int_equal(members[1], 4);
	assert_int_equal(members[2], 77);
	mnl_attr_put_u16(msg, NHA_ID, 17);
	assert_int_equal(nlnexthop_parse(msg, &got, NULL, 0), -EBADMSG);
	/* A gateway of no family and no octets. */
	msg = nlnexthop_build_get(buf, 17);
	msg->nlmsg_type = RTM_NEWNEXTHOP;
	mnl_attr_put(msg, NHA_GATEWAY, 0, "");
	assert_int_equal(nlnexthop_parse(msg, &got, NULL, 0), -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_addresses_are_sent),
		cmocka_unit_test(test_routes_are_sent),
		cmocka_unit_test(test_requests_about_next_hops),
		cmocka_unit_test(test_all_of_an_address_is_read),
		cmocka_unit_test(test_all_of_a_route_is_read),
		cmocka_unit_test(test_our_local_routes),
		cmocka_unit_test(test_all_of_a_next_hop_is_read),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
