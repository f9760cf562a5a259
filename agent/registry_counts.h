/* SPDX-License-Identifier: MIT */
/* Apps by state, in numbers. */
#ifndef AGENT_REGISTRY_COUNTS_H
#define AGENT_REGISTRY_COUNTS_H

#include <stddef.h>

struct registry_counts {
	size_t draining, drained; /* still announced; not any more */
	size_t apps_kept, groups_kept;
};

#endif
