/* SPDX-License-Identifier: MIT */
/*
 * How far a route got, over all peers. A route counts as announced when at least one established
 * peer has been sent it. Pure.
 */
#ifndef BGP_REACH_H
#define BGP_REACH_H

#include <stdbool.h>
#include <stddef.h>

#include "bgp/status.h"

struct bgp_reach {
	size_t asked;               /* peers that were looked at */
	size_t peers, sent;         /* those that the route is for; that hold it */
	enum bgp_route_state state; /* the one that decides, see bgp_reach_add() */
	size_t decider;             /* the first peer, by its place, in that state */
};

/* Zeroed memory is a route that no peer was asked about. Of several peers the first of these
 * decides: sent, pending, refused (no next hop or no address family: needs an operator), no
 * session, suppressed, not for it. */
void bgp_reach_add(struct bgp_reach *r, enum bgp_route_state state);
/* Sent to no peer, and no established peer can be sent it, or it is for none. */
bool bgp_reach_is_refused(const struct bgp_reach *r);

#endif
