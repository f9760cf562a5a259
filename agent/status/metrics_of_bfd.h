/* SPDX-License-Identifier: MIT */
/* Metrics of BFD, named as in RFC 5880 and as by exporters of routers. Pure. */
#ifndef AGENT_STATUS_METRICS_OF_BFD_H
#define AGENT_STATUS_METRICS_OF_BFD_H

#include "agent/status/metric_page.h"
#include "bfd/status.h"
#include "bgp/config.h"
#include "lib/mono.h"
#include "lib/wallclock.h"

/* BFD of a peer that has it. */
struct metrics_bfd {
	const struct bgp_peer_config *peer;
	struct bfd_status status; /* zero while there is no session yet */
};

/* `n` 0: nothing of it is shown. `now` and `wall` are the same moment. */
void metrics_of_bfd(struct metric_page *page, const struct metrics_bfd *items, size_t n,
		    const struct bfd_counts *counts, uint64_t restarts, mono_t now, wall_t wall);

#endif
