/* SPDX-License-Identifier: MIT */
/* The routes of a VIP and of an aggregate at each peer, as they are and as they would be. */
#ifndef AGENT_STATUS_FORECAST_ROUTES_H
#define AGENT_STATUS_FORECAST_ROUTES_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "agent/model/peer_orders.h"
#include "agent/status/status_sources.h"
#include "agent/vip/aggregates.h"

struct forecast_peer;

/* Of one turn of the loop. */
struct forecast_routes {
	const struct status_sources *in;
	struct peer_list present;
	struct forecast_peer *peers; /* those, and behind them the ones that come */
	size_t n_peers;
	const struct aggregates *after; /* as they would be */
	const struct bgp_config *next;  /* likewise; NULL: no other configuration is supposed */
};

/* The speaker's configuration as it is, and as it would be. Both are complete. */
struct forecast_bgp {
	const struct bgp_config *present, *next;
};

/* All arguments must outlive it; `bgp` is NULL without another configuration. */
void forecast_routes_init(struct forecast_routes *r, const struct status_sources *in,
			  const struct aggregates *after, const struct forecast_bgp *bgp);
void forecast_routes_set_down(struct forecast_routes *r, const struct peer_id *peer);
void forecast_routes_done(struct forecast_routes *r);
/* Changes of the peers themselves: `peer`, `change` (added, removed, reset). */
json_t *forecast_routes_peers(const struct forecast_routes *r);

struct forecast_change {
	enum route_form from, to;
	/* Peers that have the route; of a VIP that an aggregate with summary_only stands for, that
	 * have the aggregate, and the VIP is in its count. */
	size_t n_before, n_after;
	json_t *rows; /* of the peers whose route is another one; owned */
};
/* Anything is different. */
bool forecast_change_is_one(const struct forecast_change *c);
/* No peer has it any more. */
bool forecast_change_is_loss(const struct forecast_change *c);

/* A VIP as it is, and as it would be with its route in the form `to`; of `after` prefix, spec and
 * route are used, and without a spec there is no route. `later`: the form when its checks pass, of
 * one that has none before. */
void forecast_routes_of_vip(struct forecast_routes *r, const struct vip *vip,
			    const struct vip *after, enum route_form to, enum route_form later,
			    struct forecast_change *ret);
/* Of one of `after`, or one that is not among these any more. False: there is no such aggregate. */
bool forecast_routes_of_aggregate(struct forecast_routes *r, const struct prefix *prefix,
				  struct forecast_change *ret);

#endif
