/* SPDX-License-Identifier: MIT */
/* Messages of BGP as a line of the log. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>
#include <sys/socket.h>

#include "bgp/codec.h"
#include "bgp/notify.h"
#include "bgp/open.h"
#include "bgp/trace.h"
#include "bgp/update.h"

static const struct bgp_update_params params = { .four_octet_as = true,
						 .ipv4_unicast = true,
						 .ipv6_unicast = true };
static uint8_t message[BGP_MESSAGE_MAX];
static char text[BGP_TRACE_MAX];

static const char *traced(size_t size)
{
	return bgp_trace_text(message, size, &params, text);
}

static void test_open(void **state)
{
	struct bgp_open open = { .version = 4,
				 .as = 4200000001u,
				 .hold_time = 90,
				 .router_id = 0x0a000001,
				 .has_capabilities = true,
				 .four_octet_as = true,
				 .ipv4_unicast = true,
				 .ipv6_unicast = true };
	(void)state;
	assert_string_equal(traced(bgp_open_encode(message, sizeof(message), &open)),
			    "OPEN AS 4200000001, hold time 90 s, router id 10.0.0.1, IPv4, IPv6");
	open.role = BGP_ROLE_RS_CLIENT;
	assert_string_equal(traced(bgp_open_encode(message, sizeof(message), &open)),
			    "OPEN AS 4200000001, hold time 90 s, router id 10.0.0.1, IPv4, IPv6, "
			    "role rs-client");
	open.role = BGP_ROLE_NONE;
	open.extended_next_hop = true;
	assert_string_equal(traced(bgp_open_encode(message, sizeof(message), &open)),
			    "OPEN AS 4200000001, hold time 90 s, router id 10.0.0.1, IPv4, IPv6, "
			    "extended next hop");
}

static size_t announce(unsigned n)
{
	const uint32_t as = 65001;
	struct bgp_update_builder b;
	const struct bgp_attrs_out attrs = { .origin = BGP_ORIGIN_IGP,
					     .as_path = &as,
					     .n_as_path = 1,
					     .four_octet_as = true,
					     .next_hop = addr_v4(0x0a000102) };
	bgp_update_begin_announce(&b, message, sizeof(message), &attrs, AF_INET);
	for (unsigned i = 0; i < n; i++) {
		const struct prefix p = { addr_v4(0xc0000200 + i), 32 };
		assert_true(bgp_update_add(&b, &p));
	}
	return bgp_update_finish(&b);
}

static void test_update(void **state)
{
	struct bgp_update_builder b;
	const struct prefix p = { addr_v4(0xc0000201), 32 };
	(void)state;
	assert_string_equal(traced(announce(1)), "UPDATE +192.0.2.0/32 next-hop 10.0.1.2");
	assert_string_equal(traced(announce(7)),
			    "UPDATE +192.0.2.0/32 +192.0.2.1/32 +192.0.2.2/32 +192.0.2.3/32 and +3 "
			    "more next-hop 10.0.1.2");
	bgp_update_begin_withdraw(&b, message, sizeof(message), AF_INET, false);
	assert_true(bgp_update_add(&b, &p));
	assert_string_equal(traced(bgp_update_finish(&b)), "UPDATE -192.0.2.1/32");
	assert_string_equal(traced(bgp_encode_end_of_rib(message, sizeof(message), BGP_AFI_IPV6)),
			    "UPDATE End-of-RIB IPv6");
}

static void test_families_of_an_open(void **state)
{
	struct bgp_open open = { .version = 4,
				 .as = 65001,
				 .hold_time = 0,
				 .router_id = 0x0a000001,
				 .has_capabilities = true,
				 .ipv6_unicast = true };
	(void)state;
	assert_string_equal(traced(bgp_open_encode(message, sizeof(message), &open)),
			    "OPEN AS 65001, hold time 0 s, router id 10.0.0.1, IPv6");
	open.ipv6_unicast = false;
	open.ipv4_unicast = true;
	assert_string_equal(traced(bgp_open_encode(message, sizeof(message), &open)),
			    "OPEN AS 65001, hold time 0 s, router id 10.0.0.1, IPv4");
}

static void test_four_prefixes_are_all_shown(void **state)
{
	(void)state;
	assert_string_equal(traced(announce(4)),
			    "UPDATE +192.0.2.0/32 +192.0.2.1/32 +192.0.2.2/32 +192.0.2.3/32 "
			    "next-hop 10.0.1.2");
	assert_string_equal(traced(announce(5)),
			    "UPDATE +192.0.2.0/32 +192.0.2.1/32 +192.0.2.2/32 +192.0.2.3/32 and +1 "
			    "more next-hop 10.0.1.2");
	assert_string_equal(traced(bgp_encode_end_of_rib(message, sizeof(message), BGP_AFI_IPV4)),
			    "UPDATE End-of-RIB IPv4");
}

/* Withdrawn IPv4 routes are in front of the attributes, those of IPv6 in one of them. */
static void test_two_fields(void **state)
{
	static const uint8_t both[] = {
		0, 5, 32,   192, 0, 2, 1,             /* withdrawn routes */
		0, 8, 0x80, 15,  5, 0, 2, 1, 8, 0x20, /* MP_UNREACH_NLRI */
	};
	(void)state;
	memset(message, 0xff, 16);
	message[16] = 0;
	message[17] = 19 + sizeof(both);
	message[18] = BGP_MSG_UPDATE;
	memcpy(message + 19, both, sizeof(both));
	assert_string_equal(traced(19 + sizeof(both)), "UPDATE -192.0.2.1/32 -2000::/8");
}

static void test_refresh(void **state)
{
	static const uint8_t body[] = { 0, 2, 1, 1 };
	(void)state;
	memset(message, 0xff, 16);
	message[16] = 0;
	message[17] = 19 + sizeof(body);
	message[18] = BGP_MSG_ROUTE_REFRESH;
	memcpy(message + 19, body, sizeof(body));
	assert_string_equal(traced(19 + sizeof(body)), "ROUTE-REFRESH AFI 2 SAFI 1 subtype 1");
}

static void test_broken(void **state)
{
	size_t n = bgp_open_encode(
		message, sizeof(message),
		&(struct bgp_open){
			.version = 4, .as = 65001, .hold_time = 90, .router_id = 0x0a000001 });
	(void)state;
	message[19] = 3; /* of the version */
	assert_string_equal(traced(n), "OPEN that cannot be decoded");
	n = announce(1);
	message[20] = 200; /* withdrawn routes beyond the end */
	assert_string_equal(traced(n), "UPDATE that cannot be decoded");
}

static void test_others(void **state)
{
	uint8_t data[BGP_SHUTDOWN_DATA_MAX];
	const struct bgp_notification n =
		bgp_notification_shutdown(BGP_ERR_CEASE_ADMIN_SHUTDOWN, "going home", data);
	(void)state;
	assert_string_equal(traced(bgp_encode_keepalive(message, sizeof(message))), "KEEPALIVE");
	assert_string_equal(traced(bgp_encode_notification(message, sizeof(message), &n)),
			    "NOTIFICATION Cease/Administrative Shutdown: \"going home\"");
	memset(message, 0, sizeof(message));
	assert_string_equal(traced(19), "a message that cannot be decoded");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_open),
		cmocka_unit_test(test_update),
		cmocka_unit_test(test_families_of_an_open),
		cmocka_unit_test(test_four_prefixes_are_all_shown),
		cmocka_unit_test(test_two_fields),
		cmocka_unit_test(test_refresh),
		cmocka_unit_test(test_broken),
		cmocka_unit_test(test_others),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
