/* SPDX-License-Identifier: MIT */
/* Metrics of BGP sessions, named as by exporters of routers. Pure. */
#ifndef AGENT_STATUS_METRICS_OF_SESSIONS_H
#define AGENT_STATUS_METRICS_OF_SESSIONS_H

#include "agent/status/metric_page.h"
#include "bgp/status.h"
#include "lib/wallclock.h"

/* `now` and `wall` are one moment. */
void metrics_of_sessions(struct metric_page *page, const struct bgp_peer_status *peers, size_t n,
			 mono_t now, wall_t wall);

#endif
