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
	case BGP_ROUTE_SUPPRESSED:
		return 4;
	case BGP_ROUTE_FILTERED:
		return 5;
	case BGP_ROUTE_UNKNOWN:
		break;
	}
	return 6;
}

void bgp_reach_add(struct bgp_reach *r, enum bgp_route_state state)
{
	if (r->asked == 0 || rank(state) < rank(r->state)) {
		r->state = state;
		r->decider = r->asked;
	}
	r->sent += state == BGP_ROUTE_SENT;
	r->asked++;
	r->peers += state != BGP_ROUTE_FILTERED && state != BGP_ROUTE_SUPPRESSED;
}

bool bgp_reach_is_refused(const struct bgp_reach *r)
{
	return r->asked > 0 && (r->state == BGP_ROUTE_NO_NEXT_HOP ||
				r->state == BGP_ROUTE_NO_FAMILY || r->state == BGP_ROUTE_FILTERED);
}
