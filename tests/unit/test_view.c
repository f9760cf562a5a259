/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/model/app_state.h"
#include "agent/status/alarms.h"
#include "agent/status/alarms_of_peers.h"
#include "agent/status/metrics.h"
#include "agent/status/stream.h"
#include "agent/status/view_consul.h"
#include "agent/status/view_drain.h"
#include "agent/status/view_graceful.h"
#include "agent/status/view_json.h"
#include "agent/status/view_monitor.h"
#include "agent/status/view_nat.h"
#include "agent/status/view_peer.h"
#include "agent/status/view_route.h"
#include "agent/status/view_status.h"
#include "agent/status/view_vip.h"
#include "lib/array.h"
#include "lib/mem.h"

#define SEC USEC_PER_SEC

/* 2026-01-02T03:04:05.678Z on the wall, 1,000 s after boot. */
static const struct view_clock now = { .now = 1000 * SEC, .wall = 1767323045678000 };

static uint32_t community[] = { 0x03e803e8, 0x00640064, 0x13881388 }; /* 1000:1000 … 5000:5000 */
static const struct bgp_peer_config peer_config = {
	.addr = { AF_INET, { 10, 10, 10, 1 } },
	.port = 179,
	.password = "secret",
	.hold_time = 90 * SEC,
	.connect_retry_max = 10 * SEC,
	.communities = { &community[1], 1 },
};
static const struct bgp_peer_status established = {
	.config = &peer_config,
	.local_as = 65001,
	.state = BGP_ESTABLISHED,
	.state_since = 990 * SEC,
	.established_since = 990 * SEC,
	.sessions = 2,
	.last_error = "",
	.path_trouble = "",
	.hint = "",
	.retry_at = USEC_NEVER,
	.peer_as = 65000,
	.peer_router_id = 0x0a0a0a01,
	.local_addr = { AF_INET, { 10, 10, 10, 2 } },
	.local_port = 40000,
	.hold_time = 30,
	.keepalive = 10,
	.ttl = 1,
	.ipv4_unicast = true,
	.next_hop4 = { AF_INET, { 10, 10, 10, 2 } },
	.sent = { .open = 1, .update = 2, .keepalive = 3, .total = 6 },
	.received = { .open = 1, .total = 1 },
	.routes_sent = 7,
};
static const struct bgp_peer_config peer6_config = { .addr = { AF_INET6, { 0xfd, [15] = 1 } } };
static const struct bgp_peer_status established6 = {
	.config = &peer6_config,
	.state = BGP_ESTABLISHED,
	.ipv4_unicast = true,
};
static const struct bgp_peer_status silent = {
	.config = &peer_config,
	.local_as = 65001,
	.state = BGP_ACTIVE,
	.established_since = USEC_NEVER,
	.last_error = "connection timed out",
	.path_trouble = "interface eth0 is down",
	.hint = "no answer at all",
	.retry_at = 1003 * SEC,
	.peer_as = 65001,
	.notice = { .received = true,
		    .code = 6,
		    .subcode = 1,
		    .data = { 0, 1, 1, 0, 0, 0, 1 },
		    .data_len = 7,
		    .first_at = 900 * SEC,
		    .at = 990 * SEC,
		    .count = 3 },
};

static const struct prefix vip4 = { { AF_INET, { 192, 0, 2, 53 } }, 32 };
static const struct prefix vip6 = { { AF_INET6, { 0x20, 0x01, 0x0d, 0xb8, [15] = 0x53 } }, 128 };
static const struct bgp_config global = { .communities = { community, 1 } };
static const struct app_spec spec = {
	.name = (char *)"dns",
	.source = APP_FROM_HTTP,
	.communities = { (uint32_t *)community, 3 },
};

static void expect_json(json_t *got, const char *want)
{
	char *text = stream_json_text(got);
	json_decref(got);
	assert_string_equal(text, want);
	free(text);
}

static void expect_text(json_t *got, const char *key, const char *want)
{
	const char *value = json_string_value(json_object_get(got, key));
	if (!want != !value || (want && strcmp(want, value) != 0))
		fail_msg("%s: '%s', not '%s'", key, value ? value : "(null)",
			 want ? want : "(null)");
}

static void test_info_is_gobgps(void **state)
{
	(void)state;
	expect_json(view_peer_info(&established, &now),
		    "{\"conf\":{\"local_as\":65001,\"neighbor_address\":\"10.10.10.1\","
		    "\"peer_as\":65000,\"peer_type\":1},"
		    "\"ebgp_multihop\":{\"enabled\":false,\"multihop_ttl\":0},"
		    "\"state\":{\"local_as\":65001,\"messages\":{"
		    "\"received\":{\"open\":1,\"update\":0,\"keepalive\":0,\"notification\":0,"
		    "\"refresh\":0,\"total\":1},"
		    "\"sent\":{\"open\":1,\"update\":2,\"keepalive\":3,\"notification\":0,"
		    "\"refresh\":0,\"total\":6}},"
		    "\"neighbor_address\":\"10.10.10.1\",\"peer_as\":65000,\"peer_type\":1,"
		    "\"session_state\":6,\"advertised\":7,\"flops\":1},"
		    "\"timers\":{\"config\":{\"connect_retry\":10,\"hold_time\":90,"
		    "\"keepalive_interval\":30},\"state\":{\"negotiated_hold_time\":30,"
		    "\"keepalive_interval\":10,\"uptime\":{\"seconds\":1767323035}}},"
		    "\"transport\":{\"local_address\":\"10.10.10.2\",\"local_port\":40000,"
		    "\"remote_address\":\"10.10.10.1\",\"remote_port\":179,"
		    "\"passive_mode\":false}}\n");
}

static char *formatted(const struct metrics *m)
{
	struct metric_page page = { 0 };
	metrics_format(m, &page);
	return metric_page_detach(&page);
}

/* Two routers with the same link-local address are two peers, in every place. */
static void test_a_link_local_peer_has_its_interface(void **state)
{
	(void)state;
	struct bgp_peer_config config[] = { peer_config, peer_config };
	struct bgp_peer_status peers[] = { established, established };
	for (size_t i = 0; i < 2; i++) {
		config[i].addr = (struct addr){ AF_INET6, { 0xfe, 0x80, [15] = 1 } };
		snprintf(config[i].ifname, sizeof(config[i].ifname), "eth%zu", i);
		peers[i].config = &config[i];
	}
	json_t *o = view_peer_info(&peers[1], &now), *peer = view_peer(&peers[1], &now);
	expect_text(json_object_get(o, "conf"), "neighbor_address", "fe80::1%eth1");
	expect_text(json_object_get(o, "state"), "neighbor_address", "fe80::1%eth1");
	expect_text(peer, "address", "fe80::1%eth1");
	json_decref(o);
	json_decref(peer);
	const struct metrics m = { .version = "1",
				   .loop_stalls.scale = &histogram_of_stalls,
				   .peers = peers,
				   .n_peers = 2 };
	char *text = formatted(&m);
	assert_non_null(strstr(text, "vipherald_peer_up{peer=\"fe80::1%eth0\"} 1\n"));
	assert_non_null(strstr(text, "vipherald_peer_up{peer=\"fe80::1%eth1\"} 1\n"));
	free(text);
}

static void test_internal_peers_are_type_0(void **state)
{
	(void)state;
	json_t *o = view_peer_info(&silent, &now);
	const json_t *conf = json_object_get(o, "conf");
	assert_int_equal(json_integer_value(json_object_get(conf, "peer_type")), 0);
	assert_null(
		json_object_get(json_object_get(json_object_get(o, "timers"), "state"), "uptime"));
	json_decref(o);
}

static void test_peer_has_the_roles_of_both_sides(void **state)
{
	(void)state;
	struct bgp_peer_config config = peer_config;
	struct bgp_peer_status peer = established;
	json_t *without = view_peer(&peer, &now);
	expect_text(without, "role", NULL);
	expect_text(without, "peer_role", NULL);
	json_decref(without);
	peer.config = &config;
	config.role = BGP_ROLE_CUSTOMER;
	config.role_strict = true;
	peer.peer_role = BGP_ROLE_PROVIDER;
	json_t *o = view_peer(&peer, &now);
	expect_text(o, "role", "customer");
	expect_text(o, "peer_role", "provider");
	assert_true(json_is_true(json_object_get(json_object_get(o, "config"), "role_strict")));
	json_decref(o);
}

static void test_peer_says_why_and_when(void **state)
{
	(void)state;
	json_t *o = view_peer(&silent, &now);
	char *text = stream_json_text(o);
	assert_null(strstr(text, "secret"));
	free(text);
	expect_text(o, "state", "active");
	expect_text(o, "last_error", "connection timed out");
	expect_text(o, "hint", "no answer at all");
	expect_text(o, "path_error", "interface eth0 is down");
	json_t *notice = json_object_get(o, "last_notification");
	expect_text(notice, "direction", "received");
	expect_text(notice, "text",
		    "Cease/Maximum Number of Prefixes Reached (IPv4 unicast, limit 1)");
	expect_text(notice, "data", "00010100000001");
	expect_text(notice, "first", "2026-01-02T03:02:25.678Z");
	expect_text(notice, "last", "2026-01-02T03:03:55.678Z");
	assert_int_equal(json_integer_value(json_object_get(notice, "count")), 3);
	expect_text(o, "retry", "2026-01-02T03:04:08.678Z");
	assert_true(json_is_null(json_object_get(o, "established")));
	assert_true(json_is_null(json_object_get(o, "negotiated")));
	json_decref(o);
}

static void expect_graceful(const struct bgp_peer_status *peer, const char *want)
{
	json_t *o = view_peer(peer, &now);
	char *text = json_dumps(json_object_get(o, "graceful_restart"), JSON_COMPACT);
	assert_string_equal(text, want);
	free(text);
	json_decref(o);
}

static void test_graceful_restart(void **state)
{
	(void)state;
	expect_graceful(&silent, "{\"configured\":false,\"restart_time_seconds\":0,"
				 "\"long_lived_restart_time_seconds\":0,\"long_lived\":false,"
				 "\"negotiated\":false,\"notification\":false,"
				 "\"restarting\":false,\"end_of_rib_held\":false,\"peer\":null}");
	struct bgp_peer_config config = peer_config;
	config.graceful_restart = true;
	config.restart_time = 120 * SEC;
	config.long_lived_restart_time = 3600 * SEC;
	struct bgp_peer_status peer = established;
	peer.config = &config;
	peer.graceful_restart = peer.graceful_notification = peer.long_lived = true;
	peer.restarting = peer.end_of_rib_deferred = true;
	peer.peer_graceful =
		(struct bgp_graceful){ .offered = true,
				       .restarting = true,
				       .notification = true,
				       .restart_time = 77,
				       .ipv6 = { .listed = true, .forwarding = true } };
	expect_graceful(&peer, "{\"configured\":true,\"restart_time_seconds\":120,"
			       "\"long_lived_restart_time_seconds\":3600,\"long_lived\":true,"
			       "\"negotiated\":true,\"notification\":true,\"restarting\":true,"
			       "\"end_of_rib_held\":true,\"peer\":{\"restart_time_seconds\":77,"
			       "\"restarting\":true,\"notification\":true,\"ipv4_unicast\":null,"
			       "\"ipv6_unicast\":{\"forwarding\":true}}}");
	char text[VIEW_GRACEFUL_MAX];
	assert_string_equal(view_graceful_text(&peer.peer_graceful, text),
			    "graceful restart 77s, notification, restarted, ipv6 forwarding");
	peer.peer_graceful.offered = false;
	assert_string_equal(view_graceful_text(&peer.peer_graceful, text), "");
}

/* Why a VIP is not announced, the most telling reason first. */
static struct vip_trouble trouble = { .since = 998 * SEC, .text = "already on lo" };
static const struct reason_case {
	const char *name;
	bool announced, has_app, drained;
	enum health health;
	struct vip_trouble *trouble;
	const char *want;
} reason_cases[] = {
	{ "announced, no session yet", true, true, false, HEALTH_UP, NULL,
	  "no BGP session established (0 of 1): peer 10.10.10.1 is active: connection timed out" },
	{ "error", false, true, false, HEALTH_UP, &trouble, "already on lo" },
	{ "error, and down", false, true, false, HEALTH_DOWN, &trouble, "already on lo" },
	{ "down", false, true, false, HEALTH_DOWN, NULL, "the app is down" },
	{ "unknown", false, true, false, HEALTH_UNKNOWN, NULL, "the app has no verdict yet" },
	{ "up", false, true, false, HEALTH_UP, NULL, "about to be announced" },
	{ "drained", false, true, true, HEALTH_UP, NULL, "the app is drained" },
	{ "orphan", false, false, false, HEALTH_UNKNOWN, NULL,
	  "the app is gone, the VIP is going down" },
};

static void test_reasons(void **state)
{
	(void)state;
	struct bgp_peer_status peers[] = { silent };
	struct view_route routes[] = { { .peer = &peers[0], .state = BGP_ROUTE_NO_SESSION } };
	const struct view_vip_context context = {
		.bgp = &global, .retry_at = 1002 * SEC, .peers = { peers, 1 }, .routes = routes
	};
	for (size_t i = 0; i < ARRAY_SIZE(reason_cases); i++) {
		const struct reason_case *c = &reason_cases[i];
		struct app app = { .health = c->health,
				   .drained_since = c->drained ? 900 * SEC : USEC_NEVER };
		struct vip vip = { .prefix = vip4,
				   .owner = c->has_app ? &app : NULL,
				   .spec = c->has_app ? &spec : NULL,
				   .announced = c->announced,
				   .trouble = c->trouble };
		json_t *o = view_vip(&vip, &context, &now);
		expect_text(o, "reason", c->want);
		expect_text(o, "error", c->trouble ? "already on lo" : NULL);
		expect_text(o, "error_since", c->trouble ? "2026-01-02T03:04:03.678Z" : NULL);
		expect_text(o, "retry", c->trouble ? "2026-01-02T03:04:07.678Z" : NULL);
		expect_text(o, "app", c->has_app ? "dns" : NULL);
		json_decref(o);
	}
}

static void test_a_lasting_error_is_not_tried_again(void **state)
{
	(void)state;
	const struct view_vip_context context = { .bgp = &global, .retry_at = 1002 * SEC };
	static struct vip_trouble lasting = { .since = 998 * SEC, .lasting = true, .text = "no" };
	const struct vip vip = { .prefix = vip4, .trouble = &lasting };
	json_t *o = view_vip(&vip, &context, &now);
	expect_text(o, "error", "no");
	expect_text(o, "retry", NULL);
	json_decref(o);
}

static const struct bgp_peer_config of_waiting = { .communities = { (uint32_t[]){ 100 << 16 | 100 },
								    1 } };
static const struct bgp_peer_status waiting = {
	.config = &of_waiting, .state = BGP_IDLE, .last_error = "", .awaits_path = true
};

static const struct route_case {
	const char *name;
	const struct prefix *prefix;
	const struct bgp_peer_status *peer;
	enum bgp_route_state state;
	const char *reason, *next_hop;
} route_cases[] = {
	{ "sent", &vip4, &established, BGP_ROUTE_SENT, NULL, "10.10.10.2" },
	{ "no session", &vip4, &silent, BGP_ROUTE_NO_SESSION,
	  "no session, the peer is active: connection timed out", NULL },
	{ "BFD is required", &vip4, &waiting, BGP_ROUTE_NO_SESSION,
	  "no session, the peer is idle: it waits for BFD (bfd.required)", NULL },
	{ "no IPv6", &vip6, &established, BGP_ROUTE_NO_FAMILY, "IPv6 unicast was not negotiated",
	  NULL },
	{ "no next hop", &vip6, &established, BGP_ROUTE_NO_NEXT_HOP,
	  "no IPv6 address to be the next hop, set local_ip6", NULL },
	{ "no IPv4 next hop over IPv4", &vip4, &established, BGP_ROUTE_NO_NEXT_HOP,
	  "no IPv4 address to be the next hop, set local_ip", "10.10.10.2" },
	{ "no IPv4 next hop, and the router takes no other", &vip4, &established6,
	  BGP_ROUTE_NO_NEXT_HOP,
	  "no IPv4 address to be the next hop, and the router does not offer an IPv6 one for IPv4 "
	  "routes: configure extended next hop (RFC 8950) for this neighbor there, or set local_ip",
	  NULL },
};

static void test_routes(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(route_cases); i++) {
		const struct route_case *c = &route_cases[i];
		const struct view_route route = { .peer = c->peer, .state = c->state };
		const struct bgp_route_attrs own = { .communities = spec.communities };
		json_t *shown = view_route(&route, c->prefix, &global, &own);
		expect_text(shown, "reason", c->reason);
		expect_text(shown, "next_hop", c->next_hop);
		/* Global, peer, route, without doubles. */
		expect_json(json_deep_copy(json_object_get(shown, "communities")),
			    "[\"1000:1000\",\"100:100\",\"5000:5000\"]\n");
		json_decref(shown);
	}
}

static void test_a_vip_lists_its_routes(void **state)
{
	(void)state;
	struct bgp_peer_status peers[] = { established, silent };
	struct view_route routes[] = { { .peer = &peers[0], .state = BGP_ROUTE_SENT },
				       { .peer = &peers[1], .state = BGP_ROUTE_NO_SESSION } };
	const struct view_vip_context context = { .bgp = &global,
						  .peers = { peers, 2 },
						  .routes = routes };
	struct app app = { .health = HEALTH_UP, .drained_since = USEC_NEVER };
	const struct vip vip = {
		.prefix = vip4, .owner = &app, .spec = &spec, .announced = true, .bound = true
	};
	json_t *o = view_vip(&vip, &context, &now);
	json_t *list = json_object_get(o, "peers");
	assert_int_equal(json_array_size(list), 2);
	expect_text(json_array_get(list, 0), "state", "sent");
	expect_text(json_array_get(list, 1), "state", "no-session");
	json_decref(o);
	struct json_out summary = { 0 };
	view_vip_add_summary(&summary, &vip, &context);
	expect_json(json_loads(summary.text, 0, NULL),
		    "{\"prefix\":\"192.0.2.53/32\",\"bound\":true,\"announced\":true,"
		    "\"announced_to\":{\"sent\":1,\"peers\":2},"
		    "\"reason\":null,\"peers_sent\":1}\n");
	free(summary.text);
}

/* Announced is what at least one established peer has been sent. */
static const struct reach_case {
	const char *name;
	enum bgp_route_state first, second;
	size_t sent;
	const char *reason, *error;
} reach_cases[] = {
	{ "both", BGP_ROUTE_SENT, BGP_ROUTE_SENT, 2, NULL, NULL },
	{ "one is enough", BGP_ROUTE_NO_NEXT_HOP, BGP_ROUTE_SENT, 1, NULL, NULL },
	{ "about to be sent", BGP_ROUTE_NO_NEXT_HOP, BGP_ROUTE_PENDING, 0, "about to be sent",
	  NULL },
	{ "the established peer cannot get it", BGP_ROUTE_NO_NEXT_HOP, BGP_ROUTE_NO_SESSION, 0,
	  "peer 10.10.10.1: no IPv6 address to be the next hop, set local_ip6",
	  "peer 10.10.10.1: no IPv6 address to be the next hop, set local_ip6" },
	{ "no family", BGP_ROUTE_NO_FAMILY, BGP_ROUTE_NO_SESSION, 0,
	  "peer 10.10.10.1: IPv6 unicast was not negotiated",
	  "peer 10.10.10.1: IPv6 unicast was not negotiated" },
	{ "no session", BGP_ROUTE_NO_SESSION, BGP_ROUTE_NO_SESSION, 0,
	  "no BGP session established (0 of 2): peer 10.10.10.1 is established", NULL },
};

static void test_announced_is_what_a_peer_was_sent(void **state)
{
	(void)state;
	struct app app = { .health = HEALTH_UP, .drained_since = USEC_NEVER };
	const struct vip vip = {
		.prefix = vip6, .owner = &app, .spec = &spec, .announced = true, .changed_at = SEC
	};
	for (size_t i = 0; i < ARRAY_SIZE(reach_cases); i++) {
		const struct reach_case *c = &reach_cases[i];
		struct bgp_peer_status peers[] = { established, silent };
		struct view_route routes[] = { { .peer = &peers[0], .state = c->first },
					       { .peer = &peers[1], .state = c->second } };
		const struct view_vip_context context = { .bgp = &global,
							  .retry_at = USEC_NEVER,
							  .peers = { peers, 2 },
							  .routes = routes };
		json_t *o = view_vip(&vip, &context, &now);
		const json_t *to = json_object_get(o, "announced_to");
		assert_int_equal(json_is_true(json_object_get(o, "announced")), c->sent > 0);
		assert_int_equal(json_integer_value(json_object_get(to, "sent")), c->sent);
		assert_int_equal(json_integer_value(json_object_get(to, "peers")), 2);
		expect_text(o, "reason", c->reason);
		expect_text(o, "error", c->error);
		expect_text(o, "error_since", c->error ? "2026-01-02T03:03:55.678Z" : NULL);
		json_decref(o);
	}
}

static void add_errors(const struct prefix *prefix, struct view_route *routes,
		       struct bgp_peer_status *peers, size_t n, struct strbuf *errors)
{
	const struct view_vip_context context = { .peers = { peers, n }, .routes = routes };
	const struct vip vip = { .prefix = *prefix };
	view_vip_add_errors(&vip, &context, errors);
}

static void test_announcement_errors(void **state)
{
	(void)state;
	char buf[512];
	struct strbuf errors = strbuf_over(buf, sizeof(buf));
	struct bgp_peer_status peers[] = { established, silent, established };
	struct view_route good = { .peer = &peers[0], .state = BGP_ROUTE_SENT };
	struct view_route bad[] = { { .peer = &peers[0], .state = BGP_ROUTE_NO_NEXT_HOP },
				    { .peer = &peers[1], .state = BGP_ROUTE_NO_SESSION },
				    { .peer = &peers[2], .state = BGP_ROUTE_NO_FAMILY } };
	add_errors(&vip4, &good, peers, 1, &errors);
	assert_string_equal(buf, "");
	add_errors(&vip6, bad, peers, 3, &errors);
	assert_string_equal(
		buf,
		"announcement errors: [peer 10.10.10.1: 2001:db8::53/128: no IPv6 address to be "
		"the next hop, set local_ip6, peer 10.10.10.1: 2001:db8::53/128: IPv6 unicast was "
		"not negotiated");
}

static void test_a_monitor_shows_what_the_check_said(void **state)
{
	(void)state;
	const struct monitor_status monitor = { .text = "exec:check",
						.said = "exit status 1: \xff broken \x01 text",
						.health = HEALTH_DOWN,
						.since = 990 * SEC,
						.last_check = USEC_NEVER,
						.took = 1500,
						.checks = 9,
						.failures = 4,
						.timing = { .interval = 10 * SEC, .rise = 2 },
						.streak = 1,
						.cert_end = 1767323045 * (wall_t)SEC };
	json_t *o = view_monitor(&monitor, &now);
	expect_text(o, "monitor", "exec:check");
	expect_text(o, "health", "down");
	expect_text(o, "since", "2026-01-02T03:03:55.678Z");
	/* Whatever a check prints, the answer is JSON. */
	assert_non_null(strstr(json_string_value(json_object_get(o, "said")), "broken"));
	assert_true(json_is_null(json_object_get(o, "last_check")));
	assert_true(json_is_null(json_object_get(o, "output")));
	assert_int_equal(json_integer_value(json_object_get(o, "failures")), 4);
	assert_int_equal(json_integer_value(json_object_get(o, "pending")), 1);
	assert_true(json_real_value(json_object_get(o, "interval_seconds")) == 10);
	expect_text(o, "certificate_expires", "2026-01-02T03:04:05.000Z");
	json_decref(o);
}

static void test_nat(void **state)
{
	(void)state;
	const struct nat_status idle = { 0 };
	const struct nat_status busy = { .backend = "nftables",
					 .why = "chosen",
					 .wanted = 3,
					 .present = 2,
					 .put_back = 1,
					 .longest = 1500 };
	expect_json(view_nat_status(&idle),
		    "{\"backend\":null,\"why\":null,\"error\":null,\"rules_wanted\":0,"
		    "\"rules_present\":0,\"transactions\":0,\"failures\":0,\"put_back\":0,"
		    "\"waits\":0,\"flows_forgotten\":0,\"longest_seconds\":0.0}\n");
	json_t *o = view_nat_status(&busy);
	expect_text(o, "backend", "nftables");
	assert_int_equal(json_integer_value(json_object_get(o, "rules_present")), 2);
	assert_true(json_real_value(json_object_get(o, "longest_seconds")) == 0.0015);
	json_decref(o);
}

static void test_consul(void **state)
{
	(void)state;
	const struct consul_client_status client = { .address = "http://127.0.0.1:8500",
						     .node = "",
						     .contact = CONSUL_LOST,
						     .contact_since = 990 * SEC,
						     .error = "connection refused",
						     .error_at = 999 * SEC,
						     .catalog = { .index = 7,
								  .failing_since = 990 * SEC,
								  .answered_at = USEC_NEVER,
								  .failures = 3 } };
	json_t *o = view_consul_client(&client, &now), *services = json_object_get(o, "services");
	expect_text(o, "state", "lost");
	expect_text(o, "node", NULL);
	expect_text(o, "last_error", "connection refused");
	assert_int_equal(json_integer_value(json_object_get(services, "failures")), 3);
	expect_text(services, "last_answer", NULL);
	json_decref(o);
	struct discovered service = { .name = (char *)"web",
				      .state = DISCOVERED_CONFLICT,
				      .rival = (char *)"other",
				      .since = 990 * SEC,
				      .retained_since = USEC_NEVER };
	o = view_consul_service(&service, &now);
	expect_text(o, "state", "conflict");
	expect_text(o, "rival", "other");
	expect_text(o, "problem", NULL);
	expect_text(o, "held_since", NULL);
	json_decref(o);
}

static void test_a_drain_says_who_since_when_and_why(void **state)
{
	(void)state;
	const struct drain of_app = { .requests[DRAIN_BY_API] = { .on = true,
								  .since = 990 * SEC,
								  .until = 1060 * SEC,
								  .reason = "kernel update" } };
	const struct drain of_agent = { .requests[DRAIN_BY_FILE] = { .on = true,
								     .since = 995 * SEC,
								     .until = USEC_NEVER,
								     .reason = "/run/x" } };
	struct view_drain d = { &of_app, &of_agent, 990 * SEC, 1020 * SEC };
	expect_json(view_drain(&d, &now),
		    "{\"since\":\"2026-01-02T03:03:55.678Z\",\"since_seconds\":10.0,"
		    "\"withdraw\":\"2026-01-02T03:04:25.678Z\",\"withdraw_seconds\":20.0,"
		    "\"holds\":[{\"by\":\"api\",\"of\":\"app\",\"reason\":\"kernel update\","
		    "\"since\":\"2026-01-02T03:03:55.678Z\",\"since_seconds\":10.0,"
		    "\"until\":\"2026-01-02T03:05:05.678Z\",\"until_seconds\":60.0},"
		    "{\"by\":\"file\",\"of\":\"agent\",\"reason\":\"/run/x\","
		    "\"since\":\"2026-01-02T03:04:00.678Z\",\"since_seconds\":5.0,"
		    "\"until\":null,\"until_seconds\":null}]}\n");
	d.since = USEC_NEVER;
	expect_json(view_drain(&d, &now), "null\n");
}

static void test_state_names(void **state)
{
	(void)state;
	static const struct {
		enum health health;
		enum route_form form;
		bool drained;
		const char *want;
	} cases[] = {
		{ HEALTH_UNKNOWN, ROUTE_NONE, false, "unknown" },
		{ HEALTH_UP, ROUTE_UP, false, "up" },
		{ HEALTH_DOWN, ROUTE_NONE, false, "down" },
		{ HEALTH_DOWN, ROUTE_DOWN, false, "last-resort" },
		{ HEALTH_DOWN, ROUTE_KEPT, false, "kept" },
		{ HEALTH_UP, ROUTE_JOIN, false, "joining" },
		{ HEALTH_UP, ROUTE_DRAIN, true, "draining" },
		{ HEALTH_UP, ROUTE_NONE, true, "drained" },
		{ HEALTH_DOWN, ROUTE_NONE, true, "drained" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_string_equal(
			app_state_name(cases[i].health, cases[i].form, cases[i].drained),
			cases[i].want);
}

static void test_attributes_are_shown(void **state)
{
	(void)state;
	struct bgp_ext_community ext = { 0x0002fde9, 100 };
	struct bgp_large_community large = { 65001, 1, 2 };
	struct bgp_route_attrs attrs = { .has_med = true,
					 .med = UINT32_MAX,
					 .prepends = 3,
					 .has_weight = true,
					 .weight = 0x4cee6b28,
					 .communities = { community, 1 },
					 .ext_communities = { &ext, 1 },
					 .large_communities = { &large, 1 } };
	expect_json(view_route_attrs(&attrs),
		    "{\"med\":4294967295,\"local_pref\":null,\"prepend\":3,\"weight\":125000000,"
		    "\"communities\":[\"1000:1000\"],\"ext_communities\":[\"rt:65001:100\"],"
		    "\"large_communities\":[\"65001:1:2\"]}\n");
}

static void test_a_peer_that_stays_down_is_an_alarm(void **state)
{
	(void)state;
	json_t *alarms = json_array();
	struct bgp_peer_status peer = established;
	peer.down_since = USEC_NEVER;
	alarms_add_peer(alarms, &peer, &now);
	peer = silent;
	peer.down_since = now.now - ALARM_PEER_DOWN + 1;
	alarms_add_peer(alarms, &peer, &now);
	assert_int_equal(json_array_size(alarms), 0);
	peer.down_since = now.now - ALARM_PEER_DOWN;
	alarms_add_peer(alarms, &peer, &now);
	json_t *alarm = json_array_get(alarms, 0);
	expect_text(alarm, "alarm", "peer-down");
	expect_text(alarm, "peer", "10.10.10.1");
	expect_text(alarm, "since", "2026-01-02T03:03:05.678Z");
	expect_text(alarm, "text",
		    "peer 10.10.10.1 is active: connection timed out; no answer at all");
	json_decref(alarms);
}

static void test_a_member_that_is_no_text_is_empty(void **state)
{
	(void)state;
	json_t *o = json_pack("{s:s, s:i, s:n}", "peer", "10.0.0.1", "n", 1, "null");
	assert_string_equal(view_member(o, "peer"), "10.0.0.1");
	assert_string_equal(view_member(o, "n"), "");
	assert_string_equal(view_member(o, "null"), "");
	assert_string_equal(view_member(o, "none"), "");
	assert_string_equal(view_member(NULL, "peer"), "");
	json_decref(o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_member_that_is_no_text_is_empty),
		cmocka_unit_test(test_info_is_gobgps),
		cmocka_unit_test(test_internal_peers_are_type_0),
		cmocka_unit_test(test_a_peer_that_stays_down_is_an_alarm),
		cmocka_unit_test(test_a_link_local_peer_has_its_interface),
		cmocka_unit_test(test_peer_has_the_roles_of_both_sides),
		cmocka_unit_test(test_peer_says_why_and_when),
		cmocka_unit_test(test_graceful_restart),
		cmocka_unit_test(test_reasons),
		cmocka_unit_test(test_a_lasting_error_is_not_tried_again),
		cmocka_unit_test(test_routes),
		cmocka_unit_test(test_a_vip_lists_its_routes),
		cmocka_unit_test(test_announced_is_what_a_peer_was_sent),
		cmocka_unit_test(test_announcement_errors),
		cmocka_unit_test(test_a_monitor_shows_what_the_check_said),
		cmocka_unit_test(test_nat),
		cmocka_unit_test(test_consul),
		cmocka_unit_test(test_a_drain_says_who_since_when_and_why),
		cmocka_unit_test(test_state_names),
		cmocka_unit_test(test_attributes_are_shown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
