/* SPDX-License-Identifier: MIT */
#include "bgp/status.h"

const char *bgp_state_name(enum bgp_state state)
{
	switch (state) {
	case BGP_IDLE:
		return "idle";
	case BGP_CONNECT:
		return "connect";
	case BGP_ACTIVE:
		return "active";
	case BGP_OPENSENT:
		return "opensent";
	case BGP_OPENCONFIRM:
		return "openconfirm";
	case BGP_ESTABLISHED:
		return "established";
	}
	return "?";
}

const char *bgp_route_state_name(enum bgp_route_state state)
{
	switch (state) {
	case BGP_ROUTE_SENT:
		return "sent";
	case BGP_ROUTE_PENDING:
		return "pending";
	case BGP_ROUTE_UNKNOWN:
		return "not-announced";
	case BGP_ROUTE_NO_SESSION:
		return "no-session";
	case BGP_ROUTE_NO_FAMILY:
		return "family-not-negotiated";
	case BGP_ROUTE_NO_NEXT_HOP:
		return "no-next-hop";
	case BGP_ROUTE_FILTERED:
		return "filtered";
	case BGP_ROUTE_SUPPRESSED:
		return "suppressed";
	}
	return "?";
}
