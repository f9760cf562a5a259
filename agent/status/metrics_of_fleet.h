/* SPDX-License-Identifier: MIT */
/* Metrics of this agent in its fleet; those of its apps are in metrics_of_apps. Pure. */
#ifndef AGENT_STATUS_METRICS_OF_FLEET_H
#define AGENT_STATUS_METRICS_OF_FLEET_H

#include <stdbool.h>
#include <stddef.h>

#include "agent/status/metric_page.h"

struct metrics_fleet {
	bool has_session;
	size_t guarded, kept, waiting, joining;
	bool rolls, roll_waits, roll_is_stuck; /* rolling work of this host */
};

/* NULL: no fleet is configured, and nothing is said. */
void metrics_of_fleet(struct metric_page *page, const struct metrics_fleet *fleet);

#endif
