/* SPDX-License-Identifier: MIT */
#include "agent/status/metrics_collect.h"

#include <stdlib.h>

#include "agent/app/drains.h"
#include "agent/bfd/peer_bfd.h"
#include "agent/fleet/fleet_agent.h"
#include "agent/programs/programs.h"
#include "agent/status/drift_sum.h"
#include "agent/status/metrics.h"
#include "agent/vip/nat_served.h"
#include "lib/mem.h"
#include "lib/version.h"
#include "process/fd_limit.h"
#include "process/loop.h"
#include "process/usage.h"

static void count_services(const struct discovery *d, struct service_counts *ret)
{
	for (const struct discovered *s = discovery_first(d); s; s = s->hh.next) {
		ret->found++;
		ret->unregistered += s->state != DISCOVERED_REGISTERED;
		ret->retained += s->retained_since != USEC_NEVER;
	}
}

/* Free the list. */
static struct metrics_bfd *list_bfd(const struct status_sources *in, const struct peer_list *peers,
				    size_t *ret_n)
{
	struct metrics_bfd *list = mem_new(peers->n + 1, sizeof(*list));
	struct peer_bfd_status session;
	const char *error;
	size_t n = 0;
	for (size_t i = 0; i < peers->n; i++) {
		if (!peers->items[i].config->bfd.on)
			continue;
		list[n].peer = peers->items[i].config;
		if (peer_bfd_find(in->bfd, &peers->items[i], &session, &error))
			list[n].status = *session.status;
		n++;
	}
	*ret_n = n;
	return list;
}

static void find_ends(const struct tls_keys *keys, struct metrics *m)
{
	if (!keys)
		return;
	m->cert_end = tls_keys_end(keys, TLS_CERT);
	m->client_ca_end = tls_keys_end(keys, TLS_CLIENT_CA);
}

/* Free it. */
static struct metrics_program *list_programs(const struct programs *programs, size_t *ret_n)
{
	struct metrics_program *list = NULL;
	size_t cap = 0;
	*ret_n = 0;
	for (const struct program *p = programs_first(programs); p;
	     p = programs_next(programs, p)) {
		list = mem_grow(list, &cap, *ret_n + 1, sizeof(*list));
		list[(*ret_n)++] = (struct metrics_program){
			.name = p->spec.name,
			.up = p->state != PROGRAM_WAITS,
			.routes = route_table_n(&p->routes),
			.starts = p->n_starts,
			.lines = p->n_lines,
			.errors = p->n_errors,
			.dropped = p->answers.dropped,
		};
	}
	return list;
}

void metrics_collect(const struct status_sources *in, struct metric_page *page)
{
	struct peer_list peers;
	struct view_clock clock = status_clock();
	struct state_file_status file;
	struct consul_client_status consul = { 0 }, nomad = { 0 };
	struct process_usage usage;
	process_usage(&usage);
	peer_list_init(&peers, in->speaker);
	const struct config_file *file_in_effect = in->config_file;
	struct metrics m = {
		.version = VIPHERALD_VERSION,
		.mono = clock.now,
		.wall = clock.wall,
		.cpu = usage.cpu,
		.virtual_bytes = usage.virtual_bytes,
		.resident_bytes = usage.resident_bytes,
		.open_fds = usage.open_fds,
		.fd_limit = fd_limit(),
		.began_at = clock.wall - usec_sub(clock.now, in->began_at),
		.fds_short = fd_limit_check(FD_FOR_NEW, NULL) < 0,
		.config_ok = !file_in_effect || config_file_is_accepted(file_in_effect),
		.config_changed = file_in_effect && config_file_is_changed(file_in_effect),
		.config_unconfirmed = file_in_effect && file_in_effect->trial.deadline,
		.config_rolled_back = file_in_effect && file_in_effect->rolled_back.sha256[0],
		.config_rollbacks = file_in_effect ? file_in_effect->rollbacks : 0,
		.included_broken =
			file_in_effect ? file_in_effect->n_kept + file_in_effect->n_left_out : 0,
		.restart_keys = file_in_effect ? json_array_size(file_in_effect->needs_restart) : 0,
		.config_loaded_at = file_in_effect ? file_in_effect->loaded_at : 0,
		.loop_stalls = *loop_stalls(),
		.refused_calls = in->sandbox.refused_calls,
		.hooks = in->hooks,
		.api = in->api,
		.apps = registry_count(in->registry),
		.agent_drained = drain_is_on(registry_agent_drain(in->registry)),
		.state_file = store_status(in->store, &file) ? &file : NULL,
		.vips = reconcile_counts(in->reconcile),
		.routes = bgp_speaker_count_routes(in->speaker),
		.latencies = bgp_speaker_latencies(in->speaker),
		.nat = nat_status(in->nat),
		.nat_unserved = actuator_nat_dead(in->actuator)->n,
		.roll = in->roll,
		.peers = peers.items,
		.n_peers = peers.n,
		.bfd_process_restarts = peer_bfd_restarts(in->bfd),
		.bfd_counts = peer_bfd_counts(in->bfd),
		.consul = in->discovery ? &consul : NULL,
		.nomad = in->nomad ? &nomad : NULL,
	};
	struct metrics_bfd *bfd = list_bfd(in, &peers, &m.n_bfd);
	m.bfd = bfd;
	struct metrics_program *programs = list_programs(in->programs, &m.n_programs);
	m.programs = programs;
	struct fleet_agent_status fleet;
	if (in->fleet) {
		fleet_agent_status(in->fleet, &fleet);
		m.fleet = &fleet;
	}
	find_ends(in->tls_keys, &m);
	monitor_runner_status(in->runner, &m.commands);
	m.checks = m.commands.present_checks;
	m.check_failures = m.commands.present_failures;
	drift_sum(in, &m.drift);
	if (in->discovery) {
		consul_client_status(discovery_client(in->discovery), &consul);
		count_services(in->discovery, &m.services);
	}
	if (in->nomad) {
		consul_client_status(discovery_client(in->nomad), &nomad);
		count_services(in->nomad, &m.nomad_services);
	}
	metrics_format(&m, page);
	free(bfd);
	free(programs);
	peer_list_done(&peers);
}
