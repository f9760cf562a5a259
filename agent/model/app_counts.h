/* SPDX-License-Identifier: MIT */
/* Counters of the registry: apps by health and state. */
#ifndef AGENT_MODEL_APP_COUNTS_H
#define AGENT_MODEL_APP_COUNTS_H

#include <stddef.h>
#include <stdint.h>

struct app_counts {
	size_t up, down, unknown;
	size_t damped;            /* flapping, withdrawn until hold_down is over */
	size_t draining, drained; /* still announced; withdrawn */
	size_t apps_kept, groups_kept;
	size_t joining; /* up, by a definition that is not promoted yet */
	size_t leases;
	uint64_t leases_expired;
};

#endif
