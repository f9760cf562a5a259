/* SPDX-License-Identifier: MIT */
#include "bgp/challenge.h"

bool bgp_challenge_is_open(const struct bgp_fsm *session)
{
	return session->state == BGP_ESTABLISHED && session->negotiated.graceful_restart;
}

static bool is_same_peer(const struct bgp_negotiated *a, const struct bgp_negotiated *b)
{
	return a->peer_as == b->peer_as && a->peer_router_id == b->peer_router_id;
}

enum bgp_challenge bgp_challenge_check(const struct bgp_fsm *session,
				       const struct bgp_fsm *challenger)
{
	const struct bgp_negotiated *now = &session->negotiated, *next = &challenger->negotiated;
	bool entitled =
		bgp_challenge_is_open(session) && next->graceful_restart && is_same_peer(now, next);
	switch (challenger->state) {
	case BGP_IDLE:
	case BGP_CONNECT:
	case BGP_ACTIVE:
	case BGP_OPENSENT:
		break;
	case BGP_OPENCONFIRM:
		return entitled ? BGP_CHALLENGE_PENDING : BGP_CHALLENGE_REFUSED;
	case BGP_ESTABLISHED:
		return entitled ? BGP_CHALLENGE_WON : BGP_CHALLENGE_REFUSED;
	}
	return BGP_CHALLENGE_PENDING;
}
