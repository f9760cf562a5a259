/* SPDX-License-Identifier: MIT */
/* The families of /metrics that have samples of each process. Pure. */
#ifndef AGENT_STATUS_METRICS_OF_PROGRAMS_H
#define AGENT_STATUS_METRICS_OF_PROGRAMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/status/metric_page.h"

struct metrics_program {
	const char *name;
	bool up;
	size_t routes;
	uint64_t starts, lines, errors, dropped;
};

/* Nothing without processes. */
void metrics_of_programs(struct metric_page *page, const struct metrics_program *programs,
			 size_t n);

#endif
