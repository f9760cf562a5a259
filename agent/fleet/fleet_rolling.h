/* SPDX-License-Identifier: MIT */
/*
 * A slot for rolling work: the shell of fleet/roll.h, with its calls to Consul and its timer. It
 * needs no session.
 */
#ifndef AGENT_FLEET_FLEET_ROLLING_H
#define AGENT_FLEET_FLEET_ROLLING_H

#include <stddef.h>

#include "agent/fleet/shared.h"
#include "fleet/roll.h"
#include "lib/addr.h"
#include "lib/err.h"

struct fleet_rolling;

/* Copied. */
struct fleet_rolling_spec {
	const struct prefix *vips;
	size_t n_vips; /* 1 to FLEET_VIPS_MAX */
	size_t limit;
	struct fleet_slot me; /* `node` "": this agent */
	enum fleet_roll_state state;
	bool may_be_late; /* an instance before may have sent writes that are still on their way */
};

struct fleet_rolling_status {
	enum fleet_roll_state state;
	bool found;                  /* RELEASING has found a slot */
	struct fleet_roll_wait wait; /* of WAITING */
	const char *error;           /* of the last request; "": it was answered */
};

/* The state or the error is another one; it may be freed there. */
typedef void fleet_rolling_cb(void *userdata);

/* `s` NULL: no fleet is configured, -ENOENT; -EINVAL: no node, or not 1 to 16 VIPs; with a text. */
int fleet_rolling_new(struct fleet_shared *s, const struct fleet_rolling_spec *spec,
		      fleet_rolling_cb *changed, void *userdata, struct fleet_rolling **ret,
		      struct err *err);
/* NULL is fine. What Consul has stays. */
void fleet_rolling_free(struct fleet_rolling *r);
void fleet_rolling_release(struct fleet_rolling *r);
void fleet_rolling_status(const struct fleet_rolling *r, struct fleet_rolling_status *ret);

/* The transport is about to go: calls in flight count as lost. `stop`: nothing is sent any more. */
void fleet_rollings_cancel(struct fleet_shared *s, bool stop);

#endif
