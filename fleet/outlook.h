/* SPDX-License-Identifier: MIT */
/*
 * The answer of the guard (fleet/guard.h) if this agent asked to leave, and the agents that would
 * be left. Pure; by one view of each VIP, one after the other, so that no view has to be stored.
 */
#ifndef FLEET_OUTLOOK_H
#define FLEET_OUTLOOK_H

#include "fleet/guard.h"

enum fleet_prospect {
	FLEET_PROSPECT_GOES,
	FLEET_PROSPECT_WAITS,   /* in line */
	FLEET_PROSPECT_UNKNOWN, /* Consul does not have what this agent is: it stays */
};

/* Of one VIP. */
struct fleet_outlook {
	size_t up;      /* agents that announce it */
	size_t joining; /* of these: by a definition that is not promoted yet */
	size_t others;  /* of `up`, without this one and those that are about to leave */
	size_t counted; /* of the others and this one, those that the guard counts */
	size_t min_up;
	size_t ahead;  /* in line, of this agent */
	bool is_known; /* Consul has what this agent is */
	bool stays;    /* this agent announces it, and is not about to leave */
	bool takes;    /* there is room for it to leave */
	bool leaves;   /* it has a slot already */
};

/* `me`: the claim that it asks by. */
void fleet_outlook(const struct fleet_view *v, const struct fleet_rule *rule,
		   const struct fleet_claim *me, wall_t now, struct fleet_outlook *ret);
/* Of all VIPs of an app, with which it leaves or stays: 1 to FLEET_VIPS_MAX. */
enum fleet_prospect fleet_prospect(const struct fleet_outlook *vips, size_t n);
/* How many agents may leave with all of them at most, if all fail softly: those that join, which
 * the guard does not count, may while enough of the others stay. */
size_t fleet_room(const struct fleet_outlook *vips, size_t n);

#endif
