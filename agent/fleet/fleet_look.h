/* SPDX-License-Identifier: MIT */
/*
 * A look at what Consul holds of the fleet: all keys of the VIPs that are asked for, read up to
 * FLEET_VIPS_MAX at a time, each time in one transaction.
 */
#ifndef AGENT_FLEET_FLEET_LOOK_H
#define AGENT_FLEET_FLEET_LOOK_H

#include <stddef.h>

#include "agent/fleet/shared.h"
#include "fleet/guard.h"
#include "lib/addr.h"
#include "lib/err.h"

/* Looks of this agent at once, and the VIPs of one. */
#define FLEET_LOOKS_MAX     8
#define FLEET_LOOK_VIPS_MAX 1024

struct fleet_look;

/* Called from the loop, never within fleet_look_new(). */
struct fleet_look_ops {
	/* Of vips[i], in order; the view is gone afterwards. The look must not be cancelled
	 * here. */
	void (*view)(size_t i, const struct fleet_view *view, void *userdata);
	/* The last call; the look is gone. NULL: all VIPs were read. Else why not: Consul has not
	 * answered within fleet.timeout, or with what is not an answer, or the agent stops. */
	void (*done)(const struct err *err, void *userdata);
};

/* `s` NULL: no fleet is configured, -ENOENT. -ENOTCONN: no Consul is. -EBUSY: FLEET_LOOKS_MAX are
 * under way. -E2BIG: too many VIPs. Each with its text. The VIPs are copied. */
int fleet_look_new(struct fleet_shared *s, const struct prefix *vips, size_t n,
		   const struct fleet_look_ops *ops, void *userdata, struct fleet_look **ret,
		   struct err *err);
/* Without a callback. NULL is fine. */
void fleet_look_cancel(struct fleet_look *l);
/* All end with this error: before the transport goes, and when the agent stops. None may begin or
 * be cancelled in the callbacks. */
void fleet_looks_end(struct fleet_shared *s, const char *why);

#endif
