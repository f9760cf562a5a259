/* SPDX-License-Identifier: MIT */
/* Resource usage of this process, as counted by the kernel. */
#ifndef PROCESS_USAGE_H
#define PROCESS_USAGE_H

#include <stdint.h>

#include "lib/mono.h"

struct process_usage {
	span_t cpu; /* user and system, of all threads */
	uint64_t virtual_bytes, resident_bytes;
	uint64_t open_fds;
};

/* Values that cannot be read are 0. */
void process_usage(struct process_usage *ret);

#endif
