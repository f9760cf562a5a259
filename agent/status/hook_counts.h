/* SPDX-License-Identifier: MIT */
/* Counters of hooks (agent/daemon/hooks.h). */
#ifndef AGENT_STATUS_HOOK_COUNTS_H
#define AGENT_STATUS_HOOK_COUNTS_H

#include <stddef.h>
#include <stdint.h>

struct hook_counts {
	size_t waiting;             /* the one that runs included */
	uint64_t run, failed, lost; /* `failed` of those that were run, or could not be */
	const char *last_failure;   /* a view; "" for none */
};

#endif
