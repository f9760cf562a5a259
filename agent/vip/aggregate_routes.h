/* SPDX-License-Identifier: MIT */
/* The aggregates as routes of the speaker. */
#ifndef AGENT_VIP_AGGREGATE_ROUTES_H
#define AGENT_VIP_AGGREGATE_ROUTES_H

#include "agent/vip/aggregates.h"
#include "agent/vip/reconcile.h"

/* Their userdata is a struct bgp_speaker **. */
extern const struct aggregates_ops aggregate_routes_ops;

/* See actuator_set_aggregates(). */
void aggregate_routes_change(struct aggregates *a, struct reconcile *r,
			     const struct aggregate_list *list, mono_t now);

#endif
