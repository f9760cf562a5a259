/* SPDX-License-Identifier: MIT */
/* Totals of the whole fleet by a view of a VIP: for metrics, and for people. Pure. */
#ifndef FLEET_TALLY_H
#define FLEET_TALLY_H

#include "fleet/guard.h"

struct fleet_tally {
	size_t agents;  /* whose session holds `up` */
	size_t up;      /* of these, that are announced and stay, as the guard counts */
	size_t min_up;  /* at least 1 */
	size_t waiting; /* to leave, in line */
	size_t joining; /* announced, by a definition that is not promoted */
	size_t rolling; /* hosts with a slot for rolling work */
	char roller[FLEET_NODE_MAX]; /* the first of these; "": none */
};

void fleet_tally(const struct fleet_view *v, const struct fleet_rule *rule, wall_t now,
		 struct fleet_tally *ret);

#endif
