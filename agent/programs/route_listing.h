/* SPDX-License-Identifier: MIT */
/*
 * The routes of a program as they were at one time, for an answer that is written over several
 * turns of the loop: peers times routes may be a million lines. Pure.
 */
#ifndef AGENT_PROGRAMS_ROUTE_LISTING_H
#define AGENT_PROGRAMS_ROUTE_LISTING_H

#include <stdbool.h>
#include <stddef.h>

#include "agent/programs/route_table.h"

struct listed_route {
	struct prefix prefix;
	struct route_spec *spec;
};

struct route_listing {
	struct listed_route *routes;
	size_t n;
	size_t peer, next; /* the position: of the peers, and of the routes at this one */
	bool extensive;
};

struct route_listing *route_listing_new(const struct route_table *t, bool extensive);
void route_listing_free(struct route_listing *l);
/* The route at the position, which goes on by one. NULL: all routes were told for `n_peers`
 * peers. */
const struct listed_route *route_listing_next(struct route_listing *l, size_t n_peers,
					      size_t *ret_peer);

/* The position goes on to the next peer. */
void route_listing_skip_peer(struct route_listing *l);

#endif
