/* SPDX-License-Identifier: MIT */
/* A route as JSON: its attributes, and where it stands at each peer. Pure. */
#ifndef AGENT_STATUS_VIEW_ROUTE_H
#define AGENT_STATUS_VIEW_ROUTE_H

#include <jansson.h>
#include <stdint.h>

#include "agent/model/announce_spec.h"
#include "agent/status/view_json.h"
#include "bgp/status.h"

/* A route at one peer. */
struct view_route {
	const struct bgp_peer_status *peer;
	enum bgp_route_state state;
	enum bgp_route_state summary; /* of BGP_ROUTE_SUPPRESSED: that of the aggregate */
};

/* An element of "peers", with the attributes as this peer gets them; `own` are those of the
 * route. */
json_t *view_route(const struct view_route *route, const struct prefix *prefix,
		   const struct bgp_config *bgp, const struct bgp_route_attrs *own);
/* The attributes alone, as this peer gets them. */
json_t *view_route_sent(const struct bgp_peer_status *peer, const struct bgp_config *bgp,
			const struct bgp_route_attrs *own);
/* MED, LOCAL_PREF, prepends and communities of the three kinds. */
json_t *view_route_attrs(const struct bgp_route_attrs *attrs);

/* {"sent": 1, "peers": 2} */
json_t *view_announced_to(size_t sent, size_t peers);

/* Why the route cannot be sent to an established peer; NULL in all other states. */
const char *view_route_error(const struct bgp_peer_status *peer, enum bgp_route_state state,
			     uint8_t family);

#endif
