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

/* NULL: not configured. */
static const struct consul_client_status *add_services(const struct discovery *d,
						       struct consul_client_status *client,
						       struct service_counts *ret)
{
	if (!d)
		return NULL;
	consul_client_status(discovery_client(d), client);
	for (const struct discovered *s = discovery_first(d); s; s = s->hh.next) {
		ret->found++;
		ret->unregistered += s->state != DISCOVERED_REGISTERED;
		ret->retained += s->retained_since != USEC_NEVER;
	}
	return client;
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

static void add_process(struct metrics *m)
{
	struct process_usage usage;
	process_usage(&usage);
	m->cpu = usage.cpu;
	m->virtual_bytes = usage.virtual_bytes;
	m->resident_bytes = usage.resident_bytes;
	m->open_fds = usage.open_fds;
	m->fd_limit = fd_limit();
	m->fds_short = fd_limit_check(FD_FOR_NEW, NULL) < 0;
	m->loop_stalls = *loop_stalls();
}

static void add_config(const struct config_file *f, struct metrics *m)
{
	m->config_ok = !f || config_file_is_accepted(f);
	if (!f)
		return;
	m->config_changed = config_file_is_changed(f);
	m->config_unconfirmed = f->trial.deadline;
	m->config_rolled_back = f->rolled_back.sha256[0];
	m->config_rollbacks = f->rollbacks;
	m->included_broken = f->n_kept + f->n_left_out;
	m->restart_keys = json_array_size(f->needs_restart);
	m->config_loaded_at = f->loaded_at;
}

void metrics_collect(const struct status_sources *in, struct metric_page *page)
{
	struct peer_list peers;
	struct view_clock clock = status_clock();
	struct state_file_status file;
	struct consul_client_status consul, nomad;
	peer_list_init(&peers, in->speaker);
	struct metrics m = {
		.version = VIPHERALD_VERSION,
		.mono = clock.now,
		.wall = clock.wall,
		.began_at = clock.wall - usec_sub(clock.now, in->began_at),
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
	};
	add_process(&m);
	add_config(in->config_file, &m);
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
	m.consul = add_services(in->discovery, &consul, &m.services);
	m.nomad = add_services(in->nomad, &nomad, &m.nomad_services);
	metrics_format(&m, page);
	free(bfd);
	free(programs);
	peer_list_done(&peers);
}
