/* SPDX-License-Identifier: MIT */
/*
 * Metrics of the agent as a whole and of its peers. A family of samples is one line in metrics.c,
 * which names it, describes it and picks the value from a status struct. Pure;
 * agent/status/metrics_collect.h gets the status, and metrics_of_apps.h has the families of apps.
 */
#ifndef AGENT_STATUS_METRICS_H
#define AGENT_STATUS_METRICS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/status/hook_counts.h"
#include "agent/model/api_counts.h"
#include "agent/model/app_counts.h"
#include "agent/model/drift.h"
#include "agent/model/vip_counts.h"
#include "agent/status/metric_page.h"
#include "agent/status/metrics_of_bfd.h"
#include "agent/status/metrics_of_fleet.h"
#include "agent/status/metrics_of_programs.h"
#include "agent/store/status.h"
#include "bgp/status.h"
#include "consul/status.h"
#include "lib/histogram.h"
#include "lib/wallclock.h"
#include "monitors/status.h"
#include "nat/status.h"

/* Services with the match tag. */
struct service_counts {
	size_t found, unregistered;
	size_t retained; /* Consul's state was reset and lacks them */
};

struct metrics {
	const char *version;
	mono_t mono; /* the same moment on both clocks */
	wall_t wall;
	wall_t cert_end, client_ca_end; /* of agent.api.tls; 0: not configured */
	uint64_t fd_limit;
	/* The process: when it was started, and what the kernel counts of it. */
	wall_t began_at;
	span_t cpu;
	uint64_t virtual_bytes, resident_bytes, open_fds;
	bool fds_short;      /* new apps and processes to be watched are refused */
	bool config_ok;      /* config_file_is_accepted() */
	bool config_changed; /* the file, since it was loaded */
	bool config_unconfirmed, config_rolled_back;
	uint64_t config_rollbacks;
	size_t included_broken;  /* included files with errors */
	size_t restart_keys;     /* of the file, in effect after a restart only */
	wall_t config_loaded_at; /* the configuration in effect; 0: not from a file */
	struct histogram loop_stalls;
	uint64_t refused_calls; /* of the sandbox */
	struct hook_counts hooks;
	const struct api_counts *api; /* NULL: not started yet */
	struct app_counts apps;
	uint64_t checks, check_failures; /* of the monitors that exist now */
	struct monitor_runner_status commands;
	bool agent_drained;
	const struct state_file_status *state_file; /* NULL: none */
	struct vip_counts vips;
	struct bgp_route_counts routes;
	const struct bgp_latencies *latencies; /* NULL: no speaker */
	struct nat_status nat;
	size_t nat_unserved; /* VIPs with a mapping to where no socket listens */
	struct drift drift;
	const struct bgp_peer_status *peers;
	size_t n_peers;
	const struct metrics_program *programs;
	size_t n_programs;
	const struct fleet_agent_status *fleet; /* NULL: none is configured */
	const struct roll *roll;                /* NULL: no rolling work */
	const struct metrics_bfd *bfd;
	size_t n_bfd; /* peers that have it; 0: nothing of it is shown */
	uint64_t bfd_process_restarts;
	const struct bfd_counts *bfd_counts;               /* NULL with n_bfd 0 */
	const struct consul_client_status *consul, *nomad; /* NULL: not configured */
	struct service_counts services, nomad_services;    /* of Consul */
};

void metrics_format(const struct metrics *m, struct metric_page *page);

#endif
