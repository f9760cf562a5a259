/* SPDX-License-Identifier: MIT */
/* Counters of the reconciler. */
#ifndef AGENT_MODEL_VIP_COUNTS_H
#define AGENT_MODEL_VIP_COUNTS_H

#include <stddef.h>
#include <stdint.h>

#include "lib/mono.h"

struct vip_counts {
	size_t vips, bound, announced, troubled;
	size_t owned4, owned6; /* VIPs that have an owner, by family */
	uint64_t announcements, withdrawals;
	uint64_t losses, put_back; /* addresses that another process removed or changed */
	mono_t lost_at;            /* the last one; 0: never */
};

#endif
