/* SPDX-License-Identifier: MIT */
/* Built messages are tested against the kernel in test_loopback.c and test_fib.c. */
#include "lib/array.h"
#include "net/nlroute.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Numbers as a little-endian host has them; on a big-endian one these cases are void. */
#define GATEWAY_ATTR "\x08\0\x05\0\x0a\0\0\1"

static const struct {
	const char *name;
	uint8_t family, dst_len;
	uint16_t type;
	const char *data;
	size_t size;
	const char *gateway; /* NULL: the message is refused */
} cases[] = {
	{ "gateway", AF_INET, 0, RTA_GATEWAY, "\x0a\0\0\1", 4, "10.0.0.1" },
	{ "no gateway", AF_INET, 0, RTA_OIF, "\7\0\0\0", 4, "none" },
	{ "gateway cut", AF_INET, 0, RTA_GATEWAY, "\x0a\0\0", 3, NULL },
	{ "v4 gateway of a v6 route", AF_INET6, 0, RTA_GATEWAY, "\x0a\0\0\1", 4, NULL },
	{ "via v6", AF_INET, 0, RTA_VIA, "\x0a\0\xfd\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1", 18,
	  "fd00::1" },
	{ "via cut", AF_INET, 0, RTA_VIA, "\x0a\0\xfd\0\0\0", 6, NULL },
	{ "via of no family", AF_INET, 0, RTA_VIA, "\x0a", 1, NULL },
	{ "via of an unknown family", AF_INET, 0, RTA_VIA, "\x63\0\1\2\3\4", 6, NULL },
	{ "via of nothing", AF_INET, 0, RTA_VIA, "", 0, NULL },
	{ "multipath", AF_INET, 0, RTA_MULTIPATH, "\x10\0\0\0\7\0\0\0" GATEWAY_ATTR, 16,
	  "10.0.0.1" },
	{ "two hops", AF_INET, 0, RTA_MULTIPATH,
	  "\x10\0\0\0\7\0\0\0" GATEWAY_ATTR "\x08\0\0\0\x08\0\0\0", 24, "10.0.0.1" },
	/* Behind the first hop stands what would be an attribute of it, a gateway. */
	{ "two hops, the second dead and on link", AF_INET, 0, RTA_MULTIPATH,
	  "\x10\0\0\0\7\0\0\0" GATEWAY_ATTR "\x08\0\x05\0\x08\0\0\0", 24, "10.0.0.1" },
	{ "hop cut", AF_INET, 0, RTA_MULTIPATH, "\x10\0\0\0", 4, NULL },
	{ "hop longer than the attribute", AF_INET, 0, RTA_MULTIPATH, "\x20\0\0\0\7\0\0\0", 8,
	  NULL },
	{ "hop shorter than its head", AF_INET, 0, RTA_MULTIPATH, "\x04\0\0\0\7\0\0\0", 8, NULL },
	{ "multipath of nothing", AF_INET, 0, RTA_MULTIPATH, "", 0, NULL },
	{ "interface cut", AF_INET, 0, RTA_OIF, "\7", 1, NULL },
	{ "metric of 8 bytes", AF_INET, 0, RTA_PRIORITY, "\7\0\0\0\0\0\0\0", 8, NULL },
	{ "length 33", AF_INET, 33, RTA_GATEWAY, "\x0a\0\0\1", 4, NULL },
	{ "family of bridges", AF_UNIX, 0, RTA_OIF, "\7\0\0\0", 4, NULL },
	{ "an attribute of tomorrow", AF_INET, 0, 99, "abc", 3, "none" },
};

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
	       "netlink is in host order, and the cases are written for x86-64 and arm64");

static struct nlmsghdr *build(size_t i)
{
	_Alignas(struct nlmsghdr) char buf[NLROUTE_MSG_MAX] = { 0 };
	struct nlmsghdr *msg = mnl_nlmsg_put_header(buf);
	msg->nlmsg_type = RTM_NEWROUTE;
	struct rtmsg *rtm = mnl_nlmsg_put_extra_header(msg, sizeof(*rtm));
	rtm->rtm_family = cases[i].family;
	rtm->rtm_dst_len = cases[i].dst_len;
	mnl_attr_put(msg, cases[i].type, cases[i].size, cases[i].data);
	struct nlmsghdr *exact = malloc(msg->nlmsg_len);
	memcpy(exact, msg, msg->nlmsg_len);
	return exact;
}

static void test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct nlmsghdr *msg = build(i);
		struct nlroute out = { .table = 4711 };
		char buf[ADDR_TEXT_MAX];
		int r = nlroute_parse(msg, &out);
		free(msg);
		if (!cases[i].gateway) {
			if (r != -EBADMSG || out.table != 4711)
				fail_msg("%s: %d", cases[i].name, r);
		} else if (r != 0 ||
			   strcmp(addr_format(&out.gateway, buf), cases[i].gateway) != 0) {
			fail_msg("%s: %d %s", cases[i].name, r, buf);
		}
	}
}

/* The header's 8 bits do not hold table 1000; 252 stands there instead. */
static void test_big_table(void **state)
{
	(void)state;
	_Alignas(struct nlmsghdr) char buf[NLROUTE_MSG_MAX];
	struct addr any = { .family = AF_INET };
	struct nlroute out;
	struct nlmsghdr *msg = nlroute_build_get(buf, &any, NULL, 0);
	msg->nlmsg_type = RTM_NEWROUTE;
	((struct rtmsg *)mnl_nlmsg_get_payload(msg))->rtm_table = RT_TABLE_COMPAT;
	mnl_attr_put_u32(msg, RTA_TABLE, 1000);
	assert_int_equal(nlroute_parse(msg, &out), 0);
	assert_int_equal(out.table, 1000);
}

/* A hop of `multipath`, in hex order of struct rtnexthop: length, flags, weight, interface. */
#define HOP7 "\x10\0\0\0\7\0\0\0" GATEWAY_ATTR
#define HOP8 "\x10\0\1\0\x08\0\0\0" GATEWAY_ATTR /* RTNH_F_DEAD */

static const struct {
	const char *name;
	uint16_t type;
	const char *data;
	size_t size, n;
} hop_cases[] = {
	{ "of a plain route", RTA_GATEWAY, "\x0a\0\0\1", 4, 1 },
	{ "without a gateway", RTA_OIF, "\7\0\0\0", 4, 1 },
	{ "one", RTA_MULTIPATH, HOP7, 16, 1 },
	{ "two", RTA_MULTIPATH, HOP7 HOP8, 32, 2 },
	{ "three, with room for two", RTA_MULTIPATH, HOP7 HOP8 HOP7, 48, 3 },
	{ "the second cut", RTA_MULTIPATH, HOP7 "\x10\0\0\0", 20, 0 },
	{ "the second too long", RTA_MULTIPATH, HOP7 "\x20\0\0\0\7\0\0\0", 24, 0 },
	{ "the second too short", RTA_MULTIPATH, HOP7 "\0\0\0\0\7\0\0\0", 24, 0 },
	{ "the second with half a gateway", RTA_MULTIPATH,
	  HOP7 "\x0e\0\0\0\7\0\0\0\x06\0\x05\0\x0a\0", 30, 0 },
};

static void test_hops(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(hop_cases); i++) {
		_Alignas(struct nlmsghdr) char buf[NLROUTE_MSG_MAX] = { 0 };
		struct nlroute_hop hops[2] = { 0 };
		struct nlroute route;
		struct nlmsghdr *msg = mnl_nlmsg_put_header(buf);
		msg->nlmsg_type = RTM_NEWROUTE;
		struct rtmsg *rtm = mnl_nlmsg_put_extra_header(msg, sizeof(*rtm));
		rtm->rtm_family = AF_INET;
		mnl_attr_put(msg, hop_cases[i].type, hop_cases[i].size, hop_cases[i].data);
		if (nlroute_hops(msg, hops, 2) != hop_cases[i].n)
			fail_msg("%s: %zu", hop_cases[i].name, nlroute_hops(msg, hops, 2));
		assert_int_equal(nlroute_parse(msg, &route), hop_cases[i].n ? 0 : -EBADMSG);
		if (hop_cases[i].n < 2)
			continue;
		assert_int_equal(route.ifindex, 7);
		assert_int_equal(route.flags, 0);
		assert_int_equal(hops[1].ifindex, 8);
		assert_int_equal(hops[1].flags, RTNH_F_DEAD);
		assert_true(addr_is_set(&hops[1].gateway));
	}
}

static void test_next_hop_object(void **state)
{
	(void)state;
	_Alignas(struct nlmsghdr) char buf[NLROUTE_MSG_MAX];
	struct addr any = { .family = AF_INET };
	struct nlroute out;
	struct nlmsghdr *msg = nlroute_build_get(buf, &any, NULL, 0);
	msg->nlmsg_type = RTM_NEWROUTE;
	mnl_attr_put_u32(msg, RTA_NH_ID, 17);
	assert_int_equal(nlroute_parse(msg, &out), 0);
	assert_int_equal(out.nexthop_id, 17);
	assert_false(addr_is_set(&out.gateway));
}

static void test_other_messages(void **state)
{
	(void)state;
	struct nlmsghdr *msg = build(0);
	struct nlroute out;
	msg->nlmsg_type = RTM_NEWADDR;
	assert_int_equal(nlroute_parse(msg, &out), -EBADMSG);
	msg->nlmsg_type = RTM_NEWROUTE;
	msg->nlmsg_len = NLMSG_HDRLEN + sizeof(struct rtmsg) - 1;
	assert_int_equal(nlroute_parse(msg, &out), -EBADMSG);
	free(msg);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),          cmocka_unit_test(test_big_table),
		cmocka_unit_test(test_hops),           cmocka_unit_test(test_next_hop_object),
		cmocka_unit_test(test_other_messages),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
