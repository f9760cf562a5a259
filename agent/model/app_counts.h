/* SPDX-License-Identifier: MIT */
/* Apps by health and state, in numbers. */
#ifndef AGENT_MODEL_APP_COUNTS_H
#define AGENT_MODEL_APP_COUNTS_H

#include <stddef.h>
#include <stdint.h>

struct app_counts {
	size_t up, down, unknown;
	size_t damped;            /* they flap, and stay down until their hold_down is over */
	size_t draining, drained; /* still announced; not any more */
	size_t apps_kept, groups_kept;
	size_t leases;
	uint64_t leases_expired;
};

#endif
