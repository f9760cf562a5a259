/* SPDX-License-Identifier: MIT */
/* The status of the state file, for the API and the metrics. Pure. */
#ifndef AGENT_STORE_STATUS_H
#define AGENT_STORE_STATUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/mono.h"

struct state_file_status {
	const char *path, *trouble; /* trouble NULL: none */
	bool stored;                /* false: changes cannot be written, see `trouble` */
	size_t lines, bytes;
	uint64_t writes, failures;
	span_t longest; /* the longest write, fsync included */
};

#endif
