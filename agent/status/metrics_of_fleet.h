/* SPDX-License-Identifier: MIT */
/* Metrics of this agent in its fleet; those of its apps are in metrics_of_apps. Pure. */
#ifndef AGENT_STATUS_METRICS_OF_FLEET_H
#define AGENT_STATUS_METRICS_OF_FLEET_H

#include "agent/fleet/status.h"
#include "agent/model/roll.h"
#include "agent/status/metric_page.h"
#include "lib/wallclock.h"

/* `fleet` NULL: none is configured, and nothing is said; `roll` NULL: there is no rolling work. */
void metrics_of_fleet(struct metric_page *page, const struct fleet_agent_status *fleet,
		      const struct roll *roll, wall_t now);

#endif
