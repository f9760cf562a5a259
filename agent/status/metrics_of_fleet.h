/* SPDX-License-Identifier: MIT */
/* What /metrics says of this agent in its fleet. Pure. */
#ifndef AGENT_STATUS_METRICS_OF_FLEET_H
#define AGENT_STATUS_METRICS_OF_FLEET_H

#include <stdbool.h>
#include <stddef.h>

#include "agent/status/metric_page.h"

/* Both are 0 while the app is not kept, and until Consul has answered. */
struct metrics_fleet_app {
	const char *name;
	size_t up, min_up;
};

struct metrics_fleet {
	bool has_session;
	size_t guarded, kept, waiting;
	struct metrics_fleet_app *apps;
	size_t n;
};

/* NULL: no fleet is configured, and nothing is said. */
void metrics_of_fleet(struct metric_page *page, const struct metrics_fleet *fleet);

#endif
