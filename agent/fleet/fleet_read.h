/* SPDX-License-Identifier: MIT */
/*
 * A read of what Consul holds of the fleet: all keys of the VIPs that are asked for, read up to
 * FLEET_VIPS_MAX at a time, each time in one transaction.
 */
#ifndef AGENT_FLEET_FLEET_READ_H
#define AGENT_FLEET_FLEET_READ_H

#include <stddef.h>

#include "agent/fleet/shared.h"
#include "fleet/guard.h"
#include "lib/addr.h"
#include "lib/err.h"

/* Looks of this agent at once, and the VIPs of one. */
#define FLEET_READS_MAX     8
#define FLEET_READ_VIPS_MAX 1024

struct fleet_read;

/* Called from the loop, never within fleet_read_new(). */
struct fleet_read_ops {
	/* Of vips[i], in order; the view is gone afterwards. The read must not be cancelled
	 * here. */
	void (*view)(size_t i, const struct fleet_view *view, void *userdata);
	/* The last call; the read is gone. NULL: all VIPs were read. Else why not: Consul has not
	 * answered within fleet.timeout, or with what is not an answer, or the agent stops. */
	void (*done)(const struct err *err, void *userdata);
};

/* `s` NULL: no fleet is configured, -ENOENT. -ENOTCONN: no Consul is. -EBUSY: FLEET_READS_MAX are
 * under way. -E2BIG: too many VIPs. Each with its text. The VIPs are copied. */
int fleet_read_new(struct fleet_shared *s, const struct prefix *vips, size_t n,
		   const struct fleet_read_ops *ops, void *userdata, struct fleet_read **ret,
		   struct err *err);
/* Without a callback. NULL is fine. */
void fleet_read_cancel(struct fleet_read *l);
/* All end with this error: before the transport goes, and when the agent stops. None may begin or
 * be cancelled in the callbacks. */
void fleet_reads_end(struct fleet_shared *s, const char *why);

#endif
