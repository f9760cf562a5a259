/* SPDX-License-Identifier: MIT */
#include "monitors/icmp_echo.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "lib/array.h"
#include "tests/unit/hex.h"

#define COOKIE "00112233445566778899aabbccddeeff"

/* Three requests were sent. */
static struct icmp_echo echo_of(uint8_t family)
{
	struct icmp_echo e = { .family = family, .id = 0x1234, .sequence = 3 };
	struct hex cookie = hex_parse(COOKIE);
	memcpy(e.cookie, cookie.p, sizeof(e.cookie));
	hex_done(&cookie);
	return e;
}

static void test_request(void **state)
{
	(void)state;
	uint8_t buf[ICMP_ECHO_SIZE];
	struct icmp_echo e = echo_of(AF_INET);
	icmp_echo_build(&e, buf);
	assert_hex("IPv4", buf, sizeof(buf), "0800 2985 1234 0003 " COOKIE);
	e.family = AF_INET6;
	icmp_echo_build(&e, buf);
	assert_hex("IPv6", buf, sizeof(buf), "8000 0000 1234 0003 " COOKIE);
}

#define IP   "45000034 00010000 40017cc4 7f000001 7f000001 "
#define IP24 "46000038 00010000 40017cc4 7f000001 7f000001 94040000 "

static const struct {
	const char *name, *message;
	uint8_t family;
	bool with_ip_header, ours;
} replies[] = {
	{ "IPv4", "0000 0000 1234 0003 " COOKIE, AF_INET, false, true },
	{ "to the first request", "0000 0000 1234 0001 " COOKIE, AF_INET, false, true },
	{ "IPv6", "8100 0000 1234 0003 " COOKIE, AF_INET6, false, true },
	{ "with an IP header", IP "0000 0000 1234 0003 " COOKIE, AF_INET, true, true },
	{ "with IP options", IP24 "0000 0000 1234 0003 " COOKIE, AF_INET, true, true },
	{ "another identifier", "0000 0000 1235 0003 " COOKIE, AF_INET, false, false },
	{ "a request that was not sent", "0000 0000 1234 0004 " COOKIE, AF_INET, false, false },
	{ "sequence 0", "0000 0000 1234 0000 " COOKIE, AF_INET, false, false },
	{ "another cookie", "0000 0000 1234 0003 00112233445566778899aabbccddeefe", AF_INET, false,
	  false },
	{ "cut cookie", "0000 0000 1234 0003 00112233445566778899aabbccddee", AF_INET, false,
	  false },
	{ "long cookie", "0000 0000 1234 0003 " COOKIE "00", AF_INET, false, false },
	{ "the request itself", "0800 0000 1234 0003 " COOKIE, AF_INET, false, false },
	{ "a request of IPv6", "8000 0000 1234 0003 " COOKIE, AF_INET6, false, false },
	{ "a reply of IPv6", "8100 0000 1234 0003 " COOKIE, AF_INET, false, false },
	{ "a reply of IPv4", "0000 0000 1234 0003 " COOKIE, AF_INET6, false, false },
	{ "code 1", "0001 0000 1234 0003 " COOKIE, AF_INET, false, false },
	{ "empty", "", AF_INET, false, false },
	{ "cut header", "0000 0000 1234", AF_INET, false, false },
	{ "no IP header", "0000 0000 1234 0003 " COOKIE, AF_INET, true, false },
	{ "cut IP header", "45000034 00010000 40017cc4", AF_INET, true, false },
	{ "short IP header", "41000034 0000 0000 1234 0003 " COOKIE, AF_INET, true, false },
	{ "version 6", "65000034 00010000 40017cc4 7f000001 7f000001 0000 0000 1234 0003 " COOKIE,
	  AF_INET, true, false },
	{ "UDP", "45000034 00010000 40117cc4 7f000001 7f000001 0000 0000 1234 0003 " COOKIE,
	  AF_INET, true, false },
};

static void test_replies(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(replies); i++) {
		struct hex message = hex_parse(replies[i].message);
		struct icmp_echo e = echo_of(replies[i].family);
		if (icmp_echo_is_reply(message.p, message.n, &e, replies[i].with_ip_header) !=
		    replies[i].ours)
			fail_msg("%s", replies[i].name);
		hex_done(&message);
	}
}

static const struct {
	const char *name, *quoted;
	uint8_t family;
	bool ours;
} quotes[] = {
	{ "8 bytes", "0800 2985 1234 0003", AF_INET, true },
	{ "all of it", "0800 2985 1234 0002 " COOKIE, AF_INET, true },
	{ "IPv6", "8000 abcd 1234 0003 0011", AF_INET6, true },
	{ "7 bytes", "0800 2985 1234 00", AF_INET, false },
	{ "a reply", "0000 2985 1234 0003", AF_INET, false },
	{ "another identifier", "0800 2985 4321 0003", AF_INET, false },
	{ "another sequence", "0800 2985 1234 0300", AF_INET, false },
};

static void test_quoted(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(quotes); i++) {
		struct hex quoted = hex_parse(quotes[i].quoted);
		struct icmp_echo e = echo_of(quotes[i].family);
		if (icmp_echo_is_request(quoted.p, quoted.n, &e) != quotes[i].ours)
			fail_msg("%s", quotes[i].name);
		hex_done(&quoted);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_request),
		cmocka_unit_test(test_replies),
		cmocka_unit_test(test_quoted),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
