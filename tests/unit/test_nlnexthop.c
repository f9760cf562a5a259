/* SPDX-License-Identifier: MIT */
/* Against the kernel: test_gateways.c. */
#include "net/nlnexthop.h"

#include <errno.h>
#include <linux/nexthop.h>
#include <linux/rtnetlink.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "lib/array.h"

/* Numbers as a little-endian host has them. */
#define MEMBER3 "\3\0\0\0\0\0\0\0"
#define MEMBER4 "\4\0\0\0\0\0\0\0"

static const struct {
	const char *name;
	uint8_t family;
	uint16_t type;
	const char *data;
	size_t size;
	const char *gateway; /* NULL: the message is refused */
	size_t n_members;
} cases[] = {
	{ "gateway", AF_INET, NHA_GATEWAY, "\x0a\0\0\1", 4, "10.0.0.1", 0 },
	{ "gateway cut", AF_INET, NHA_GATEWAY, "\x0a\0\0", 3, NULL, 0 },
	{ "gateway of another family", AF_INET6, NHA_GATEWAY, "\x0a\0\0\1", 4, NULL, 0 },
	{ "gateway of no family", AF_UNSPEC, NHA_GATEWAY, "\x0a\0\0\1", 4, NULL, 0 },
	{ "interface", AF_INET, NHA_OIF, "\7\0\0\0", 4, "none", 0 },
	{ "interface cut", AF_INET, NHA_OIF, "\7", 1, NULL, 0 },
	{ "group", AF_UNSPEC, NHA_GROUP, MEMBER3 MEMBER4, 16, "none", 2 },
	{ "group larger than the room", AF_UNSPEC, NHA_GROUP, MEMBER3 MEMBER4 MEMBER3, 24, "none",
	  3 },
	{ "group cut", AF_UNSPEC, NHA_GROUP, MEMBER3 "\4\0\0", 11, NULL, 0 },
	{ "empty group", AF_UNSPEC, NHA_GROUP, "", 0, "none", 0 },
	{ "blackhole", AF_INET, NHA_BLACKHOLE, "", 0, "none", 0 },
};

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
	       "netlink is in host order, and the cases are written for x86-64 and arm64");

static struct nlmsghdr *build(void *buf, size_t i)
{
	struct nlmsghdr *msg = nlnexthop_build_get(buf, 1);
	msg->nlmsg_type = RTM_NEWNEXTHOP;
	struct nhmsg *head = mnl_nlmsg_get_payload(msg);
	head->nh_family = cases[i].family;
	mnl_attr_put(msg, cases[i].type, cases[i].size, cases[i].data);
	return msg;
}

static void test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_Alignas(struct nlmsghdr) char buf[NLROUTE_MSG_MAX] = { 0 };
		struct nlnexthop out = { .n_members = 4711 };
		uint32_t members[2] = { 0 };
		char text[ADDR_TEXT_MAX];
		int r = nlnexthop_parse(build(buf, i), &out, members, ARRAY_SIZE(members));
		if (!cases[i].gateway) {
			if (r != -EBADMSG || out.n_members != 4711)
				fail_msg("%s: %d", cases[i].name, r);
			continue;
		}
		addr_format(&out.hop.gateway, text);
		if (r != 0 || strcmp(text, cases[i].gateway) != 0 ||
		    out.n_members != cases[i].n_members)
			fail_msg("%s: %d %s %zu", cases[i].name, r, text, out.n_members);
		if (out.n_members > 0)
			assert_int_equal(members[0] * 10 + members[1], 34);
	}
}

static void test_other_messages(void **state)
{
	(void)state;
	_Alignas(struct nlmsghdr) char buf[NLROUTE_MSG_MAX] = { 0 };
	struct nlnexthop out;
	struct nlmsghdr *msg = build(buf, 0);
	msg->nlmsg_type = RTM_NEWROUTE;
	assert_int_equal(nlnexthop_parse(msg, &out, NULL, 0), -EBADMSG);
	msg->nlmsg_type = RTM_NEWNEXTHOP;
	msg->nlmsg_len = NLMSG_HDRLEN + sizeof(struct nhmsg) - 1;
	assert_int_equal(nlnexthop_parse(msg, &out, NULL, 0), -EBADMSG);
	msg->nlmsg_len = NLMSG_HDRLEN + sizeof(struct nhmsg);
	assert_int_equal(nlnexthop_parse(msg, &out, NULL, 0), 0);
	assert_false(addr_is_set(&out.hop.gateway));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_other_messages),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
