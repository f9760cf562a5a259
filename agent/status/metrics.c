/* SPDX-License-Identifier: MIT */
#include "agent/status/metrics.h"

#include <stdio.h>

#include "agent/status/metrics_of_sessions.h"
#include "lib/array.h"
#include "monitors/kinds.h"

static void gauge(struct metric_page *out, const char *name, const char *help, uint64_t value)
{
	metric_head(out, name, "gauge", help);
	metric_sample(out, name, NULL, value);
}

/* Of a name that a counter has as well: in OpenMetrics both would be one family. */
static void gauge_beside_counter(struct metric_page *out, const char *name, const char *help,
				 uint64_t value)
{
	if (out->format != METRIC_OPENMETRICS)
		gauge(out, name, help, value);
}

static void counter(struct metric_page *out, const char *name, const char *help, uint64_t value)
{
	metric_head(out, name, "counter", help);
	metric_sample(out, name, NULL, value);
}

static void seconds(struct metric_page *out, const char *name, const char *help, span_t span)
{
	metric_head(out, name, "gauge", help);
	metric_sample_double(out, name, NULL, (double)span / (double)USEC_PER_SEC, 6);
}

/* With one label. */
static void labelled(struct metric_page *out, const char *name, const char *label,
		     const char *value, uint64_t n)
{
	const struct metric_label labels[] = { { label, value }, { NULL, NULL } };
	metric_sample(out, name, labels, n);
}

static void apps(struct metric_page *out, const struct metrics *m)
{
	const struct app_counts *c = &m->apps;
	metric_head(out, "apps", "gauge", "Registered apps by health.");
	labelled(out, "apps", "health", "up", c->up);
	labelled(out, "apps", "health", "down", c->down);
	labelled(out, "apps", "health", "unknown", c->unknown);
	gauge_beside_counter(out, "checks",
			     "Checks made so far by the monitors that exist now. Deprecated: "
			     "vipherald_checks_total.",
			     m->checks);
	gauge(out, "check_failures",
	      "Failed checks of the monitors that exist now. Deprecated: vipherald_checks_total.",
	      m->check_failures);
	gauge(out, "apps_held_down", "Apps that flap and are held down (hold_down).", c->damped);
}

static void api_requests(struct metric_page *out, const struct api_counts *c)
{
	char code[8];
	metric_head(out, "api_requests_total", "counter",
		    "Requests to the API by path and status of the reply; 0 stands for any other "
		    "status.");
	for (size_t i = 0; i < API_PATHS_MAX; i++)
		for (size_t s = 0; c->paths[i] && s < API_CODES; s++) {
			const struct metric_label labels[] = { { "path", c->paths[i] },
							       { "code", code },
							       { 0 } };
			snprintf(code, sizeof(code), "%u", api_codes[s]);
			if (c->requests[i][s] > 0)
				metric_sample(out, "api_requests_total", labels, c->requests[i][s]);
		}
}

static void api(struct metric_page *out, const struct api_counts *c)
{
	if (!c)
		return;
	gauge_beside_counter(out, "api_connections", "Open connections to the API.",
			     c->connections);
	gauge(out, "api_followers", "Clients that follow the events (/v1/events as a stream).",
	      c->followers);
	counter(out, "api_connections_total", "Connections to the API that were accepted.",
		c->accepted);
	metric_head(out, "api_refused_total", "counter",
		    "Connections (too_many, pushed_out, too_slow) and requests that the API "
		    "refused, by cause.");
	for (size_t i = 0; i < API_CAUSES; i++)
		labelled(out, "api_refused_total", "cause", api_cause_name((enum api_cause)i),
			 c->refused[i]);
	api_requests(out, c);
}

static void latencies(struct metric_page *out, const struct bgp_latencies *l)
{
	if (!l)
		return;
	metric_head(out, "withdraw_latency_seconds", "histogram",
		    "Time from the turn of the loop that learns that VIPs go down, such as the end "
		    "of a check, to the UPDATEs in the sockets of all peers; once a turn.");
	metric_histogram(out, "withdraw_latency_seconds", NULL, &l->withdraw);
	metric_head(out, "announce_latency_seconds", "histogram",
		    "Time from the turn of the loop that learns that VIPs come up to the UPDATEs "
		    "in the "
		    "sockets of all peers; once a turn.");
	metric_histogram(out, "announce_latency_seconds", NULL, &l->announce);
}

static void check_times(struct metric_page *out, const struct monitor_runner_status *r)
{
	counter(out, "check_timeouts_total", "Checks that did not pass within their time limit.",
		r->timeouts);
	metric_head(out, "check_duration_seconds", "histogram",
		    "How long checks take, by kind of monitor.");
	for (size_t i = 0; r->took && i < MONITOR_N_KINDS; i++) {
		const struct metric_label labels[] = { { "kind", monitor_kind_at(i)->name },
						       { 0 } };
		if (r->took[i].count > 0)
			metric_histogram(out, "check_duration_seconds", labels, &r->took[i]);
	}
}

/* The names that the client libraries of Prometheus use. */
static void process(struct metric_page *out, const struct metrics *m)
{
	metric_head(out, "process_cpu_seconds_total", "counter",
		    "User and system CPU time of the agent in seconds.");
	metric_sample_double(out, "process_cpu_seconds_total", NULL,
			     (double)m->cpu / (double)USEC_PER_SEC, 3);
	gauge(out, "process_open_fds", "Open file descriptors of the agent.", m->open_fds);
	gauge(out, "process_max_fds", "Limit of file descriptors of the agent.", m->fd_limit);
	gauge(out, "process_virtual_memory_bytes", "Virtual memory of the agent.",
	      m->virtual_bytes);
	gauge(out, "process_resident_memory_bytes", "Resident memory of the agent.",
	      m->resident_bytes);
	metric_head(out, "process_start_time_seconds", "gauge", "When the agent was started.");
	metric_sample_double(out, "process_start_time_seconds", NULL,
			     (double)m->began_at / (double)USEC_PER_SEC, 3);
}

static void hooks(struct metric_page *out, const struct hook_counts *c)
{
	gauge(out, "hooks_waiting", "Commands of agent.hooks that run or wait for others.",
	      c->waiting);
	counter(out, "hooks_run_total", "Commands of agent.hooks that were started.", c->run);
	counter(out, "hooks_failed_total",
		"Commands of agent.hooks that failed or could not be run.", c->failed);
	counter(out, "hooks_lost_total",
		"Commands of agent.hooks that were not run, as too many waited already.", c->lost);
}

static void commands(struct metric_page *out, const struct monitor_runner_status *c)
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
	metric_head(out, "exec_late_ratio", "gauge",
		    "Average delay of the start of exec monitors, as a fraction of their interval; "
		    "at 1 they run half as often as configured.");
	metric_sample_double(out, "exec_late_ratio", NULL, c->load.percent / 100.0, 2);
}

static void drains(struct metric_page *out, const struct metrics *m)
{
	const struct app_counts *c = &m->apps;
	gauge(out, "agent_drained", "1 while the whole agent is drained.", m->agent_drained);
	gauge(out, "apps_draining", "Drained apps whose routes are still announced.", c->draining);
	gauge(out, "apps_drained", "Drained apps whose routes are withdrawn.", c->drained);
	gauge(out, "apps_kept",
	      "Apps that are down and stay announced because their whole group went down "
	      "(keep_last).",
	      c->apps_kept);
	gauge(out, "apps_joining",
	      "Apps that are up and announced with the attributes of states.join, as their "
	      "definition is not promoted yet.",
	      c->joining);
	gauge(out, "groups_kept",
	      "Groups whose apps all went down at once and stay announced; alert unless 0.",
	      c->groups_kept);
}

static void leases(struct metric_page *out, const struct app_counts *c)
{
	gauge(out, "leases", "Apps with a lease, unregistered when the lease expires.", c->leases);
	counter(out, "leases_expired_total", "Apps unregistered because their lease expired.",
		c->leases_expired);
}

static void state_file(struct metric_page *out, const struct state_file_status *s)
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

static void vips(struct metric_page *out, const struct vip_counts *c,
		 const struct bgp_route_counts *routes)
{
	gauge(out, "vips", "VIPs of all apps, and VIPs that are being removed.", c->vips);
	gauge(out, "vips_bound", "VIPs that are bound as `bind` of their app says.", c->bound);
	gauge(out, "vips_announced", "VIPs that at least one established peer has been sent.",
	      routes->sent);
	gauge(out, "vips_suppressed",
	      "VIPs that no peer is sent, as an aggregate with summary_only stands for them.",
	      routes->suppressed);
	gauge(out, "vips_troubled",
	      "VIPs that an error keeps from the state they should be in, or that no established "
	      "peer can be sent.",
	      c->troubled + routes->refused);
	counter(out, "announcements_total", "Decisions to announce a VIP.", c->announcements);
	counter(out, "withdrawals_total", "Decisions to withdraw a VIP.", c->withdrawals);
}

static void nat(struct metric_page *out, const struct nat_status *s, size_t unserved)
{
	metric_head(out, "nat_backend", "gauge", "1 for the NAT back end in use.");
	if (s->backend)
		labelled(out, "nat_backend", "backend", s->backend, 1);
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

static void drift(struct metric_page *out, const struct drift *d)
{
	metric_head(out, "drift_repairs_total", "counter",
		    "Repairs of addresses, rules and sessions that another program or the host had "
		    "changed, by kind.");
	for (size_t i = 0; i < DRIFT_KINDS; i++)
		labelled(out, "drift_repairs_total", "kind", drift_kind_name((enum drift_kind)i),
			 d->of[i].repairs);
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
	{ "peer_up", "gauge",
	  "1 while the session with the peer is established. Deprecated: vipherald_bgp_session_up.",
	  is_up },
	{ "peer_admin_down", "gauge", "1 while the peer is disabled by the operator.",
	  is_disabled },
	{ "peer_state", "gauge",
	  "State of the session: 1 idle, 2 connect, 3 active, 4 opensent, 5 openconfirm, "
	  "6 established. Deprecated: vipherald_bgp_session_state.",
	  state },
	{ "peer_sessions_total", "counter", "Sessions with the peer that reached established.",
	  sessions },
	{ "peer_graceful_restart", "gauge",
	  "1 when the peer keeps the routes while the agent restarts (graceful restart was "
	  "negotiated).",
	  graceful_restart },
	{ "peer_routes_sent", "gauge",
	  "Routes announced to the peer and not withdrawn. Deprecated: "
	  "vipherald_bgp_advertised_routes.",
	  routes_sent },
	{ "peer_routes_pending", "gauge", "Routes waiting to be sent to the peer.",
	  routes_pending },
	{ "peer_updates_sent_total", "counter",
	  "UPDATE messages sent to the peer. Deprecated: vipherald_bgp_messages_total.",
	  updates_sent },
	{ "peer_messages_sent_total", "counter",
	  "BGP messages sent to the peer. Deprecated: vipherald_bgp_messages_total.",
	  messages_sent },
	{ "peer_messages_received_total", "counter",
	  "BGP messages received from the peer. Deprecated: vipherald_bgp_messages_total.",
	  messages_received },
};

static void peers(struct metric_page *out, const struct bgp_peer_status *items, size_t n)
{
	char text[BGP_PEER_NAME_MAX];
	for (size_t f = 0; f < ARRAY_SIZE(peer_families); f++) {
		metric_head(out, peer_families[f].name, peer_families[f].type,
			    peer_families[f].help);
		for (size_t i = 0; i < n; i++)
			labelled(out, peer_families[f].name, "peer",
				 bgp_peer_name(items[i].config, text),
				 peer_families[f].value(&items[i]));
	}
}

static void consul(struct metric_page *out, const struct consul_client_status *c,
		   const struct service_counts *s)
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

static void nomad(struct metric_page *out, const struct consul_client_status *c,
		  const struct service_counts *s)
{
	if (!c)
		return;
	gauge(out, "nomad_up", "1 while Nomad answers.", c->contact == CONSUL_IN_CONTACT);
	gauge(out, "nomad_services", "Services of this node in Nomad with the match tag.",
	      s->found);
	gauge(out, "nomad_services_unregistered",
	      "Nomad services not registered as apps: broken tags, refused, in conflict, or "
	      "unregistered over HTTP.",
	      s->unregistered);
	gauge(out, "nomad_services_held",
	      "Services retained although Nomad's state was reset and lacks them.", s->retained);
	gauge(out, "nomad_items_skipped",
	      "Services in Nomad's last answer that cannot be read and are skipped.",
	      c->catalog.skipped.n);
	counter(out, "nomad_answers_total", "Answers of Nomad that were accepted.",
		c->catalog.answers);
	counter(out, "nomad_failures_total", "Requests to Nomad that failed.", c->catalog.failures);
}

static void configuration(struct metric_page *out, const struct metrics *m)
{
	gauge(out, "config_last_reload_successful",
	      "0 when the last reload failed, and after a start with a broken file: the file has "
	      "errors, the previous configuration or its last good version is in effect.",
	      m->config_ok);
	gauge(out, "config_changed",
	      "1 while the configuration file, or an included one, was modified after the last "
	      "load.",
	      m->config_changed);
	gauge(out, "config_unconfirmed",
	      "1 while the configuration in effect waits for a confirmation (reload --confirm).",
	      m->config_unconfirmed);
	gauge(out, "config_rolled_back",
	      "1 while the file is not in effect because its reload was not confirmed.",
	      m->config_rolled_back);
	counter(out, "config_rollbacks_total",
		"Reloads rolled back because they were not confirmed in time.",
		m->config_rollbacks);
	gauge(out, "config_included_files_broken",
	      "Included files with errors: their apps are as they were, or left out.",
	      m->included_broken);
	gauge(out, "config_restart_needed",
	      "Keys whose values in the configuration file take effect after a restart only.",
	      m->restart_keys);
	metric_head(out, "config_last_reload_timestamp_seconds", "gauge",
		    "When the configuration in effect was loaded.");
	metric_sample_double(out, "config_last_reload_timestamp_seconds", NULL,
			     (double)m->config_loaded_at / (double)USEC_PER_SEC, 3);
}

static void certificate(struct metric_page *out, const char *key, wall_t end)
{
	if (end)
		labelled(out, "api_certificate_expiry_timestamp_seconds", "key", key,
			 end / USEC_PER_SEC);
}

static void certificates(struct metric_page *out, const struct metrics *m)
{
	if (!m->cert_end && !m->client_ca_end)
		return;
	metric_head(out, "api_certificate_expiry_timestamp_seconds", "gauge",
		    "When the first certificate in the file of that key of agent.api.tls expires.");
	certificate(out, "cert", m->cert_end);
	certificate(out, "client_ca", m->client_ca_end);
}

void metrics_format(const struct metrics *m, struct metric_page *out)
{
	metric_head(out, "build_info", "gauge", "Version of the running agent.");
	labelled(out, "build_info", "version", m->version, 1);
	process(out, m);
	configuration(out, m);
	certificates(out, m);
	metric_head(out, "loop_stall_seconds", "histogram",
		    "Turns of the event loop that took longer than 50 ms; the log names them.");
	metric_histogram(out, "loop_stall_seconds", NULL, &m->loop_stalls);
	gauge(out, "fd_limit", "Limit of file descriptors. Deprecated: process_max_fds.",
	      m->fd_limit);
	gauge(out, "fd_short",
	      "1 while file descriptors run short, and new apps and processes to be watched are "
	      "refused.",
	      m->fds_short);
	counter(out, "sandbox_refused_calls_total",
		"System calls of the agent that the sandbox does not know, and refused.",
		m->refused_calls);
	api(out, m->api);
	hooks(out, &m->hooks);
	metrics_of_programs(out, m->programs, m->n_programs);
	apps(out, m);
	check_times(out, &m->commands);
	commands(out, &m->commands);
	drains(out, m);
	leases(out, &m->apps);
	state_file(out, m->state_file);
	vips(out, &m->vips, &m->routes);
	latencies(out, m->latencies);
	nat(out, &m->nat, m->nat_unserved);
	drift(out, &m->drift);
	peers(out, m->peers, m->n_peers);
	metrics_of_bfd(out, m->bfd, m->n_bfd, m->bfd_counts, m->bfd_process_restarts, m->mono,
		       m->wall);
	metrics_of_sessions(out, m->peers, m->n_peers, m->mono, m->wall);
	consul(out, m->consul, &m->services);
	nomad(out, m->nomad, &m->nomad_services);
	metrics_of_fleet(out, m->fleet, m->roll, m->wall);
}
