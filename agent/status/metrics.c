/* SPDX-License-Identifier: MIT */
#include "agent/status/metrics.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static void head(FILE *out, const char *name, const char *type, const char *help)
{
	fprintf(out, "# HELP vipherald_%s %s\n# TYPE vipherald_%s %s\n", name, help, name, type);
}

static void single(FILE *out, const char *name, const char *type, const char *help, uint64_t value)
{
	head(out, name, type, help);
	fprintf(out, "vipherald_%s %" PRIu64 "\n", name, value);
}

static void apps(FILE *out, const struct metrics *m)
{
	head(out, "apps", "gauge", "Registered apps by health.");
	fprintf(out, "vipherald_apps{health=\"up\"} %zu\n", m->apps_up);
	fprintf(out, "vipherald_apps{health=\"down\"} %zu\n", m->apps_down);
	fprintf(out, "vipherald_apps{health=\"unknown\"} %zu\n", m->apps_unknown);
	single(out, "checks", "gauge", "Checks made by the monitors that exist now.", m->checks);
	single(out, "check_failures", "gauge", "Failed checks of the monitors that exist now.",
	       m->check_failures);
	single(out, "apps_held_down", "gauge", "Apps that flap and are held down.", m->apps_held);
}

static void commands(FILE *out, const struct monitor_runner_status *c)
{
	single(out, "exec_running", "gauge", "Commands of exec monitors that run.", c->running);
	single(out, "exec_waiting", "gauge", "Commands that are due and wait for one to end.",
	       c->waiting);
	single(out, "exec_behind", "gauge",
	       "1 when commands cannot be run as often as they should.", c->load.behind);
	head(out, "exec_late_seconds", "gauge", "How late commands begin, on average.");
	fprintf(out, "vipherald_exec_late_seconds %.6f\n",
		(double)c->load.late / (double)USEC_PER_SEC);
	head(out, "exec_late_ratio", "gauge",
	     "The same as a part of their interval: at 1 they run half as often as they should.");
	fprintf(out, "vipherald_exec_late_ratio %.2f\n", c->load.percent / 100.0);
}

static void drains(FILE *out, const struct metrics *m)
{
	single(out, "agent_drained", "gauge", "1 while all apps are drained.", m->agent_drained);
	single(out, "apps_draining", "gauge", "Drained apps that are still announced.",
	       m->states.draining);
	single(out, "apps_drained", "gauge", "Drained apps that are not announced any more.",
	       m->states.drained);
	single(out, "apps_kept", "gauge",
	       "Apps that are down and kept announced, because their whole group is down.",
	       m->states.apps_kept);
	single(out, "groups_kept", "gauge",
	       "ALARM unless 0: groups whose apps all went down at the same moment.",
	       m->states.groups_kept);
}

static void kept(FILE *out, const struct metrics *m)
{
	single(out, "leases", "gauge", "Apps that have to be registered again to stay.",
	       m->states.leases);
	single(out, "leases_expired_total", "counter", "Apps that were not.",
	       m->states.leases_expired);
	if (!m->has_state_file)
		return;
	single(out, "state_file_stored", "gauge", "0 while the state file cannot be written.",
	       m->state_stored);
	single(out, "state_file_bytes", "gauge", "The size of the state file.", m->state_bytes);
	single(out, "state_file_writes_total", "counter", "How often it was written.",
	       m->state_writes);
	single(out, "state_file_failures_total", "counter", "How often it could not be written.",
	       m->state_failures);
	head(out, "state_file_longest_seconds", "gauge",
	     "The longest time that the disk took for it.");
	fprintf(out, "vipherald_state_file_longest_seconds %.6f\n",
		(double)m->state_longest / (double)USEC_PER_SEC);
}

static void vips(FILE *out, const struct vip_counts *c)
{
	single(out, "vips", "gauge", "VIPs that are known, those going down included.", c->vips);
	single(out, "vips_bound", "gauge", "VIPs that are on lo.", c->bound);
	single(out, "vips_announced", "gauge", "VIPs that are announced.", c->announced);
	single(out, "vips_troubled", "gauge", "VIPs that are not as wanted because of an error.",
	       c->troubled);
	single(out, "announcements_total", "counter", "Decisions to announce a VIP.",
	       c->announcements);
	single(out, "withdrawals_total", "counter", "Decisions to withdraw a VIP.", c->withdrawals);
}

static void nat(FILE *out, const struct nat_status *s)
{
	head(out, "nat_backend", "gauge", "1 for the back end that is used.");
	if (s->backend)
		fprintf(out, "vipherald_nat_backend{backend=\"%s\"} 1\n", s->backend);
	single(out, "nat_rules_wanted", "gauge", "NAT rules that should be there.", s->wanted);
	single(out, "nat_rules", "gauge", "NAT rules of ours that are there.", s->present);
	single(out, "nat_transactions_total", "counter", "Changes of NAT that were made.",
	       s->transactions);
	single(out, "nat_failures_total", "counter", "Changes of NAT that failed.", s->failures);
	single(out, "nat_rules_put_back_total", "counter",
	       "NAT rules that somebody else had removed.", s->put_back);
	single(out, "nat_waits_total", "counter",
	       "Waits for the xtables lock, or for others to finish with the table.", s->waits);
	single(out, "nat_flows_forgotten_total", "counter",
	       "UDP flows that were made to follow a change of NAT.", s->flows_forgotten);
	head(out, "nat_longest_seconds", "gauge", "The longest time that NAT kept the loop.");
	fprintf(out, "vipherald_nat_longest_seconds %.6f\n",
		(double)s->longest / (double)USEC_PER_SEC);
}

static void drift(FILE *out, const struct drift *d)
{
	head(out, "drift_repairs_total", "counter",
	     "What somebody else, or the host, took from us and was put right, by kind.");
	for (size_t i = 0; i < DRIFT_KINDS; i++)
		fprintf(out, "vipherald_drift_repairs_total{kind=\"%s\"} %" PRIu64 "\n",
			drift_kind_name((enum drift_kind)i), d->of[i].repairs);
}

/* One family of samples, one sample a peer; `value` picks it. */
static void per_peer(FILE *out, const struct metrics *m, const char *name, const char *type,
		     const char *help, uint64_t (*value)(const struct bgp_peer_status *p))
{
	char text[ADDR_TEXT_MAX];
	head(out, name, type, help);
	for (size_t i = 0; i < m->n_peers; i++)
		fprintf(out, "vipherald_%s{peer=\"%s\"} %" PRIu64 "\n", name,
			addr_format(&m->peers[i].config->addr, text), value(&m->peers[i]));
}

static uint64_t peer_up(const struct bgp_peer_status *p)
{
	return p->state == BGP_ESTABLISHED;
}

static uint64_t peer_state(const struct bgp_peer_status *p)
{
	return p->state;
}

static uint64_t peer_sessions(const struct bgp_peer_status *p)
{
	return p->sessions;
}

static uint64_t peer_graceful(const struct bgp_peer_status *p)
{
	return p->graceful_restart;
}

static uint64_t peer_routes(const struct bgp_peer_status *p)
{
	return p->routes_sent;
}

static uint64_t peer_pending(const struct bgp_peer_status *p)
{
	return p->routes_pending;
}

static uint64_t peer_updates(const struct bgp_peer_status *p)
{
	return p->sent.update;
}

static uint64_t peer_messages_sent(const struct bgp_peer_status *p)
{
	return p->sent.total;
}

static uint64_t peer_messages_received(const struct bgp_peer_status *p)
{
	return p->received.total;
}

static void peers(FILE *out, const struct metrics *m)
{
	per_peer(out, m, "peer_up", "gauge", "1 when the session is established.", peer_up);
	per_peer(out, m, "peer_state", "gauge",
		 "1 idle, 2 connect, 3 active, 4 opensent, 5 openconfirm, 6 established.",
		 peer_state);
	per_peer(out, m, "peer_sessions_total", "counter", "Sessions that were established.",
		 peer_sessions);
	per_peer(out, m, "peer_graceful_restart", "gauge",
		 "1 when the peer keeps our routes over a restart.", peer_graceful);
	per_peer(out, m, "peer_routes_sent", "gauge", "Routes that the peer holds.", peer_routes);
	per_peer(out, m, "peer_routes_pending", "gauge", "Routes about to be sent.", peer_pending);
	per_peer(out, m, "peer_updates_sent_total", "counter", "UPDATE messages sent.",
		 peer_updates);
	per_peer(out, m, "peer_messages_sent_total", "counter", "BGP messages sent.",
		 peer_messages_sent);
	per_peer(out, m, "peer_messages_received_total", "counter", "BGP messages received.",
		 peer_messages_received);
}

static void consul(FILE *out, const struct metrics_consul *c)
{
	if (!c->enabled)
		return;
	single(out, "consul_up", "gauge", "1 when Consul answers.", c->in_contact);
	single(out, "consul_services", "gauge", "Services with the match tag.", c->services);
	single(out, "consul_services_unregistered", "gauge",
	       "Of them: broken, refused, in conflict or unregistered over HTTP.", c->unregistered);
	single(out, "consul_services_held", "gauge",
	       "Of them: kept although Consul lost its memory of them.", c->held);
	single(out, "consul_answers_total", "counter", "Answers that were taken.", c->answers);
	single(out, "consul_failures_total", "counter", "Questions without a good answer.",
	       c->failures);
}

char *metrics_format(const struct metrics *m)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	if (!out)
		abort(); /* out of memory, see lib/mem.h */
	head(out, "build_info", "gauge", "The version that runs.");
	fprintf(out, "vipherald_build_info{version=\"%s\"} 1\n", m->version);
	apps(out, m);
	commands(out, &m->commands);
	drains(out, m);
	kept(out, m);
	vips(out, &m->vips);
	nat(out, &m->nat);
	drift(out, &m->drift);
	peers(out, m);
	consul(out, &m->consul);
	fclose(out);
	return text;
}
