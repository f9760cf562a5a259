/* SPDX-License-Identifier: MIT */
#include "lib/array.h"
#include "net/nladdr.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct addr addr_of(const char *text)
{
	struct addr a = { 0 };
	assert_int_equal(addr_parse(text, &a), 0);
	return a;
}

static struct nladdr sample(const char *text, uint8_t len, const char *label, uint32_t flags)
{
	struct nladdr a = { .prefix = { .addr = addr_of(text), .len = len },
			    .ifindex = NLADDR_LO_IFINDEX,
			    .proto = NLADDR_PROTO_OURS,
			    .flags = flags };
	memcpy(a.label, label, strlen(label) + 1);
	return a;
}

/* A built message is read back unchanged. */
static void test_round_trip(void **state)
{
	(void)state;
	const struct nladdr samples[] = {
		sample("192.0.2.1", 32, "lo:app", 0),
		sample("192.0.2.0", 24, "lo:fifteen-char", 0),
		sample("2001:db8::1", 128, "", IFA_F_NODAD | IFA_F_NOPREFIXROUTE),
		sample("2001:db8::", 0, "", 0),
	};
	_Alignas(struct nlmsghdr) char buf[NLADDR_MSG_MAX];
	for (size_t i = 0; i < ARRAY_SIZE(samples); i++) {
		struct nladdr out;
		struct nlmsghdr *msg = nladdr_build_add(buf, &samples[i]);
		assert_int_equal(msg->nlmsg_type, RTM_NEWADDR);
		assert_int_equal(msg->nlmsg_flags & (NLM_F_CREATE | NLM_F_EXCL | NLM_F_REPLACE),
				 NLM_F_CREATE | NLM_F_EXCL);
		assert_true(msg->nlmsg_len <= NLADDR_MSG_MAX);
		assert_int_equal(nladdr_parse(msg, &out), 0);
		assert_true(prefix_equal(&out.prefix, &samples[i].prefix));
		assert_string_equal(out.label, samples[i].label);
		assert_int_equal(out.ifindex, samples[i].ifindex);
		assert_int_equal(out.proto, NLADDR_PROTO_OURS);
		assert_int_equal(out.flags, samples[i].flags);
		assert_int_equal(nladdr_build_del(buf, &samples[i])->nlmsg_type, RTM_DELADDR);
	}
}

static int find_cacheinfo(const struct nlattr *attr, void *userdata)
{
	if (mnl_attr_get_type(attr) == IFA_CACHEINFO)
		memcpy(userdata, mnl_attr_get_payload(attr), sizeof(struct ifa_cacheinfo));
	return MNL_CB_OK;
}

/* "Deprecated" is not a flag that one can set: it is a preferred lifetime of 0 that never ends. */
static void test_deprecated(void **state)
{
	(void)state;
	_Alignas(struct nlmsghdr) char buf[NLADDR_MSG_MAX];
	struct nladdr a = sample("2001:db8::1", 128, "", IFA_F_NODAD | IFA_F_DEPRECATED), out;
	struct ifa_cacheinfo life = { .ifa_prefered = 1 };
	struct nlmsghdr *msg = nladdr_build_add(buf, &a);
	mnl_attr_parse(msg, sizeof(struct ifaddrmsg), find_cacheinfo, &life);
	assert_int_equal(life.ifa_prefered, 0);
	assert_true(life.ifa_valid == UINT32_MAX);
	assert_int_equal(nladdr_parse(msg, &out), 0);
	assert_int_equal(out.flags, IFA_F_NODAD);
}

static void test_dump(void **state)
{
	(void)state;
	_Alignas(struct nlmsghdr) char buf[NLADDR_MSG_MAX];
	struct nlmsghdr *msg = nladdr_build_dump(buf, AF_INET6, 7);
	const struct ifaddrmsg *ifa = mnl_nlmsg_get_payload(msg);
	assert_int_equal(msg->nlmsg_type, RTM_GETADDR);
	assert_int_equal(msg->nlmsg_flags & NLM_F_DUMP, NLM_F_DUMP);
	assert_int_equal(ifa->ifa_family, AF_INET6);
	assert_int_equal(ifa->ifa_index, 7);
}

/* A message of one attribute more than a good one has, in exactly as much memory as it says. */
struct message {
	struct nlmsghdr *msg;
};

static struct message with_attr(uint8_t family, uint8_t len, uint16_t type, const void *data,
				size_t size)
{
	_Alignas(struct nlmsghdr) char buf[NLADDR_MSG_MAX];
	struct nlmsghdr *msg = mnl_nlmsg_put_header(buf);
	msg->nlmsg_type = RTM_NEWADDR;
	struct ifaddrmsg *ifa = mnl_nlmsg_put_extra_header(msg, sizeof(*ifa));
	ifa->ifa_family = family;
	ifa->ifa_prefixlen = len;
	if (type != IFA_ADDRESS)
		mnl_attr_put(msg, IFA_ADDRESS, addr_size(family),
			     "\1\2\3\4\5\6\7\10\1\2\3\4\5\6\7");
	mnl_attr_put(msg, type, size, data);
	struct message m = { .msg = malloc(msg->nlmsg_len) };
	memcpy(m.msg, msg, msg->nlmsg_len);
	return m;
}

static const struct {
	const char *name;
	uint8_t family, len;
	uint16_t type;
	const char *data;
	size_t size;
	int r;
} cases[] = {
	{ "good", AF_INET, 32, IFA_LOCAL, "\1\2\3\4", 4, 0 },
	{ "address cut", AF_INET, 32, IFA_ADDRESS, "\1\2\3", 3, -EBADMSG },
	{ "v4 address of v6 size", AF_INET, 32, IFA_LOCAL, "0123456789abcdef", 16, -EBADMSG },
	{ "v6 address of v4 size", AF_INET6, 128, IFA_LOCAL, "\1\2\3\4", 4, -EBADMSG },
	{ "empty address", AF_INET, 32, IFA_ADDRESS, "", 0, -EBADMSG },
	{ "v4 length 33", AF_INET, 33, IFA_LOCAL, "\1\2\3\4", 4, -EBADMSG },
	{ "v6 length 129", AF_INET6, 129, IFA_LABEL, "x", 2, -EBADMSG },
	{ "unknown family", AF_UNIX, 32, IFA_LABEL, "x", 2, -EBADMSG },
	{ "label of 15", AF_INET, 32, IFA_LABEL, "123456789012345", 16, 0 },
	{ "label of 16", AF_INET, 32, IFA_LABEL, "1234567890123456", 17, -EBADMSG },
	{ "label without an end", AF_INET, 32, IFA_LABEL, "abc", 3, -EBADMSG },
	{ "label of nothing", AF_INET, 32, IFA_LABEL, "", 0, -EBADMSG },
	{ "flags cut", AF_INET, 32, IFA_FLAGS, "\1\2", 2, -EBADMSG },
	{ "proto of 4 bytes", AF_INET, 32, 11, "\1\2\3\4", 4, -EBADMSG },
	{ "an attribute of tomorrow", AF_INET, 32, 99, "\1\2\3\4", 4, 0 },
};

static void test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct message m = with_attr(cases[i].family, cases[i].len, cases[i].type,
					     cases[i].data, cases[i].size);
		struct nladdr out = { .ifindex = 99 };
		int r = nladdr_parse(m.msg, &out);
		if (r != cases[i].r || (r < 0 && out.ifindex != 99))
			fail_msg("%s: %d", cases[i].name, r);
		free(m.msg);
	}
}

/* Point to point: IFA_ADDRESS is the far end, wherever it stands. */
static void test_point_to_point(void **state)
{
	(void)state;
	struct message m = with_attr(AF_INET, 32, IFA_LOCAL, "\300\0\2\1", 4);
	struct nladdr out;
	struct addr want = addr_of("192.0.2.1");
	assert_int_equal(nladdr_parse(m.msg, &out), 0);
	assert_true(addr_equal(&out.prefix.addr, &want));
	/* The two attributes in the other order. */
	char *attrs = (char *)m.msg + NLMSG_HDRLEN + sizeof(struct ifaddrmsg), first[8];
	memcpy(first, attrs, 8);
	memmove(attrs, attrs + 8, 8);
	memcpy(attrs + 8, first, 8);
	assert_int_equal(nladdr_parse(m.msg, &out), 0);
	assert_true(addr_equal(&out.prefix.addr, &want));
	free(m.msg);
}

static void test_other_messages(void **state)
{
	(void)state;
	struct message m = with_attr(AF_INET, 32, IFA_LOCAL, "\1\2\3\4", 4);
	struct nladdr out;
	uint32_t len = m.msg->nlmsg_len;
	m.msg->nlmsg_type = RTM_NEWROUTE;
	assert_int_equal(nladdr_parse(m.msg, &out), -EBADMSG);
	m.msg->nlmsg_type = RTM_DELADDR;
	assert_int_equal(nladdr_parse(m.msg, &out), 0);
	/* Cut anywhere: never a read beyond the end (which is padded, as libmnl expects), never an
	 * address out of nothing. */
	for (uint32_t n = NLMSG_HDRLEN; n < len; n++) {
		struct nlmsghdr *cut = calloc(1, NLMSG_ALIGN(n));
		memcpy(cut, m.msg, n);
		cut->nlmsg_len = n;
		int r = nladdr_parse(cut, &out);
		if (n < NLMSG_HDRLEN + sizeof(struct ifaddrmsg) + 5)
			assert_int_equal(r, -EBADMSG);
		free(cut);
	}
	free(m.msg);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),     cmocka_unit_test(test_deprecated),
		cmocka_unit_test(test_dump),           cmocka_unit_test(test_cases),
		cmocka_unit_test(test_point_to_point), cmocka_unit_test(test_other_messages),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
