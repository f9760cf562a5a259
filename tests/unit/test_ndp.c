/* SPDX-License-Identifier: MIT */
#include "net/ndp.h"

#include "tests/unit/hex.h"

#define RA   "8600 0000 40 00 0708 00000000 00000000 "
#define NA   "8800 0000 60000000 fe800000000000000000000000000001 "
#define ECHO "8100 0000 55667788 11223344 55667788"

static const struct {
	const char *name, *hex, *source;
	int hop_limit;
	uint8_t type; /* 0: dropped */
	const char *target;
	uint64_t cookie;
} received[] = {
	{ "FRR 8.4.4, with the link-layer address, a prefix and an interval",
	  "8600 0000 40 00 0000 00000000 00000000 0101 d6410f8d2389 0701 0000 00002710"
	  "0304 40 c0 00278d00 00093a80 00000000 fd000001000000000000000000000000",
	  "fe80::1", 255, 134, NULL, 0 },
	{ "RA without options", RA, "fe80::1", 255, 134, NULL, 0 },
	{ "RA with an option that is not known", RA "fd02 00000000 0000 0000 00000000 0000",
	  "fe80::1", 255, 134, NULL, 0 },
	{ "6.1.2 RA from a global address", RA, "2001:db8::1", 255, 0, NULL, 0 },
	{ "6.1.2 RA from nowhere", RA, "::", 255, 0, NULL, 0 },
	{ "6.1.2 RA that passed a router", RA, "fe80::1", 254, 0, NULL, 0 },
	{ "6.1.2 RA without a hop limit", RA, "fe80::1", -1, 0, NULL, 0 },
	{ "6.1.2 RA with a code", "8601 0000 40 00 0708 00000000 00000000", "fe80::1", 255, 0, NULL,
	  0 },
	{ "6.1.2 RA of 15 octets", "8600 0000 40 00 0708 00000000 000000", "fe80::1", 255, 0, NULL,
	  0 },
	{ "6.1.2 RA with an option of length 0", RA "0100 d6410f8d2389", "fe80::1", 255, 0, NULL,
	  0 },
	{ "6.1.2 RA with an option that is cut", RA "0102 d6410f8d2389", "fe80::1", 255, 0, NULL,
	  0 },
	{ "6.1.2 RA with half an option header", RA "01", "fe80::1", 255, 0, NULL, 0 },
	{ "NA", NA, "fe80::1", 255, 136, "fe80::1", 0 },
	{ "NA with the link-layer address", NA "0201 d6410f8d2389", "fe80::1", 255, 136, "fe80::1",
	  0 },
	{ "7.1.2 NA that passed a router", NA, "fe80::1", 64, 0, NULL, 0 },
	{ "7.1.2 NA with a code", "8801 0000 60000000 fe800000000000000000000000000001", "fe80::1",
	  255, 0, NULL, 0 },
	{ "7.1.2 NA of a group", "8800 0000 60000000 ff020000000000000000000000000001", "fe80::1",
	  255, 0, NULL, 0 },
	{ "NA of a global address", "8800 0000 60000000 20010db8000000000000000000000001",
	  "fe80::1", 255, 0, NULL, 0 },
	{ "7.1.2 NA that is cut", "8800 0000 60000000 fe8000000000000000000000000000", "fe80::1",
	  255, 0, NULL, 0 },
	{ "7.1.2 NA with an option of length 0", NA "0200 d6410f8d2389", "fe80::1", 255, 0, NULL,
	  0 },
	{ "echo reply, whatever the hop limit", ECHO, "fe80::1", 64, 129, NULL,
	  0x1122334455667788 },
	{ "echo reply from a global address", ECHO, "2001:db8::1", 64, 0, NULL, 0 },
	{ "echo reply to another program", ECHO "00", "fe80::1", 64, 0, NULL, 0 },
	{ "short echo reply", "8100 0000 55667788 11223344", "fe80::1", 64, 0, NULL, 0 },
	{ "RS", "8500 0000 00000000", "fe80::1", 255, 0, NULL, 0 },
	{ "NS", "8700 0000 00000000 fe800000000000000000000000000001", "fe80::1", 255, 0, NULL, 0 },
	{ "redirect", "8900 0000 00000000", "fe80::1", 255, 0, NULL, 0 },
	{ "two octets", "8600", "fe80::1", 255, 0, NULL, 0 },
	{ "nothing", "", "fe80::1", 255, 0, NULL, 0 },
};

static struct addr addr_of(const char *text)
{
	struct addr a;
	assert_int_equal(addr_parse(text, &a), 0);
	return a;
}

static void what_is_received(void **state)
{
	char text[ADDR_TEXT_MAX];
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(received); i++) {
		struct hex h = hex_parse(received[i].hex);
		struct ndp_message m = { 0 };
		const struct ndp_packet p = { .data = h.p,
					      .len = h.n,
					      .source = addr_of(received[i].source),
					      .hop_limit = received[i].hop_limit };
		bool taken = ndp_parse(&p, &m);
		if (taken != (received[i].type != 0) || m.type != received[i].type ||
		    m.cookie != received[i].cookie)
			fail_msg("%s: taken %d, type %u", received[i].name, taken, m.type);
		if (received[i].target)
			assert_string_equal(addr_format(&m.target, text), received[i].target);
		hex_done(&h);
	}
}

/* Cut everywhere: nothing is read behind the end (the sanitizer sees it). */
static void what_is_cut(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(received); i++) {
		struct hex h = hex_parse(received[i].hex);
		for (size_t n = 0; n < h.n; n++) {
			struct hex cut = hex_copy(h.p, n);
			struct ndp_message m;
			const struct ndp_packet p = { .data = cut.p,
						      .len = n,
						      .source = addr_of("fe80::1"),
						      .hop_limit = 255 };
			ndp_parse(&p, &m);
			hex_done(&cut);
		}
		hex_done(&h);
	}
}

static void what_is_sent(void **state)
{
	static const uint8_t mac[] = { 2, 0, 0, 0, 0, 9 };
	uint8_t buf[NDP_MESSAGE_MAX];
	struct addr target = addr_of("fe80::12:3456");
	(void)state;
	assert_hex("RS", buf, ndp_build_router_solicit(buf, mac),
		   "8500 0000 00000000 0101 020000000009");
	assert_hex("RS without a MAC address", buf, ndp_build_router_solicit(buf, NULL),
		   "8500 0000 00000000");
	assert_hex("RA", buf, ndp_build_router_advert(buf, mac),
		   "8600 0000 00 00 0000 00000000 00000000 0101 020000000009");
	assert_hex("NS", buf, ndp_build_neighbor_solicit(buf, &target, mac),
		   "8700 0000 00000000 fe800000000000000000000000123456 0101 020000000009");
	assert_hex("echo", buf, ndp_build_echo(buf, 0x1122334455667788),
		   "8000 0000 55667788 11223344 55667788");
}

static void groups(void **state)
{
	char text[ADDR_TEXT_MAX];
	struct addr target = addr_of("fe80::12:3456"), a = ndp_solicited_node(&target);
	(void)state;
	assert_string_equal(addr_format(&a, text), "ff02::1:ff12:3456");
	a = ndp_all_nodes();
	assert_string_equal(addr_format(&a, text), "ff02::1");
	a = ndp_all_routers();
	assert_string_equal(addr_format(&a, text), "ff02::2");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_received),
		cmocka_unit_test(what_is_cut),
		cmocka_unit_test(what_is_sent),
		cmocka_unit_test(groups),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
