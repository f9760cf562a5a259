/* SPDX-License-Identifier: MIT */
/* Aggregates as JSON: "aggregates" of GET /v1/routes, and one of them explained. */
#ifndef AGENT_STATUS_VIEW_AGGREGATE_H
#define AGENT_STATUS_VIEW_AGGREGATE_H

#include <jansson.h>

#include "agent/status/status_sources.h"

/* All of them, in the order of the file. */
json_t *view_aggregates(const struct status_sources *in);
/* As explain_app(), with "aggregate" in the place of "app"; NULL: there is none of this prefix. */
json_t *view_aggregate_explained(const struct status_sources *in, const struct prefix *prefix);
/* The state at a peer of the aggregate that stands for the VIP; BGP_ROUTE_UNKNOWN: none does. */
enum bgp_route_state view_aggregate_state(const struct status_sources *in, size_t peer,
					  const struct prefix *vip);
/* How many are announced, as the agent sees it. */
size_t view_aggregates_announced(const struct status_sources *in);

#endif
