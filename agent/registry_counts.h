/* SPDX-License-Identifier: MIT */
/* Apps by state, in numbers. */
#ifndef AGENT_REGISTRY_COUNTS_H
#define AGENT_REGISTRY_COUNTS_H

#include <stddef.h>
#include <stdint.h>

struct registry_counts {
	size_t draining, drained; /* still announced; not any more */
	size_t apps_kept, groups_kept;
	size_t leases;
	uint64_t leases_expired;
};

#endif
