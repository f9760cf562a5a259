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

/* Of one turn of the loop. */
struct forecast_routes {
	const struct status_sources *in;
	struct peer_list peers;
	const struct aggregates *after; /* as they would be */
	bool *is_down;                  /* of each peer: it is supposed to be */
};

/* What it is given must outlive it. */
void forecast_routes_init(struct forecast_routes *r, const struct status_sources *in,
			  const struct aggregates *after);
void forecast_routes_set_down(struct forecast_routes *r, const struct peer_id *peer);
void forecast_routes_done(struct forecast_routes *r);

struct forecast_change {
	enum route_form from, to;
	/* Peers that have the route; of a VIP that an aggregate with summary_only stands for, that have
	 * the aggregate, and the VIP is in its count. */
	size_t n_before, n_after;
	json_t *rows; /* of the peers whose route is another one; owned */
};
/* Anything is different. */
bool forecast_change_is_one(const struct forecast_change *c);
/* No peer has it any more. */
bool forecast_change_is_loss(const struct forecast_change *c);

void forecast_routes_of_vip(struct forecast_routes *r, const struct vip *vip, enum route_form to,
			    struct forecast_change *ret);
/* False: there is no such aggregate any more. */
bool forecast_routes_of_aggregate(struct forecast_routes *r, const struct aggregate_status *to,
				  struct forecast_change *ret);

#endif
