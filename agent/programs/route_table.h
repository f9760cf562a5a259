/* SPDX-License-Identifier: MIT */
/*
 * The routes that a program wants announced, by prefix, and what a line changes in them. Pure.
 *
 * A line for some peers changes what these have, and nothing for all others: a route may have other
 * attributes for each peer (route_spec.other).
 */
#ifndef AGENT_PROGRAMS_ROUTE_TABLE_H
#define AGENT_PROGRAMS_ROUTE_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/model/route_spec.h"
#include "lib/addr.h"
#include "lib/hash.h"

struct program_route {
	struct prefix prefix; /* the key */
	struct route_spec *spec;
	bool by_fifo;
	uint64_t tried; /* of program_retry(): the last pass that has tried it */
	UT_hash_handle hh;
};

struct route_table {
	struct program_route *routes;
};

void route_table_done(struct route_table *t);
size_t route_table_n(const struct route_table *t);
struct program_route *route_table_find(const struct route_table *t, const struct prefix *prefix);

/* `spec` for the peers of `peers`, NULL: all. A line that changes nothing leaves the route its
 * spec. */
void route_table_announce(struct route_table *t, const struct prefix *prefix,
			  struct route_spec *spec, const struct bgp_peer_filter *peers,
			  bool by_fifo);

enum withdrawn { WITHDRAWN_NOTHING, WITHDRAWN_FROM_SOME, WITHDRAWN_WHOLLY };
/* From those peers, NULL: all. */
enum withdrawn route_table_withdraw(struct route_table *t, const struct prefix *prefix,
				    const struct bgp_peer_filter *peers);
void route_table_remove(struct route_table *t, struct program_route *route);

#endif
