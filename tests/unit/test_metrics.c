/* SPDX-License-Identifier: MIT */
/* Every metric with a value of its own, so that none can stand for another. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/status/metrics.h"
#include "monitors/kinds.h"
#include "lib/array.h"

static void expect_line(const char *text, const char *line)
{
	char wanted[256];
	snprintf(wanted, sizeof(wanted), "\nvipherald_%s\n", line);
	if (!strstr(text, wanted))
		fail_msg("'%s' is not in\n%s", line, text);
}

/* A family has one HELP and one TYPE, with the type in front of the first value. */
static void expect_type(const char *text, const char *name, const char *type)
{
	char wanted[256];
	snprintf(wanted, sizeof(wanted), "\n# TYPE vipherald_%s %s\nvipherald_%s", name, type,
		 name);
	if (!strstr(text, wanted))
		fail_msg("'%s' is not in\n%s", wanted, text);
	snprintf(wanted, sizeof(wanted), "# HELP vipherald_%s ", name);
	const char *first = strstr(text, wanted);
	assert_non_null(first);
	assert_null(strstr(first + 1, wanted));
}

static const struct api_counts api = { .connections = 301,
				       .followers = 299,
				       .accepted = 302,
				       .refused = { 310, 311, 312, 313, 314, 315, 316, 317, 318 },
				       .paths = { "/", [3] = "/v1/apps" },
				       .requests = {
					       { 322 }, [3] = { 320, 1, [API_CODES - 1] = 321 } } };
static const struct state_file_status file = {
	.stored = true, .bytes = 71, .writes = 72, .failures = 73, .longest = 74 * USEC_PER_MSEC
};
static const struct consul_client_status consul = {
	.contact = CONSUL_IN_CONTACT,
	.catalog = { .answers = 1, .failures = 10, .skipped.n = 100 },
	.checks = { .answers = 2, .failures = 20, .skipped.n = 200 },
};
static const struct bgp_peer_config addresses[2] = {
	{ .addr = { .family = AF_INET, .bytes = { 10, 0, 0, 1 } } },
	{ .addr = { .family = AF_INET, .bytes = { 10, 0, 0, 2 } } },
};
static const struct bgp_peer_status peers[2] = {
	{ .config = &addresses[0],
	  .state = BGP_ESTABLISHED,
	  .sessions = 81,
	  .graceful_restart = true,
	  .long_lived = true,
	  .replaced = 79,
	  .next_hop4 = { .family = AF_INET6 },
	  .routes_sent = 82,
	  .routes_pending = 83,
	  .routes_sent_of = { 70, 12 },
	  .peer_as = 4200000001,
	  .established_since = 5 * USEC_PER_SEC,
	  .notice = { .received = true, .code = 6, .subcode = 2 },
	  .prefixes_received = 87,
	  .routes_received_of = { 88, 89 },
	  .sent = { .update = 84, .open = 1, .keepalive = 2, .refresh = 3, .total = 85 },
	  .received = { .notification = 4, .total = 86 } },
	{ .config = &addresses[1],
	  .state = BGP_IDLE,
	  .sessions = 91,
	  .disabled = true,
	  .established_since = USEC_NEVER },
};

static const struct bgp_latencies latencies = {
	.withdraw = { &histogram_of_latencies, { 1, 1, 1, 1, 2 }, 2, 600 },
	.announce = { &histogram_of_latencies, { 0 }, 0, 0 },
};

/* Of the first kind, port, and of another one. */
static const struct histogram took[MONITOR_N_KINDS] = {
	{ &histogram_of_checks, { 1, 2, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3 }, 3, 8 * USEC_PER_MSEC },
	[2] = { &histogram_of_checks, { 0 }, 1, 20 * USEC_PER_SEC },
};

static struct metrics all(void)
{
	struct metrics m = {
		.version = "1.2.3",
		.mono = 65 * USEC_PER_SEC,
		.wall = 1000 * USEC_PER_SEC,
		.began_at = 940 * USEC_PER_SEC,
		.cpu = 1500 * USEC_PER_MSEC,
		.virtual_bytes = 16,
		.resident_bytes = 17,
		.open_fds = 18,
		.fd_limit = 11,
		.fds_short = true,
		.config_ok = true,
		.config_changed = true,
		.config_unconfirmed = true,
		.config_rolled_back = true,
		.config_rollbacks = 12,
		.included_broken = 25,
		.restart_keys = 13,
		.refused_calls = 14,
		.hooks = { 291, 292, 293, 294, "" },
		.api = &api,
		.config_loaded_at = 1500 * USEC_PER_MSEC,
		.cert_end = 7 * USEC_PER_SEC,
		.loop_stalls = { .scale = &histogram_of_stalls,
				 .up_to = { 1, 2, 3, 4, 5, 6, 7 },
				 .count = 8,
				 .sum = 9 * USEC_PER_SEC },
		.apps = { .up = 21,
			  .down = 22,
			  .unknown = 23,
			  .damped = 24,
			  .draining = 25,
			  .drained = 26,
			  .apps_kept = 27,
			  .groups_kept = 28,
			  .joining = 127,
			  .leases = 29,
			  .leases_expired = 30 },
		.checks = 31,
		.check_failures = 32,
		.commands = { .running = 41,
			      .waiting = 42,
			      .timeouts = 45,
			      .took = took,
			      .load = { .behind = true,
					.late = 43 * USEC_PER_SEC,
					.percent = 4400 } },
		.agent_drained = true,
		.state_file = &file,
		.vips = { .vips = 51,
			  .bound = 52,
			  .troubled = 53,
			  .announcements = 54,
			  .withdrawals = 55 },
		.routes = { .sent = 56, .suppressed = 57, .refused = 7 },
		.latencies = &latencies,
		.nat = { .backend = "nftables",
			 .wanted = 61,
			 .present = 62,
			 .transactions = 63,
			 .failures = 64,
			 .put_back = 65,
			 .waits = 66,
			 .flows_forgotten = 67,
			 .longest = 68 * USEC_PER_SEC },
		.nat_unserved = 69,
		.peers = peers,
		.n_peers = 2,
		.consul = &consul,
		.services = { .found = 101, .unregistered = 102, .retained = 103 },
	};
	for (size_t i = 0; i < DRIFT_KINDS; i++)
		m.drift.of[i].repairs = 200 + i;
	return m;
}

static const char *const lines[] = {
	"build_info{version=\"1.2.3\"} 1",
	"config_last_reload_successful 1",
	"config_last_reload_timestamp_seconds 1.500",
	"api_certificate_expiry_timestamp_seconds{key=\"cert\"} 7",
	"config_changed 1",
	"config_unconfirmed 1",
	"config_rolled_back 1",
	"config_rollbacks_total 12",
	"config_included_files_broken 25",
	"config_restart_needed 13",
	"sandbox_refused_calls_total 14",
	"api_connections 301",
	"api_followers 299",
	"api_connections_total 302",
	"hooks_waiting 291",
	"hooks_run_total 292",
	"hooks_failed_total 293",
	"hooks_lost_total 294",
	"loop_stall_seconds_bucket{le=\"+Inf\"} 8",
	"loop_stall_seconds_sum 9.000000",
	"loop_stall_seconds_count 8",
	"fd_limit 11",
	"fd_short 1",
	"apps{health=\"up\"} 21",
	"apps{health=\"down\"} 22",
	"apps{health=\"unknown\"} 23",
	"checks 31",
	"check_failures 32",
	"apps_held_down 24",
	"exec_running 41",
	"exec_waiting 42",
	"exec_behind 1",
	"exec_late_seconds 43.000000",
	"exec_late_ratio 44.00",
	"agent_drained 1",
	"apps_draining 25",
	"apps_drained 26",
	"apps_kept 27",
	"groups_kept 28",
	"apps_joining 127",
	"leases 29",
	"leases_expired_total 30",
	"state_file_stored 1",
	"state_file_bytes 71",
	"state_file_writes_total 72",
	"state_file_failures_total 73",
	"state_file_longest_seconds 0.074000",
	"vips 51",
	"vips_bound 52",
	"vips_announced 56",
	"vips_suppressed 57",
	"vips_troubled 60",
	"announcements_total 54",
	"withdrawals_total 55",
	"nat_backend{backend=\"nftables\"} 1",
	"nat_rules_wanted 61",
	"nat_rules 62",
	"nat_transactions_total 63",
	"nat_failures_total 64",
	"nat_rules_put_back_total 65",
	"nat_waits_total 66",
	"nat_flows_forgotten_total 67",
	"nat_longest_seconds 68.000000",
	"nat_vips_unserved 69",
	"peer_up{peer=\"10.0.0.1\"} 1",
	"peer_up{peer=\"10.0.0.2\"} 0",
	"peer_admin_down{peer=\"10.0.0.1\"} 0",
	"peer_admin_down{peer=\"10.0.0.2\"} 1",
	"peer_state{peer=\"10.0.0.1\"} 6",
	"peer_state{peer=\"10.0.0.2\"} 1",
	"peer_sessions_total{peer=\"10.0.0.1\"} 81",
	"peer_sessions_total{peer=\"10.0.0.2\"} 91",
	"peer_graceful_restart{peer=\"10.0.0.1\"} 1",
	"peer_routes_sent{peer=\"10.0.0.1\"} 82",
	"peer_routes_pending{peer=\"10.0.0.1\"} 83",
	"peer_updates_sent_total{peer=\"10.0.0.1\"} 84",
	"peer_messages_sent_total{peer=\"10.0.0.1\"} 85",
	"peer_messages_received_total{peer=\"10.0.0.1\"} 86",
	"check_timeouts_total 45",
	"withdraw_latency_seconds_bucket{le=\"5e-05\"} 1",
	"withdraw_latency_seconds_sum 0.000600",
	"withdraw_latency_seconds_count 2",
	"announce_latency_seconds_count 0",
	"api_requests_total{path=\"/v1/apps\",code=\"200\"} 320",
	"api_requests_total{path=\"/\",code=\"200\"} 322",
	"api_requests_total{path=\"/v1/apps\",code=\"202\"} 1",
	"api_requests_total{path=\"/v1/apps\",code=\"0\"} 321",
	"check_duration_seconds_bucket{kind=\"port\",le=\"0.001\"} 1",
	"check_duration_seconds_bucket{kind=\"port\",le=\"0.0025\"} 2",
	"check_duration_seconds_bucket{kind=\"port\",le=\"10\"} 3",
	"check_duration_seconds_bucket{kind=\"port\",le=\"+Inf\"} 3",
	"check_duration_seconds_sum{kind=\"port\"} 0.008000",
	"check_duration_seconds_count{kind=\"port\"} 3",
	"bgp_session_up{peer=\"10.0.0.1\",peer_asn=\"4200000001\"} 1",
	"bgp_session_up{peer=\"10.0.0.2\",peer_asn=\"0\"} 0",
	"bgp_session_state{peer=\"10.0.0.1\"} 6",
	"bgp_session_established_timestamp_seconds{peer=\"10.0.0.1\"} 940.000",
	"bgp_session_established_timestamp_seconds{peer=\"10.0.0.2\"} 0.000",
	"bgp_session_flaps_total{peer=\"10.0.0.1\"} 80",
	"bgp_session_flaps_total{peer=\"10.0.0.2\"} 91",
	"bgp_session_replaced_total{peer=\"10.0.0.1\"} 79",
	"bgp_session_replaced_total{peer=\"10.0.0.2\"} 0",
	"bgp_extended_next_hop{peer=\"10.0.0.1\"} 1",
	"bgp_extended_next_hop{peer=\"10.0.0.2\"} 0",
	"bgp_long_lived_graceful_restart{peer=\"10.0.0.1\"} 1",
	"bgp_long_lived_graceful_restart{peer=\"10.0.0.2\"} 0",
	("bgp_last_notification{peer=\"10.0.0.1\",direction=\"received\",code=\"6\",subcode=\"2\"} "
	 "1"),
	"bgp_advertised_routes{peer=\"10.0.0.1\",afi=\"ipv4\"} 70",
	"bgp_advertised_routes{peer=\"10.0.0.1\",afi=\"ipv6\"} 12",
	"bgp_received_routes{peer=\"10.0.0.1\",afi=\"ipv4\"} 88",
	"bgp_received_routes{peer=\"10.0.0.1\",afi=\"ipv6\"} 89",
	"bgp_received_prefixes_total{peer=\"10.0.0.1\"} 87",
	"bgp_messages_total{peer=\"10.0.0.1\",direction=\"sent\",type=\"open\"} 1",
	"bgp_messages_total{peer=\"10.0.0.1\",direction=\"sent\",type=\"update\"} 84",
	"bgp_messages_total{peer=\"10.0.0.1\",direction=\"sent\",type=\"keepalive\"} 2",
	"bgp_messages_total{peer=\"10.0.0.1\",direction=\"sent\",type=\"refresh\"} 3",
	"bgp_messages_total{peer=\"10.0.0.1\",direction=\"received\",type=\"notification\"} 4",
	"consul_up 1",
	"consul_services 101",
	"consul_services_unregistered 102",
	"consul_services_held 103",
	"consul_items_skipped 300",
	"consul_answers_total 3",
	"consul_failures_total 30",
};

static char *formatted(const struct metrics *m)
{
	struct metric_page page = { 0 };
	metrics_format(m, &page);
	return metric_page_detach(&page);
}

static void test_values(void **state)
{
	const struct metrics m = all();
	char line[128], *text = formatted(&m);
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++)
		expect_line(text, lines[i]);
	for (size_t i = 0; i < histogram_of_stalls.n; i++) {
		snprintf(line, sizeof(line), "loop_stall_seconds_bucket{le=\"%g\"} %zu",
			 (double)histogram_of_stalls.bounds[i] / (double)USEC_PER_SEC, i + 1);
		expect_line(text, line);
	}
	for (size_t i = 0; i < API_CAUSES; i++) {
		snprintf(line, sizeof(line), "api_refused_total{cause=\"%s\"} %zu",
			 api_cause_name((enum api_cause)i), 310 + i);
		expect_line(text, line);
	}
	for (size_t i = 0; i < DRIFT_KINDS; i++) {
		snprintf(line, sizeof(line), "drift_repairs_total{kind=\"%s\"} %zu",
			 drift_kind_name((enum drift_kind)i), 200 + i);
		expect_line(text, line);
	}
	free(text);
}

static void test_process(void **state)
{
	static const char *const values[] = {
		"\nprocess_cpu_seconds_total 1.500\n",
		"\nprocess_open_fds 18\n",
		"\nprocess_max_fds 11\n",
		"\nprocess_virtual_memory_bytes 16\n",
		"\nprocess_resident_memory_bytes 17\n",
		"\nprocess_start_time_seconds 940.000\n",
		"\n# TYPE process_open_fds gauge\n",
	};
	const struct metrics m = all();
	char *text = formatted(&m);
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(values); i++)
		assert_non_null(strstr(text, values[i]));
	free(text);
}

static void test_families(void **state)
{
	static const char *const gauges[] = { "apps",
					      "exec_late_ratio",
					      "nat_backend",
					      "peer_up",
					      "exec_late_seconds",
					      "checks",
					      "config_last_reload_timestamp_seconds" };
	static const char *const counters[] = { "leases_expired_total", "drift_repairs_total",
						"peer_sessions_total", "consul_answers_total" };
	const struct metrics m = all();
	char *text = formatted(&m);
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(gauges); i++)
		expect_type(text, gauges[i], "gauge");
	for (size_t i = 0; i < ARRAY_SIZE(counters); i++)
		expect_type(text, counters[i], "counter");
	expect_type(text, "loop_stall_seconds", "histogram");
	assert_memory_equal(text, "# HELP vipherald_build_info ", 28);
	free(text);
}

/* As many lines as metrics: nothing twice, nothing behind the last peer, kind or bound. */
static void test_nothing_else(void **state)
{
	const struct metrics m = all();
	char *text = formatted(&m);
	size_t values = 0;
	(void)state;
	for (const char *c = text; *c; c++)
		values += *c == '\n' && c[1] && c[1] != '#';
	/* Of the families of peers the table above has both peers in some only, of the bounds
	 * three. */
	assert_int_equal(values, ARRAY_SIZE(lines) + 6 + 6 + 18 + 11 + 14 + 18 +
					 histogram_of_checks.n + 3 + histogram_of_stalls.n +
					 DRIFT_KINDS + API_CAUSES);
	free(text);
}

static void test_what_is_not_there(void **state)
{
	static const struct state_file_status broken = { .stored = false };
	static const struct consul_client_status lost = { .contact = CONSUL_LOST };
	struct metrics m = { .version = "1", .loop_stalls.scale = &histogram_of_stalls };
	char *text = formatted(&m);
	(void)state;
	assert_null(strstr(text, "state_file"));
	assert_null(strstr(text, "consul"));
	assert_null(strstr(text, "vipherald_api_"));
	assert_null(strstr(text, "backend=\""));
	assert_null(strstr(text, "peer=\""));
	expect_line(text, "config_last_reload_successful 0");
	expect_line(text, "agent_drained 0");
	free(text);
	m.state_file = &broken;
	m.consul = &lost;
	text = formatted(&m);
	expect_line(text, "state_file_stored 0");
	expect_line(text, "consul_up 0");
	free(text);
}

/* Of peers that are configured by their interface, which no other one has. */
static void test_unnumbered(void **state)
{
	const struct bgp_peer_config configs[] = {
		{ .addr = { .family = AF_INET6, .bytes = { 0xfe, 0x80, [15] = 1 } },
		  .ifname = "eth0",
		  .unnumbered = true },
		{ .ifname = "eth1", .unnumbered = true },
	};
	const struct bgp_peer_status links[] = {
		{ .config = &configs[0], .adverts_heard = 77, .established_since = USEC_NEVER },
		{ .config = &configs[1], .established_since = USEC_NEVER },
	};
	struct metrics m = all();
	char *text = formatted(&m);
	(void)state;
	assert_null(strstr(text, "unnumbered_router_known{"));
	assert_null(strstr(text, "unnumbered_router_advertisements_total{"));
	free(text);
	m.peers = links;
	m.n_peers = ARRAY_SIZE(links);
	text = formatted(&m);
	expect_line(text, "bgp_unnumbered_router_known{peer=\"fe80::1%eth0\"} 1");
	expect_line(text, "bgp_unnumbered_router_known{peer=\"eth1\"} 0");
	expect_line(text, "bgp_unnumbered_router_advertisements_total{peer=\"fe80::1%eth0\"} 77");
	expect_line(text, "bgp_unnumbered_router_advertisements_total{peer=\"eth1\"} 0");
	free(text);
}

static void test_fleet(void **state)
{
	const struct fleet_agent_status fleet = {
		.session = "s", .n_apps = 4, .n_kept = 3, .n_waiting = 2, .n_joining = 1
	};
	const struct roll waiting = { .phase = ROLL_WAITING }, failed = { .phase = ROLL_FAILED };
	struct metrics m = all();
	char *text = formatted(&m);
	(void)state;
	assert_null(strstr(text, "fleet_"));
	free(text);
	m.fleet = &fleet;
	text = formatted(&m);
	expect_line(text, "fleet_session 1");
	expect_line(text, "fleet_guarded 4");
	expect_line(text, "fleet_kept 3");
	expect_line(text, "fleet_waiting 2");
	expect_line(text, "fleet_joining 1");
	expect_line(text, "fleet_rolling 0");
	expect_line(text, "fleet_rolling_waiting 0");
	free(text);
	const struct fleet_agent_status without = { .session = "", .n_apps = 4 };
	m.fleet = &without;
	m.roll = &waiting;
	text = formatted(&m);
	expect_line(text, "fleet_session 0");
	expect_line(text, "fleet_rolling_stuck 0");
	expect_line(text, "fleet_rolling 0");
	expect_line(text, "fleet_rolling_waiting 1");
	free(text);
	m.roll = &failed;
	text = formatted(&m);
	expect_line(text, "fleet_rolling 1");
	expect_line(text, "fleet_rolling_waiting 0");
	expect_line(text, "fleet_rolling_stuck 1");
	free(text);
}

/* Shown when a peer has it. */
static void test_bfd(void **state)
{
	static const struct metrics_bfd bfd[] = { { .peer = &addresses[0],
						    .status = { .state = BFD_UP,
								.since = 35 * USEC_PER_SEC,
								.up_events = 501,
								.down_events = 502,
								.sent = 503,
								.send_errors = 504,
								.received = 505,
								.dropped = { 506, 507 },
								.detection_time =
									900 * USEC_PER_MSEC } },
						  { .peer = &addresses[1] } };
	static const struct bfd_counts counts = { .dropped = { 508 } };
	static const char *const bfd_lines[] = {
		"bfd_session_up{peer=\"10.0.0.1\"} 1",
		"bfd_session_up{peer=\"10.0.0.2\"} 0",
		"bfd_session_up_events_total{peer=\"10.0.0.1\"} 501",
		"bfd_session_down_events_total{peer=\"10.0.0.1\"} 502",
		"bfd_packets_sent_total{peer=\"10.0.0.1\"} 503",
		"bfd_send_errors_total{peer=\"10.0.0.1\"} 504",
		"bfd_packets_received_total{peer=\"10.0.0.1\"} 505",
		"bfd_packets_dropped_total{peer=\"10.0.0.1\",cause=\"version\"} 506",
		"bfd_packets_dropped_total{peer=\"10.0.0.1\",cause=\"length\"} 507",
		"bfd_packets_dropped_total{peer=\"10.0.0.2\",cause=\"length\"} 0",
		"bfd_packets_unmatched_total{cause=\"version\"} 508",
		"bfd_detection_time_seconds{peer=\"10.0.0.1\"} 0.900000",
		"bfd_process_restarts_total 509",
		"bfd_session_state_changed_timestamp_seconds{peer=\"10.0.0.1\"} 970.000",
		"bfd_session_state_changed_timestamp_seconds{peer=\"10.0.0.2\"} 0.000",
	};
	struct metrics m = all();
	char *text = formatted(&m);
	(void)state;
	assert_null(strstr(text, "bfd"));
	free(text);
	m.bfd = bfd;
	m.n_bfd = ARRAY_SIZE(bfd);
	m.bfd_counts = &counts;
	m.bfd_process_restarts = 509;
	text = formatted(&m);
	for (size_t i = 0; i < ARRAY_SIZE(bfd_lines); i++)
		expect_line(text, bfd_lines[i]);
	expect_type(text, "bfd_session_up", "gauge");
	expect_type(text, "bfd_packets_dropped_total", "counter");
	free(text);
}

/* Each help text is read on its own, in a dashboard: a sentence with a capital or a value in front
 * and a full stop, which refers to no other family. */
static void check_help(const char *line, size_t len)
{
	const char *help = strchr(strchr(line + strlen("# HELP "), ' '), ' ') + 1;
	size_t n = len - (size_t)(help - line);
	static const char *const referring[] = { " it ", " that were not.", "Of them", "The same" };
	char text[512];
	snprintf(text, sizeof(text), "%.*s", (int)n, help);
	if (!strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZ01", text[0]) || text[n - 1] != '.')
		fail_msg("no sentence: %s", text);
	for (size_t i = 0; i < ARRAY_SIZE(referring); i++)
		if (strstr(text, referring[i]))
			fail_msg("does not stand alone: %s", text);
}

static void test_metric_help_stands_alone(void **state)
{
	(void)state;
	const struct metrics m = all();
	char *text = formatted(&m);
	size_t n = 0;
	for (const char *p = text; (p = strstr(p, "# HELP ")); p++, n++)
		check_help(p, strcspn(p, "\n"));
	assert_true(n > 40);
	free(text);
}

static void test_causes_of_refusals(void **state)
{
	static const struct {
		unsigned status;
		enum api_cause cause;
	} causes[] = {
		{ 200, API_CAUSES },      { 399, API_CAUSES },  { 400, API_INVALID },
		{ 401, API_TOKEN },       { 402, API_INVALID }, { 403, API_FORBIDDEN },
		{ 404, API_INVALID },     { 408, API_INVALID }, { 409, API_CONFLICT },
		{ 410, API_INVALID },     { 499, API_INVALID }, { 500, API_UNAVAILABLE },
		{ 503, API_UNAVAILABLE },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(causes); i++)
		if (api_cause_of(causes[i].status) != causes[i].cause)
			fail_msg("%u", causes[i].status);
}

/* Of the keys of agent.api.tls that have one. */
static void test_certificates(void **state)
{
	static const struct {
		unsigned cert, client_ca;
	} ends[] = { { 0, 0 }, { 7, 0 }, { 0, 8 }, { 7, 8 } };
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
		struct metrics m = all();
		m.cert_end = ends[i].cert * USEC_PER_SEC;
		m.client_ca_end = ends[i].client_ca * USEC_PER_SEC;
		char *text = formatted(&m);
		assert_int_equal(strstr(text, "api_certificate") != NULL, i > 0);
		assert_int_equal(strstr(text, "{key=\"cert\"} 7\n") != NULL, ends[i].cert != 0);
		assert_int_equal(strstr(text, "{key=\"client_ca\"} 8\n") != NULL,
				 ends[i].client_ca != 0);
		free(text);
	}
}

static void test_nomad(void **state)
{
	static const struct consul_client_status there = {
		.contact = CONSUL_IN_CONTACT,
		.catalog = { .answers = 601, .failures = 602, .skipped.n = 603 },
		.checks = { .answers = 1, .failures = 1, .skipped.n = 1 },
	};
	static const struct consul_client_status lost = { .contact = CONSUL_LOST };
	struct metrics m = all();
	char *text = formatted(&m);
	(void)state;
	assert_null(strstr(text, "nomad"));
	free(text);
	m.nomad = &there;
	m.nomad_services =
		(struct service_counts){ .found = 604, .unregistered = 605, .retained = 606 };
	text = formatted(&m);
	expect_line(text, "nomad_up 1");
	expect_line(text, "nomad_services 604");
	expect_line(text, "nomad_services_unregistered 605");
	expect_line(text, "nomad_services_held 606");
	expect_line(text, "nomad_items_skipped 603");
	expect_line(text, "nomad_answers_total 601");
	expect_line(text, "nomad_failures_total 602");
	free(text);
	m.nomad = &lost;
	text = formatted(&m);
	expect_line(text, "nomad_up 0");
	free(text);
}

/* Where a counter has the name of the gauge, OpenMetrics has the counter alone. */
static void test_openmetrics_has_no_family_twice(void **state)
{
	const struct metrics m = all();
	struct metric_page page = { .format = METRIC_OPENMETRICS };
	(void)state;
	metrics_format(&m, &page);
	char *text = metric_page_detach(&page);
	assert_null(strstr(text, "\nvipherald_checks "));
	assert_null(strstr(text, "\nvipherald_api_connections "));
	expect_line(text, "api_connections_total 302");
	expect_line(text, "check_failures 32");
	free(text);
}

/* Sessions that ended: not the one that is up. */
static void test_flaps(void **state)
{
	static const struct {
		enum bgp_state state;
		unsigned sessions;
		const char *line;
	} cases[] = {
		{ BGP_ESTABLISHED, 1, "bgp_session_flaps_total{peer=\"10.0.0.1\"} 0" },
		{ BGP_ESTABLISHED, 0, "bgp_session_flaps_total{peer=\"10.0.0.1\"} 0" },
		{ BGP_ESTABLISHED, 2, "bgp_session_flaps_total{peer=\"10.0.0.1\"} 1" },
		{ BGP_OPENCONFIRM, 1, "bgp_session_flaps_total{peer=\"10.0.0.1\"} 1" },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct bgp_peer_status peer = peers[0];
		struct metrics m = all();
		peer.state = cases[i].state;
		peer.sessions = cases[i].sessions;
		m.peers = &peer;
		m.n_peers = 1;
		char *text = formatted(&m);
		expect_line(text, cases[i].line);
		free(text);
	}
}

/* Next hops of IPv4 routes are of IPv6 while there is a session alone. */
static void test_next_hops_and_notifications(void **state)
{
	struct bgp_peer_status peer = peers[0];
	struct metrics m = all();
	(void)state;
	m.peers = &peer;
	m.n_peers = 1;
	peer.state = BGP_OPENSENT;
	peer.notice = (struct bgp_notice){ .code = 255, .subcode = 255 };
	char *text = formatted(&m);
	expect_line(text, "bgp_extended_next_hop{peer=\"10.0.0.1\"} 0");
	expect_line(text, "bgp_last_notification{peer=\"10.0.0.1\",direction=\"sent\","
			  "code=\"255\",subcode=\"255\"} 1");
	free(text);
	peer.state = BGP_ESTABLISHED;
	peer.next_hop4.family = AF_INET;
	peer.notice.code = 0;
	text = formatted(&m);
	expect_line(text, "bgp_extended_next_hop{peer=\"10.0.0.1\"} 0");
	assert_null(strstr(text, "bgp_last_notification{"));
	free(text);
}

static void test_programs(void **state)
{
	static const struct metrics_program programs[] = {
		{ .name = "exa",
		  .up = true,
		  .routes = 701,
		  .starts = 702,
		  .lines = 703,
		  .errors = 704,
		  .dropped = 705 },
		{ .name = "b" },
	};
	static const char *const program_lines[] = {
		"process_up{process=\"exa\"} 1",
		"process_up{process=\"b\"} 0",
		"process_routes{process=\"exa\"} 701",
		"process_starts_total{process=\"exa\"} 702",
		"process_lines_total{process=\"exa\"} 703",
		"process_errors_total{process=\"exa\"} 704",
		"process_answers_dropped_total{process=\"exa\"} 705",
		"process_answers_dropped_total{process=\"b\"} 0",
	};
	struct metrics m = all();
	char *text = formatted(&m);
	(void)state;
	assert_null(strstr(text, "process=\""));
	free(text);
	m.programs = programs;
	m.n_programs = ARRAY_SIZE(programs);
	text = formatted(&m);
	for (size_t i = 0; i < ARRAY_SIZE(program_lines); i++)
		expect_line(text, program_lines[i]);
	free(text);
}

/* The family of a value stands before it; of a histogram it is the name without what is behind. */
static void check_family(const char *text, const char *line)
{
	static const char *const ends[] = { "", "_bucket", "_sum", "_count" };
	size_t len = strcspn(line, "{ ");
	for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
		char wanted[128];
		size_t n = strlen(ends[i]);
		if (n > len || strncmp(line + len - n, ends[i], n) != 0)
			continue;
		snprintf(wanted, sizeof(wanted), "\n# TYPE %.*s ", (int)(len - n), line);
		const char *type = strstr(text, wanted);
		if (type && type < line)
			return;
	}
	fail_msg("no family: %.*s", (int)strcspn(line, "\n"), line);
}

static void test_each_value_has_its_family(void **state)
{
	struct metrics m = all();
	(void)state;
	const struct fleet_agent_status fleet = { .session = "s" };
	const struct metrics_program program = { .name = "exa" };
	m.fleet = &fleet;
	m.programs = &program;
	m.n_programs = 1;
	m.nomad = &consul;
	char *text = formatted(&m);
	for (const char *line = text; *line; line += strcspn(line, "\n") + 1)
		if (*line != '#')
			check_family(text, line);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_causes_of_refusals),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_process),
		cmocka_unit_test(test_families),
		cmocka_unit_test(test_nothing_else),
		cmocka_unit_test(test_what_is_not_there),
		cmocka_unit_test(test_unnumbered),
		cmocka_unit_test(test_fleet),
		cmocka_unit_test(test_bfd),
		cmocka_unit_test(test_certificates),
		cmocka_unit_test(test_nomad),
		cmocka_unit_test(test_openmetrics_has_no_family_twice),
		cmocka_unit_test(test_flaps),
		cmocka_unit_test(test_next_hops_and_notifications),
		cmocka_unit_test(test_programs),
		cmocka_unit_test(test_each_value_has_its_family),
		cmocka_unit_test(test_metric_help_stands_alone),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
