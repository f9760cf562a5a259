/* SPDX-License-Identifier: MIT */
#include "agent/status/metrics.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "lib/array.h"

static void head(FILE *out, const char *name, const char *type, const char *help)
{
	fprintf(out, "# HELP vipherald_%s %s\n# TYPE vipherald_%s %s\n", name, help, name, type);
}

static void gauge(FILE *out, const char *name, const char *help, uint64_t value)
{
	head(out, name, "gauge", help);
	fprintf(out, "vipherald_%s %" PRIu64 "\n", name, value);
}

static void counter(FILE *out, const char *name, const char *help, uint64_t value)
{
	head(out, name, "counter", help);
	fprintf(out, "vipherald_%s %" PRIu64 "\n", name, value);
}

static void seconds(FILE *out, const char *name, const char *help, span_t span)
{
	head(out, name, "gauge", help);
	fprintf(out, "vipherald_%s %.6f\n", name, (double)span / (double)USEC_PER_SEC);
}

static void histogram(FILE *out, const char *name, const char *help, const struct histogram *h)
{
	head(out, name, "histogram", help);
	for (int i = 0; i < HISTOGRAM_BOUNDS; i++)
		fprintf(out, "vipherald_%s_bucket{le=\"%g\"} %" PRIu64 "\n", name,
			(double)histogram_bounds[i] / (double)USEC_PER_SEC, h->up_to[i]);
	fprintf(out, "vipherald_%s_bucket{le=\"+Inf\"} %" PRIu64 "\n", name, h->count);
	fprintf(out, "vipherald_%s_sum %.6f\n", name, (double)h->sum / (double)USEC_PER_SEC);
	fprintf(out, "vipherald_%s_count %" PRIu64 "\n", name, h->count);
}

static void apps(FILE *out, const struct metrics *m)
{
	const struct app_counts *c = &m->apps;
	head(out, "apps", "gauge", "Registered apps by health.");
	fprintf(out, "vipherald_apps{health=\"up\"} %zu\n", c->up);
	fprintf(out, "vipherald_apps{health=\"down\"} %zu\n", c->down);
	fprintf(out, "vipherald_apps{health=\"unknown\"} %zu\n", c->unknown);
	gauge(out, "checks", "Checks made so far by the monitors that exist now.", m->checks);
	gauge(out, "check_failures", "Failed checks of the monitors that exist now.",
	      m->check_failures);
	gauge(out, "apps_held_down", "Apps that flap and are held down (hold_down).", c->damped);
}

static void api(FILE *out, const struct api_counts *c)
{
	if (!c)
		return;
	gauge(out, "api_connections", "Connections to the API.", c->connections);
	gauge(out, "api_followers", "Clients that follow the events (/v1/events as a stream).",
	      c->followers);
	counter(out, "api_connections_total", "Connections to the API that were accepted.",
		c->accepted);
	head(out, "api_refused_total", "counter",
	     "Connections (too_many, pushed_out, too_slow) and requests that the API refused, by "
	     "cause.");
	for (size_t i = 0; i < API_CAUSES; i++)
		fprintf(out, "vipherald_api_refused_total{cause=\"%s\"} %" PRIu64 "\n",
			api_cause_name((enum api_cause)i), c->refused[i]);
}

static void hooks(FILE *out, const struct hook_counts *c)
{
	gauge(out, "hooks_waiting", "Commands of agent.hooks that run or wait for others.",
	      c->waiting);
	counter(out, "hooks_run_total", "Commands of agent.hooks that were started.", c->run);
	counter(out, "hooks_failed_total",
		"Commands of agent.hooks that failed or could not be run.", c->failed);
	counter(out, "hooks_lost_total",
		"Commands of agent.hooks that were not run, as too many waited already.", c->lost);
}

static void commands(FILE *out, const struct monitor_runner_status *c)
{
	gauge(out, "exec_running", "Commands of exec monitors that are running.", c->running);
	gauge(out, "exec_waiting",
	      "Commands of exec monitors that are due and wait for a free slot (exec_max).",
	      c->waiting);
	gauge(out, "exec_behind",
	      "1 while exec monitors cannot be run as often as their interval asks for.",
	      c->load.behind);
	seconds(out, "exec_late_seconds", "Average delay of the start of exec monitors.",
		c->load.late);
	head(out, "exec_late_ratio", "gauge",
	     "Average delay of the start of exec monitors, as a fraction of their interval; at 1 "
	     "they run half as often as configured.");
	fprintf(out, "vipherald_exec_late_ratio %.2f\n", c->load.percent / 100.0);
}

static void drains(FILE *out, const struct metrics *m)
{
	const struct app_counts *c = &m->apps;
	gauge(out, "agent_drained", "1 while the whole agent is drained.", m->agent_drained);
	gauge(out, "apps_draining", "Drained apps whose routes are still announced.", c->draining);
	gauge(out, "apps_drained", "Drained apps whose routes are withdrawn.", c->drained);
	gauge(out, "apps_kept",
	      "Apps that are down and stay announced because their whole group went down "
	      "(keep_last).",
	      c->apps_kept);
	gauge(out, "groups_kept",
	      "Groups whose apps all went down at once and stay announced; alert unless 0.",
	      c->groups_kept);
}

static void leases(FILE *out, const struct app_counts *c)
{
	gauge(out, "leases", "Apps with a lease, unregistered when the lease expires.", c->leases);
	counter(out, "leases_expired_total", "Apps unregistered because their lease expired.",
		c->leases_expired);
}

static void state_file(FILE *out, const struct state_file_status *s)
{
	if (!s)
		return;
	gauge(out, "state_file_stored", "0 while the state file cannot be written.", s->stored);
	gauge(out, "state_file_bytes", "Size of the state file.", s->bytes);
	counter(out, "state_file_writes_total", "Writes of the state file.", s->writes);
	counter(out, "state_file_failures_total", "Writes of the state file that failed.",
		s->failures);
	seconds(out, "state_file_longest_seconds", "Longest write of the state file, with fsync.",
		s->longest);
}

static void vips(FILE *out, const struct vip_counts *c, const struct bgp_route_counts *routes)
{
	gauge(out, "vips", "VIPs of all apps, and VIPs that are being removed.", c->vips);
	gauge(out, "vips_bound", "VIPs that are on lo.", c->bound);
	gauge(out, "vips_announced", "VIPs that at least one established peer has been sent.",
	      routes->sent);
	gauge(out, "vips_troubled",
	      "VIPs that an error keeps from the state they should be in, or that no established "
	      "peer can be sent.",
	      c->troubled + routes->refused);
	counter(out, "announcements_total", "Decisions to announce a VIP.", c->announcements);
	counter(out, "withdrawals_total", "Decisions to withdraw a VIP.", c->withdrawals);
}

static void nat(FILE *out, const struct nat_status *s, size_t unserved)
{
	head(out, "nat_backend", "gauge", "1 for the NAT back end in use.");
	if (s->backend)
		fprintf(out, "vipherald_nat_backend{backend=\"%s\"} 1\n", s->backend);
	gauge(out, "nat_rules_wanted", "NAT rules that should be installed.", s->wanted);
	gauge(out, "nat_rules", "NAT rules of the agent that are installed.", s->present);
	counter(out, "nat_transactions_total", "Transactions that changed NAT rules.",
		s->transactions);
	counter(out, "nat_failures_total", "Transactions of NAT rules that failed.", s->failures);
	counter(out, "nat_rules_put_back_total",
		"NAT rules installed again after another program had removed them.", s->put_back);
	counter(out, "nat_waits_total",
		"Waits for the xtables lock, or for another program's transaction.", s->waits);
	counter(out, "nat_flows_forgotten_total",
		"UDP connection tracking entries deleted so that flows follow a change of NAT.",
		s->flows_forgotten);
	seconds(out, "nat_longest_seconds", "Longest time NAT has kept the event loop busy.",
		s->longest);
	gauge(out, "nat_vips_unserved",
	      "VIPs announced as up with a NAT mapping that leads where no socket listens.",
	      unserved);
}

static void drift(FILE *out, const struct drift *d)
{
	head(out, "drift_repairs_total", "counter",
	     "Repairs of addresses, rules and sessions that another program or the host had "
	     "changed, by kind.");
	for (size_t i = 0; i < DRIFT_KINDS; i++)
		fprintf(out, "vipherald_drift_repairs_total{kind=\"%s\"} %" PRIu64 "\n",
			drift_kind_name((enum drift_kind)i), d->of[i].repairs);
}

/* Peers */

static uint64_t is_up(const struct bgp_peer_status *p)
{
	return p->state == BGP_ESTABLISHED;
}

static uint64_t is_disabled(const struct bgp_peer_status *p)
{
	return p->disabled;
}

static uint64_t state(const struct bgp_peer_status *p)
{
	return p->state;
}

static uint64_t sessions(const struct bgp_peer_status *p)
{
	return p->sessions;
}

static uint64_t graceful_restart(const struct bgp_peer_status *p)
{
	return p->graceful_restart;
}

static uint64_t routes_sent(const struct bgp_peer_status *p)
{
	return p->routes_sent;
}

static uint64_t routes_pending(const struct bgp_peer_status *p)
{
	return p->routes_pending;
}

static uint64_t updates_sent(const struct bgp_peer_status *p)
{
	return p->sent.update;
}

static uint64_t messages_sent(const struct bgp_peer_status *p)
{
	return p->sent.total;
}

static uint64_t messages_received(const struct bgp_peer_status *p)
{
	return p->received.total;
}

static const struct {
	const char *name, *type, *help;
	uint64_t (*value)(const struct bgp_peer_status *p);
} peer_families[] = {
	{ "peer_up", "gauge", "1 while the session with the peer is established.", is_up },
	{ "peer_admin_down", "gauge", "1 while the peer is disabled by the operator.",
	  is_disabled },
	{ "peer_state", "gauge",
	  "State of the session: 1 idle, 2 connect, 3 active, 4 opensent, 5 openconfirm, "
	  "6 established.",
	  state },
	{ "peer_sessions_total", "counter", "Sessions with the peer that reached established.",
	  sessions },
	{ "peer_graceful_restart", "gauge",
	  "1 when the peer keeps the routes while the agent restarts (graceful restart was "
	  "negotiated).",
	  graceful_restart },
	{ "peer_routes_sent", "gauge", "Routes announced to the peer and not withdrawn.",
	  routes_sent },
	{ "peer_routes_pending", "gauge", "Routes waiting to be sent to the peer.",
	  routes_pending },
	{ "peer_updates_sent_total", "counter", "UPDATE messages sent to the peer.", updates_sent },
	{ "peer_messages_sent_total", "counter", "BGP messages sent to the peer.", messages_sent },
	{ "peer_messages_received_total", "counter", "BGP messages received from the peer.",
	  messages_received },
};

static void peers(FILE *out, const struct bgp_peer_status *items, size_t n)
{
	char text[BGP_PEER_NAME_MAX];
	for (size_t f = 0; f < ARRAY_SIZE(peer_families); f++) {
		head(out, peer_families[f].name, peer_families[f].type, peer_families[f].help);
		for (size_t i = 0; i < n; i++)
			fprintf(out, "vipherald_%s{peer=\"%s\"} %" PRIu64 "\n",
				peer_families[f].name, bgp_peer_name(items[i].config, text),
				peer_families[f].value(&items[i]));
	}
}

/* BFD */

static uint64_t bfd_is_up(const struct bfd_status *s)
{
	return s->state == BFD_UP;
}

static uint64_t bfd_up_events(const struct bfd_status *s)
{
	return s->up_events;
}

static uint64_t bfd_down_events(const struct bfd_status *s)
{
	return s->down_events;
}

static uint64_t bfd_sent(const struct bfd_status *s)
{
	return s->sent;
}

static uint64_t bfd_send_errors(const struct bfd_status *s)
{
	return s->send_errors;
}

static uint64_t bfd_received(const struct bfd_status *s)
{
	return s->received;
}

static const struct {
	const char *name, *type, *help;
	uint64_t (*value)(const struct bfd_status *s);
} bfd_families[] = {
	{ "bfd_session_up", "gauge", "1 while BFD with the peer is up.", bfd_is_up },
	{ "bfd_session_up_events_total", "counter", "Times BFD with the peer came up.",
	  bfd_up_events },
	{ "bfd_session_down_events_total", "counter", "Times BFD with the peer went down.",
	  bfd_down_events },
	{ "bfd_packets_sent_total", "counter", "BFD packets sent to the peer.", bfd_sent },
	{ "bfd_send_errors_total", "counter", "BFD packets that could not be sent.",
	  bfd_send_errors },
	{ "bfd_packets_received_total", "counter", "BFD packets of the peer that were accepted.",
	  bfd_received },
};

static void bfd_seconds(FILE *out, const struct metrics *m)
{
	char text[BGP_PEER_NAME_MAX];
	head(out, "bfd_detection_time_seconds", "gauge",
	     "Silence of the peer after which BFD goes down; 0 until a packet was received.");
	for (size_t i = 0; i < m->n_bfd; i++)
		fprintf(out, "vipherald_bfd_detection_time_seconds{peer=\"%s\"} %.6f\n",
			bgp_peer_name(m->bfd[i].peer, text),
			(double)m->bfd[i].status.detection_time / (double)USEC_PER_SEC);
}

static void bfd_drops(FILE *out, const struct metrics *m)
{
	char text[BGP_PEER_NAME_MAX];
	head(out, "bfd_packets_dropped_total", "counter",
	     "BFD packets of the peer that were dropped, by cause (RFC 5880 6.8.6).");
	for (size_t i = 0; i < m->n_bfd; i++)
		for (size_t d = 0; d < BFD_DROP_N; d++)
			fprintf(out,
				"vipherald_bfd_packets_dropped_total{peer=\"%s\",cause=\"%s\"} "
				"%" PRIu64 "\n",
				bgp_peer_name(m->bfd[i].peer, text),
				bfd_drop_name((enum bfd_drop)d), m->bfd[i].status.dropped[d]);
	head(out, "bfd_packets_unmatched_total", "counter",
	     "BFD packets of no session that were dropped, by cause.");
	for (size_t d = 0; m->bfd_counts && d < BFD_DROP_N; d++)
		fprintf(out, "vipherald_bfd_packets_unmatched_total{cause=\"%s\"} %" PRIu64 "\n",
			bfd_drop_name((enum bfd_drop)d), m->bfd_counts->dropped[d]);
}

static void bfd(FILE *out, const struct metrics *m)
{
	char text[BGP_PEER_NAME_MAX];
	if (m->n_bfd == 0)
		return;
	for (size_t f = 0; f < ARRAY_SIZE(bfd_families); f++) {
		head(out, bfd_families[f].name, bfd_families[f].type, bfd_families[f].help);
		for (size_t i = 0; i < m->n_bfd; i++)
			fprintf(out, "vipherald_%s{peer=\"%s\"} %" PRIu64 "\n",
				bfd_families[f].name, bgp_peer_name(m->bfd[i].peer, text),
				bfd_families[f].value(&m->bfd[i].status));
	}
	bfd_seconds(out, m);
	bfd_drops(out, m);
	counter(out, "bfd_process_restarts_total",
		"Times the process that speaks BFD ended unexpectedly and was started again.",
		m->bfd_process_restarts);
}

static void consul(FILE *out, const struct consul_client_status *c, const struct service_counts *s)
{
	if (!c)
		return;
	gauge(out, "consul_up", "1 while Consul answers.", c->contact == CONSUL_IN_CONTACT);
	gauge(out, "consul_services", "Services of Consul with the match tag.", s->found);
	gauge(out, "consul_services_unregistered",
	      "Consul services not registered as apps: broken tags, refused, in conflict, or "
	      "unregistered over HTTP.",
	      s->unregistered);
	gauge(out, "consul_services_held",
	      "Services retained although Consul's state was reset and lacks them.", s->retained);
	gauge(out, "consul_items_skipped",
	      "Services and checks in Consul's last answers that cannot be read and are skipped.",
	      c->catalog.skipped.n + c->checks.skipped.n);
	counter(out, "consul_answers_total", "Answers of Consul that were accepted.",
		c->catalog.answers + c->checks.answers);
	counter(out, "consul_failures_total", "Requests to Consul that failed.",
		c->catalog.failures + c->checks.failures);
}

static void configuration(FILE *out, const struct metrics *m)
{
	gauge(out, "config_last_reload_successful",
	      "0 when the last reload failed: the file has errors, the former configuration is in "
	      "effect.",
	      m->config_ok);
	gauge(out, "config_unconfirmed",
	      "1 while the configuration in effect waits for a confirmation (reload --confirm).",
	      m->config_unconfirmed);
	gauge(out, "config_rolled_back",
	      "1 while the file is not in effect because its reload was not confirmed.",
	      m->config_rolled_back);
	counter(out, "config_rollbacks_total",
		"Reloads that were taken back because they were not confirmed in time.",
		m->config_rollbacks);
	gauge(out, "config_restart_needed",
	      "Keys whose values in the configuration file take effect after a restart only.",
	      m->restart_keys);
	head(out, "config_last_reload_timestamp_seconds", "gauge",
	     "When the configuration in effect was loaded.");
	fprintf(out, "vipherald_config_last_reload_timestamp_seconds %.3f\n",
		(double)m->config_loaded_at / (double)USEC_PER_SEC);
}

static void certificate(FILE *out, const char *key, wall_t end)
{
	if (end)
		fprintf(out,
			"vipherald_api_certificate_expiry_timestamp_seconds{key=\"%s\"} %" PRIu64
			"\n",
			key, end / USEC_PER_SEC);
}

static void certificates(FILE *out, const struct metrics *m)
{
	if (!m->cert_end && !m->client_ca_end)
		return;
	head(out, "api_certificate_expiry_timestamp_seconds", "gauge",
	     "When the first certificate in the file of that key of agent.api.tls expires.");
	certificate(out, "cert", m->cert_end);
	certificate(out, "client_ca", m->client_ca_end);
}

char *metrics_format(const struct metrics *m)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	if (!out)
		abort(); /* out of memory, see lib/mem.h */
	head(out, "build_info", "gauge", "Version of the running agent.");
	fprintf(out, "vipherald_build_info{version=\"%s\"} 1\n", m->version);
	configuration(out, m);
	certificates(out, m);
	histogram(out, "loop_stall_seconds",
		  "Turns of the event loop that took longer than 50 ms; the log names them.",
		  &m->loop_stalls);
	gauge(out, "fd_limit", "Limit of file descriptors.", m->fd_limit);
	gauge(out, "fd_short",
	      "1 while file descriptors run short, and new apps and processes to be watched are "
	      "refused.",
	      m->fds_short);
	counter(out, "sandbox_refused_calls_total",
		"System calls of the agent that are on no list of the sandbox, and failed.",
		m->refused_calls);
	api(out, m->api);
	hooks(out, &m->hooks);
	apps(out, m);
	commands(out, &m->commands);
	drains(out, m);
	leases(out, &m->apps);
	state_file(out, m->state_file);
	vips(out, &m->vips, &m->routes);
	nat(out, &m->nat, m->nat_unserved);
	drift(out, &m->drift);
	peers(out, m->peers, m->n_peers);
	bfd(out, m);
	consul(out, m->consul, &m->services);
	fclose(out);
	return text;
}
