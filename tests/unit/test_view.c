/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "agent/model/app_state.h"
#include "agent/status/metrics.h"
#include "agent/status/stream.h"
#include "agent/status/view.h"
#include "agent/status/view_graceful.h"
#include "agent/status/view_peer.h"

#define SEC USEC_PER_SEC

/* 2026-01-02T03:04:05.678Z on the wall, 1,000 s after boot. */
static const struct view_clock now = { .now = 1000 * SEC, .real_usec = 1767323045678000 };

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
};

static const struct prefix vip4 = { { AF_INET, { 192, 0, 2, 53 } }, 32 };
static const struct prefix vip6 = { { AF_INET6, { 0x20, 0x01, 0x0d, 0xb8, [15] = 0x53 } }, 128 };
static const struct bgp_communities global = { community, 1 };
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
				 "\"negotiated\":false,\"notification\":false,"
				 "\"restarting\":false,\"end_of_rib_held\":false,\"peer\":null}");
	struct bgp_peer_config config = peer_config;
	config.graceful_restart = true;
	config.restart_time = 120 * SEC;
	struct bgp_peer_status peer = established;
	peer.config = &config;
	peer.graceful_restart = peer.graceful_notification = true;
	peer.restarting = peer.end_of_rib_deferred = true;
	peer.peer_graceful =
		(struct bgp_graceful){ .offered = true,
				       .restarting = true,
				       .notification = true,
				       .restart_time = 77,
				       .ipv6 = { .listed = true, .forwarding = true } };
	expect_graceful(&peer, "{\"configured\":true,\"restart_time_seconds\":120,"
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
static const struct reason_case {
	const char *name;
	bool announced, has_app;
	enum health health;
	const char *error, *want;
} reason_cases[] = {
	{ "announced", true, true, HEALTH_UP, NULL, NULL },
	{ "error", false, true, HEALTH_UP, "already on lo", "already on lo" },
	{ "error of a VIP that is down", false, true, HEALTH_DOWN, "no luck", "no luck" },
	{ "down", false, true, HEALTH_DOWN, NULL, "the app is down" },
	{ "unknown", false, true, HEALTH_UNKNOWN, NULL, "the app has no verdict yet" },
	{ "up", false, true, HEALTH_UP, NULL, "about to be announced" },
	{ "orphan", false, false, HEALTH_UNKNOWN, NULL, "the app is gone, the VIP is going down" },
};

static void test_reasons(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(reason_cases) / sizeof(reason_cases[0]); i++) {
		const struct reason_case *c = &reason_cases[i];
		struct view_vip vip = { .prefix = &vip4,
					.spec = c->has_app ? &spec : NULL,
					.health = c->health,
					.announced = c->announced,
					.changed_at = USEC_NEVER,
					.error = c->error,
					.error_since = 998 * SEC,
					.retry_at = 1002 * SEC,
					.global = &global };
		json_t *o = view_vip(&vip, &now);
		expect_text(o, "reason", c->want);
		expect_text(o, "error", c->error);
		expect_text(o, "error_since", c->error ? "2026-01-02T03:04:03.678Z" : NULL);
		expect_text(o, "app", c->has_app ? "dns" : NULL);
		json_decref(o);
	}
}

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
	{ "no IPv6", &vip6, &established, BGP_ROUTE_NO_FAMILY, "IPv6 unicast was not negotiated",
	  NULL },
	{ "no next hop", &vip6, &established, BGP_ROUTE_NO_NEXT_HOP,
	  "no IPv6 address to be the next hop, set local_ip6", NULL },
};

static void test_routes(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(route_cases) / sizeof(route_cases[0]); i++) {
		const struct route_case *c = &route_cases[i];
		struct view_route route = { c->peer, c->state };
		struct view_vip vip = { .prefix = c->prefix,
					.spec = &spec,
					.announced = true,
					.changed_at = 999 * SEC,
					.global = &global,
					.routes = &route,
					.n_routes = 1 };
		json_t *o = view_vip(&vip, &now);
		json_t *shown = json_array_get(json_object_get(o, "peers"), 0);
		expect_text(shown, "reason", c->reason);
		expect_text(shown, "next_hop", c->next_hop);
		/* Global, peer, route, each once. */
		expect_json(json_deep_copy(json_object_get(shown, "communities")),
			    "[\"1000:1000\",\"100:100\",\"5000:5000\"]\n");
		json_decref(o);
	}
}

static void test_announcement_errors(void **state)
{
	(void)state;
	char buf[512];
	const struct view_route good = { &established, BGP_ROUTE_SENT };
	const struct view_route bad[] = { { &established, BGP_ROUTE_NO_NEXT_HOP },
					  { &silent, BGP_ROUTE_NO_SESSION },
					  { &established, BGP_ROUTE_NO_FAMILY } };
	const struct view_vip vips[] = { { .prefix = &vip4, .routes = &good, .n_routes = 1 },
					 { .prefix = &vip6, .routes = bad, .n_routes = 3 } };
	assert_string_equal(view_announcement_errors(vips, 1, buf, sizeof(buf)), "");
	assert_string_equal(
		view_announcement_errors(vips, 2, buf, sizeof(buf)),
		"announcement errors: [peer 10.10.10.1: 2001:db8::53/128: no IPv6 address to be "
		"the next hop, set local_ip6, peer 10.10.10.1: 2001:db8::53/128: IPv6 unicast was "
		"not negotiated]");
}

static void test_app_shows_what_the_check_said(void **state)
{
	(void)state;
	const struct view_monitor monitor = { .text = "exec:check",
					      .said = "exit status 1: \xff broken \x01 text",
					      .health = HEALTH_DOWN,
					      .since = 990 * SEC,
					      .last_check = USEC_NEVER,
					      .took = 1500,
					      .checks = 9,
					      .failures = 4 };
	const struct view_app app = { .spec = &spec,
				      .health = HEALTH_DOWN,
				      .drain = { .since = USEC_NEVER },
				      .health_since = 990 * SEC,
				      .registered_at = 900 * SEC,
				      .cleanup_at = 1890 * SEC,
				      .reason = "exec:check: exit status 1",
				      .went_up = 3,
				      .went_down = 2,
				      .monitors = &monitor,
				      .n_monitors = 1 };
	json_t *o = view_app(&app, &now);
	json_t *shown = json_array_get(json_object_get(o, "monitors"), 0);
	expect_text(o, "health", "down");
	expect_text(o, "source", "http");
	expect_text(o, "reason", "exec:check: exit status 1");
	expect_text(o, "since", "2026-01-02T03:03:55.678Z");
	assert_int_equal(json_integer_value(json_object_get(o, "went_down")), 2);
	assert_true(json_real_value(json_object_get(o, "cleanup_seconds")) == 890);
	/* Whatever a check prints, the answer is JSON. */
	assert_non_null(strstr(json_string_value(json_object_get(shown, "said")), "broken"));
	assert_true(json_is_null(json_object_get(shown, "last_check")));
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
		{ HEALTH_UP, ROUTE_DRAIN, true, "draining" },
		{ HEALTH_UP, ROUTE_NONE, true, "drained" },
		{ HEALTH_DOWN, ROUTE_NONE, true, "drained" },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
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
					 .communities = { community, 1 },
					 .ext_communities = { &ext, 1 },
					 .large_communities = { &large, 1 } };
	expect_json(view_attrs(&attrs),
		    "{\"med\":4294967295,\"local_pref\":null,\"prepend\":3,"
		    "\"communities\":[\"1000:1000\"],\"ext_communities\":[\"rt:65001:100\"],"
		    "\"large_communities\":[\"65001:1:2\"]}\n");
}

static void test_status_shows_alarms(void **state)
{
	(void)state;
	static const char *const groups[] = { "site" };
	const struct view_status s = { .version = "1",
				       .phase = "running",
				       .drain = { .since = USEC_NEVER },
				       .apps_down = 2,
				       .apps_kept = 2,
				       .kept_groups = groups,
				       .n_kept_groups = 1 };
	json_t *o = view_status(&s, &now);
	json_t *alarm = json_array_get(json_object_get(o, "alarms"), 0);
	expect_text(alarm, "alarm", "group-kept");
	expect_text(alarm, "group", "site");
	expect_text(o, "phase", "running");
	assert_true(json_is_null(json_object_get(o, "drain")));
	assert_int_equal(json_integer_value(json_object_get(json_object_get(o, "apps"), "kept")),
			 2);
	json_decref(o);
}

/* A list of 1 … n, read in pieces of every size. */
static json_t *next_number(void *userdata)
{
	int *left = userdata;
	return *left > 0 ? json_integer((*left)--) : NULL;
}

static void no_done(void *userdata)
{
	(void)userdata;
}

static void read_all(int n, size_t piece, const char *want)
{
	static const struct stream_ops ops = { next_number, no_done };
	char text[256] = "";
	size_t len = 0, got;
	struct stream *s = stream_new(NULL, "numbers", &ops, &n);
	while ((got = stream_read(s, text + len, piece)) > 0)
		len += got;
	text[len] = 0;
	stream_free(s);
	assert_string_equal(text, want);
}

static void test_stream(void **state)
{
	(void)state;
	for (size_t piece = 1; piece < 40; piece++) {
		read_all(0, piece, "{\"numbers\":[\n]}\n");
		read_all(1, piece, "{\"numbers\":[\n1\n]}\n");
		read_all(3, piece, "{\"numbers\":[\n3,\n2,\n1\n]}\n");
	}
}

static void test_metrics(void **state)
{
	(void)state;
	const struct bgp_peer_status peers[] = { established };
	const struct metrics m = { .version = "1.2.3",
				   .apps_up = 5,
				   .apps_down = 2,
				   .states = { .draining = 3, .groups_kept = 1 },
				   .vips = { .announced = 6, .withdrawals = 11 },
				   .check_failures = 4,
				   .peers = peers,
				   .n_peers = 1 };
	static const char *const lines[] = {
		"vipherald_build_info{version=\"1.2.3\"} 1\n",
		"# TYPE vipherald_apps gauge\n",
		"vipherald_apps{health=\"up\"} 5\n",
		"vipherald_apps{health=\"down\"} 2\n",
		"vipherald_apps_draining 3\n",
		"vipherald_groups_kept 1\n",
		"vipherald_agent_drained 0\n",
		"vipherald_vips_announced 6\n",
		"vipherald_withdrawals_total 11\n",
		"vipherald_check_failures 4\n",
		"vipherald_peer_up{peer=\"10.10.10.1\"} 1\n",
		"vipherald_peer_graceful_restart{peer=\"10.10.10.1\"} 0\n",
		"vipherald_peer_routes_sent{peer=\"10.10.10.1\"} 7\n",
	};
	char *text = metrics_format(&m);
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		if (!strstr(text, lines[i]))
			fail_msg("no line %s", lines[i]);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_info_is_gobgps),
		cmocka_unit_test(test_internal_peers_are_type_0),
		cmocka_unit_test(test_peer_says_why_and_when),
		cmocka_unit_test(test_graceful_restart),
		cmocka_unit_test(test_reasons),
		cmocka_unit_test(test_routes),
		cmocka_unit_test(test_announcement_errors),
		cmocka_unit_test(test_app_shows_what_the_check_said),
		cmocka_unit_test(test_a_drain_says_who_since_when_and_why),
		cmocka_unit_test(test_state_names),
		cmocka_unit_test(test_attributes_are_shown),
		cmocka_unit_test(test_status_shows_alarms),
		cmocka_unit_test(test_stream),
		cmocka_unit_test(test_metrics),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
