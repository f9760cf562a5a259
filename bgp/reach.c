/* SPDX-License-Identifier: MIT */
#include "bgp/reach.h"

static unsigned rank(enum bgp_route_state state)
{
	switch (state) {
	case BGP_ROUTE_SENT:
		return 0;
	case BGP_ROUTE_PENDING:
		return 1;
	case BGP_ROUTE_NO_NEXT_HOP:
	case BGP_ROUTE_NO_FAMILY:
		return 2;
	case BGP_ROUTE_NO_SESSION:
		return 3;
	case BGP_ROUTE_UNKNOWN:
		break;
	}
	return 4;
}

void bgp_reach_add(struct bgp_reach *r, enum bgp_route_state state)
{
	if (r->peers == 0 || rank(state) < rank(r->state)) {
		r->state = state;
		r->decider = r->peers;
	}
	r->sent += state == BGP_ROUTE_SENT;
	r->peers++;
}

bool bgp_reach_is_refused(const struct bgp_reach *r)
{
	return r->peers > 0 &&
	       (r->state == BGP_ROUTE_NO_NEXT_HOP || r->state == BGP_ROUTE_NO_FAMILY);
}
