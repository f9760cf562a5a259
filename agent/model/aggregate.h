/* SPDX-License-Identifier: MIT */
/*
 * Aggregates: routes of this host that stand for the VIPs in them, announced while enough of their
 * apps are. Pure.
 */
#ifndef AGENT_MODEL_AGGREGATE_H
#define AGENT_MODEL_AGGREGATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/model/announce_spec.h"
#include "bgp/config.h"
#include "bgp/peer_filter.h"
#include "lib/addr.h"

#define AGGREGATES_MAX 64

struct aggregate_spec {
	struct prefix prefix;
	uint16_t min;      /* of apps */
	bool summary_only; /* the VIPs in it are announced to no peer */
	struct bgp_number med, local_pref, prepends, weight;
	struct bgp_communities communities; /* owned, as the others */
	struct bgp_ext_communities ext_communities;
	struct bgp_large_communities large_communities;
	struct bgp_peer_filter *peers; /* that it is for; NULL: all */
};

struct aggregate_list {
	struct aggregate_spec *items;
	size_t n, cap;
};

void aggregate_list_copy(struct aggregate_list *dst, const struct aggregate_list *src);
void aggregate_list_done(struct aggregate_list *list);
bool aggregate_list_equal(const struct aggregate_list *a, const struct aggregate_list *b);
/* The one of exactly this prefix; NULL: none. */
const struct aggregate_spec *aggregate_list_find(const struct aggregate_list *list,
						 const struct prefix *prefix);
/* The first with summary_only that the VIP is in; NULL: its route is announced. */
const struct aggregate_spec *aggregate_list_suppressor(const struct aggregate_list *list,
						       const struct prefix *vip);

/* The VIP is more specific, and in it. */
bool aggregate_covers(const struct aggregate_spec *spec, const struct prefix *vip);

/* Apps with at least one VIP in the aggregate: whose route is announced in the form UP; in any. */
struct aggregate_count {
	size_t up, announced;
};
/* ROUTE_UP: enough apps are up. ROUTE_DRAIN: enough are announced, counting those that drain, join,
 * are kept or a last resort. ROUTE_NONE: too few. */
enum route_form aggregate_form(const struct aggregate_spec *spec, struct aggregate_count count);

/* Its own attributes; of ROUTE_DRAIN with GRACEFUL_SHUTDOWN, as those of an app that drains. The
 * lists point into `room`. */
void aggregate_attrs(const struct aggregate_spec *spec, enum route_form form,
		     struct announce_room *room, struct bgp_route_attrs *ret);

#endif
