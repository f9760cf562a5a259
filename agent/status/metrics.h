/* SPDX-License-Identifier: MIT */
/* GET /metrics: the state in Prometheus' text format, version 0.0.4. Pure. */
#ifndef AGENT_STATUS_METRICS_H
#define AGENT_STATUS_METRICS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/model/app_counts.h"
#include "agent/model/drift.h"
#include "agent/model/vip_counts.h"
#include "bgp/status.h"
#include "monitors/status.h"
#include "nat/status.h"

struct metrics_consul {
	bool enabled, in_contact;
	uint64_t answers, failures;
	size_t services, unregistered, held;
};

struct metrics {
	const char *version;
	size_t apps_unknown, apps_up, apps_down;
	struct app_counts states;
	bool agent_drained;
	struct vip_counts vips;
	size_t apps_held;
	struct nat_status nat;
	bool has_state_file, state_stored;
	uint64_t state_writes, state_failures;
	size_t state_bytes;
	usec_t state_longest;
	struct drift drift;
	uint64_t checks, check_failures; /* of the monitors that exist now */
	struct monitor_runner_status commands;
	const struct bgp_peer_status *peers;
	size_t n_peers;
	struct metrics_consul consul;
};

/* Free the text. */
char *metrics_format(const struct metrics *m);

#endif
