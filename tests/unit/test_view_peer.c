/* SPDX-License-Identifier: MIT */
/* A peer as JSON, with a value of its own in every member. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

#include "agent/status/view_graceful.h"
#include "agent/status/view_peer.h"
#include "lib/array.h"

#define SEC USEC_PER_SEC

static const struct view_clock now = { .now = 1000 * SEC, .wall = 2000 * SEC };
static uint32_t communities[] = { 0x00010002, 0x00030004, 0x00010002 };
static const struct bgp_peer_config config = {
	.addr = { AF_INET, { 10, 0, 0, 1 } },
	.port = 1179,
	.multi_hop = true,
	.passive = true,
	.role = BGP_ROLE_CUSTOMER,
	.role_strict = true,
	.password = "secret",
	.hold_time = 60 * SEC,
	.keepalive = 7 * SEC,
	.connect_retry_max = 11 * SEC,
	.graceful_restart = true,
	.restart_time = 120 * SEC,
	.long_lived_restart_time = 3600 * SEC,
	.description = "rack 7",
	.communities = { communities, ARRAY_SIZE(communities) },
};
static const struct bgp_peer_status peer = {
	.config = &config,
	.local_as = 65001,
	.peer_as = 65002,
	.state = BGP_ESTABLISHED,
	.state_since = 990 * SEC,
	.established_since = 980 * SEC,
	.sessions = 5,
	.replaced = 2,
	.last_error = "closed",
	.hint = "wait",
	.path_trouble = "no route",
	.notice = { .code = 6,
		    .subcode = 4,
		    .data = { 1, 0x78 },
		    .data_len = 2,
		    .first_at = 900 * SEC,
		    .at = 950 * SEC,
		    .count = 3 },
	.retry_at = 1003 * SEC,
	.peer_router_id = 0x0a000009,
	.peer_role = BGP_ROLE_PROVIDER,
	.local_addr = { AF_INET, { 10, 0, 0, 2 } },
	.local_port = 40000,
	.hold_time = 30,
	.keepalive = 10,
	.ttl = 64,
	.four_octet_as = true,
	.enhanced_refresh = true,
	.ipv6_unicast = true,
	.graceful_restart = true,
	.long_lived = true,
	.restarting = true,
	.peer_graceful = { .offered = true,
			   .restart_time = 90,
			   .notification = true,
			   .ipv4 = { .listed = true, .forwarding = true },
			   .ipv6 = { .listed = true } },
	.next_hop4 = { AF_INET, { 10, 0, 0, 3 } },
	.next_hop6 = { AF_INET6, { 0x20, 0x01, [15] = 4 } },
	.sent = { 1, 2, 3, 4, 5, 15 },
	.received = { 6, 7, 8, 9, 10, 40 },
	.prefixes_received = 51,
	.prefixes_withdrawn = 52,
	.errors_tolerated = 53,
	.routes_sent = 54,
	.routes_pending = 55,
};

static void expect(json_t *view, const char *wanted)
{
	char *text = json_dumps(view, JSON_INDENT(1));
	json_decref(view);
	assert_string_equal(text, wanted);
	free(text);
}

static const char peer_text[] = "{\n"
				" \"address\": \"10.0.0.1\",\n"
				" \"peer_as\": 65002,\n"
				" \"local_as\": 65001,\n"
				" \"type\": \"external\",\n"
				" \"state\": \"established\",\n"
				" \"last_error\": \"closed\",\n"
				" \"hint\": \"wait\",\n"
				" \"admin_down\": false,\n"
				" \"description\": \"rack 7\",\n"
				" \"last_notification\": {\n"
				"  \"direction\": \"sent\",\n"
				"  \"code\": 6,\n"
				"  \"subcode\": 4,\n"
				"  \"text\": \"Cease/Administrative Reset: \\\"x\\\"\",\n"
				"  \"data\": \"0178\",\n"
				"  \"count\": 3,\n"
				"  \"first\": \"1970-01-01T00:31:40.000Z\",\n"
				"  \"first_seconds\": 100.0,\n"
				"  \"last\": \"1970-01-01T00:32:30.000Z\",\n"
				"  \"last_seconds\": 50.0\n"
				" },\n"
				" \"interface\": null,\n"
				" \"unnumbered\": null,\n"
				" \"device\": null,\n"
				" \"other_router\": null,\n"
				" \"path_error\": \"no route\",\n"
				" \"since\": \"1970-01-01T00:33:10.000Z\",\n"
				" \"since_seconds\": 10.0,\n"
				" \"established\": \"1970-01-01T00:33:00.000Z\",\n"
				" \"established_seconds\": 20.0,\n"
				" \"retry\": \"1970-01-01T00:33:23.000Z\",\n"
				" \"retry_seconds\": 3.0,\n"
				" \"sessions\": 5,\n"
				" \"replaced\": 2,\n"
				" \"router_id\": \"10.0.0.9\",\n"
				" \"role\": \"customer\",\n"
				" \"peer_role\": \"provider\",\n"
				" \"local_address\": \"10.0.0.2\",\n"
				" \"local_port\": 40000,\n"
				" \"ttl\": 64,\n"
				" \"next_hop\": \"10.0.0.3\",\n"
				" \"next_hop6\": \"2001::4\",\n"
				" \"config\": {\n"
				"  \"port\": 1179,\n"
				"  \"multi_hop\": true,\n"
				"  \"ttl_security\": false,\n"
				"  \"role_strict\": true,\n"
				"  \"passive\": true,\n"
				"  \"password\": true,\n"
				"  \"hold_time_seconds\": 60,\n"
				"  \"communities\": [\n"
				"   \"1:2\",\n"
				"   \"3:4\"\n"
				"  ]\n"
				" },\n"
				" \"negotiated\": {\n"
				"  \"hold_time_seconds\": 30,\n"
				"  \"keepalive_seconds\": 10,\n"
				"  \"ipv4_unicast\": false,\n"
				"  \"ipv6_unicast\": true,\n"
				"  \"four_octet_as\": true,\n"
				"  \"route_refresh\": false,\n"
				"  \"enhanced_refresh\": true,\n"
				"  \"extended_messages\": false,\n"
				"  \"extended_next_hop\": false\n"
				" },\n"
				" \"graceful_restart\": {\n"
				"  \"configured\": true,\n"
				"  \"restart_time_seconds\": 120,\n"
				"  \"long_lived_restart_time_seconds\": 3600,\n"
				"  \"long_lived\": true,\n"
				"  \"negotiated\": true,\n"
				"  \"notification\": false,\n"
				"  \"restarting\": true,\n"
				"  \"end_of_rib_held\": false,\n"
				"  \"peer\": {\n"
				"   \"restart_time_seconds\": 90,\n"
				"   \"restarting\": false,\n"
				"   \"notification\": true,\n"
				"   \"ipv4_unicast\": {\n"
				"    \"forwarding\": true\n"
				"   },\n"
				"   \"ipv6_unicast\": {\n"
				"    \"forwarding\": false\n"
				"   }\n"
				"  }\n"
				" },\n"
				" \"routes\": {\n"
				"  \"sent\": 54,\n"
				"  \"pending\": 55,\n"
				"  \"received\": 51,\n"
				"  \"received_withdrawn\": 52,\n"
				"  \"errors_tolerated\": 53\n"
				" },\n"
				" \"messages\": {\n"
				"  \"received\": {\n"
				"   \"open\": 6,\n"
				"   \"update\": 7,\n"
				"   \"keepalive\": 8,\n"
				"   \"notification\": 9,\n"
				"   \"refresh\": 10,\n"
				"   \"total\": 40\n"
				"  },\n"
				"  \"sent\": {\n"
				"   \"open\": 1,\n"
				"   \"update\": 2,\n"
				"   \"keepalive\": 3,\n"
				"   \"notification\": 4,\n"
				"   \"refresh\": 5,\n"
				"   \"total\": 15\n"
				"  }\n"
				" }\n"
				"}";

static void test_peer(void **state)
{
	(void)state;
	expect(view_peer(&peer, &now), peer_text);
}

static const char info_text[] = "{\n"
				" \"conf\": {\n"
				"  \"local_as\": 65001,\n"
				"  \"neighbor_address\": \"10.0.0.1\",\n"
				"  \"peer_as\": 65002,\n"
				"  \"peer_type\": 1\n"
				" },\n"
				" \"ebgp_multihop\": {\n"
				"  \"enabled\": true,\n"
				"  \"multihop_ttl\": 64\n"
				" },\n"
				" \"state\": {\n"
				"  \"local_as\": 65001,\n"
				"  \"messages\": {\n"
				"   \"received\": {\n"
				"    \"open\": 6,\n"
				"    \"update\": 7,\n"
				"    \"keepalive\": 8,\n"
				"    \"notification\": 9,\n"
				"    \"refresh\": 10,\n"
				"    \"total\": 40\n"
				"   },\n"
				"   \"sent\": {\n"
				"    \"open\": 1,\n"
				"    \"update\": 2,\n"
				"    \"keepalive\": 3,\n"
				"    \"notification\": 4,\n"
				"    \"refresh\": 5,\n"
				"    \"total\": 15\n"
				"   }\n"
				"  },\n"
				"  \"neighbor_address\": \"10.0.0.1\",\n"
				"  \"peer_as\": 65002,\n"
				"  \"peer_type\": 1,\n"
				"  \"session_state\": 6,\n"
				"  \"advertised\": 54,\n"
				"  \"flops\": 4\n"
				" },\n"
				" \"timers\": {\n"
				"  \"config\": {\n"
				"   \"connect_retry\": 11,\n"
				"   \"hold_time\": 60,\n"
				"   \"keepalive_interval\": 7\n"
				"  },\n"
				"  \"state\": {\n"
				"   \"negotiated_hold_time\": 30,\n"
				"   \"keepalive_interval\": 10,\n"
				"   \"uptime\": {\n"
				"    \"seconds\": 1980\n"
				"   }\n"
				"  }\n"
				" },\n"
				" \"transport\": {\n"
				"  \"local_address\": \"10.0.0.2\",\n"
				"  \"local_port\": 40000,\n"
				"  \"remote_address\": \"10.0.0.1\",\n"
				"  \"remote_port\": 1179,\n"
				"  \"passive_mode\": true\n"
				" }\n"
				"}";

static void test_info(void **state)
{
	(void)state;
	expect(view_peer_info(&peer, &now), info_text);
}

/* The router of a peer that is configured by its interface: not known, then known. */
static void test_unnumbered(void **state)
{
	struct bgp_peer_config link = { .ifname = "eth0", .unnumbered = true };
	const struct bgp_peer_status status = { .config = &link,
						.established_since = USEC_NEVER,
						.retry_at = USEC_NEVER,
						.last_error = "",
						.hint = "",
						.path_trouble = "",
						.adverts_heard = 7 };
	(void)state;
	json_t *view = view_peer(&status, &now);
	const json_t *shown = json_object_get(view, "unnumbered");
	assert_true(json_is_null(json_object_get(shown, "router")));
	assert_int_equal(json_integer_value(json_object_get(shown, "advertisements")), 7);
	json_decref(view);
	link.addr = (struct addr){ AF_INET6, { 0xfe, 0x80, [15] = 1 } };
	view = view_peer(&status, &now);
	shown = json_object_get(view, "unnumbered");
	assert_string_equal(json_string_value(json_object_get(shown, "router")), "fe80::1");
	json_decref(view);
}

/* Fields that are null, 0 or missing for a peer that was never up. */
static void test_never_up(void **state)
{
	static const struct bgp_peer_config plain = { .addr = { AF_INET, { 10, 0, 0, 1 } },
						      .multi_hop = true,
						      .hold_time = 90 * SEC };
	const struct bgp_peer_status idle = { .config = &plain,
					      .local_as = 65001,
					      .peer_as = 65001,
					      .established_since = USEC_NEVER,
					      .retry_at = USEC_NEVER,
					      .last_error = "",
					      .hint = "",
					      .path_trouble = "",
					      .ttl = 255 };
	json_t *info = view_peer_info(&idle, &now), *view = view_peer(&idle, &now);
	(void)state;
	const json_t *multihop = json_object_get(info, "ebgp_multihop");
	assert_true(json_is_false(json_object_get(multihop, "enabled")));
	assert_int_equal(json_integer_value(json_object_get(multihop, "multihop_ttl")), 0);
	const json_t *s = json_object_get(info, "state");
	assert_int_equal(json_integer_value(json_object_get(s, "flops")), 0);
	const json_t *timers = json_object_get(info, "timers");
	const json_t *c = json_object_get(timers, "config");
	assert_int_equal(json_integer_value(json_object_get(c, "keepalive_interval")), 30);
	assert_null(json_object_get(json_object_get(timers, "state"), "uptime"));
	static const char *const nulls[] = { "last_notification", "router_id",   "local_address",
					     "negotiated",        "established", "retry" };
	for (size_t i = 0; i < ARRAY_SIZE(nulls); i++)
		if (!json_is_null(json_object_get(view, nulls[i])))
			fail_msg("%s", nulls[i]);
	assert_true(
		json_is_null(json_object_get(json_object_get(view, "graceful_restart"), "peer")));
	json_decref(info);
	json_decref(view);
}

static void test_graceful_text(void **state)
{
	char text[VIEW_GRACEFUL_MAX];
	struct bgp_graceful g = peer.peer_graceful;
	(void)state;
	assert_string_equal(view_graceful_text(&g, text),
			    "graceful restart 90s, notification, ipv4 forwarding, ipv6 not "
			    "forwarding");
	g.notification = false;
	g.restarting = true;
	g.ipv6.listed = false;
	assert_string_equal(view_graceful_text(&g, text),
			    "graceful restart 90s, restarted, ipv4 forwarding");
	g.offered = false;
	assert_string_equal(view_graceful_text(&g, text), "");
}

static void test_result(void **state)
{
	(void)state;
	json_t *o = view_peer_result("10.0.0.1", "disabled");
	json_t *expected = json_pack("{s:s, s:s}", "peer", "10.0.0.1", "result", "disabled");
	assert_true(json_equal(o, expected));
	json_decref(o);
	json_decref(expected);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_peer),          cmocka_unit_test(test_info),
		cmocka_unit_test(test_unnumbered),    cmocka_unit_test(test_never_up),
		cmocka_unit_test(test_graceful_text), cmocka_unit_test(test_result),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
