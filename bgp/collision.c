/* SPDX-License-Identifier: MIT */
#include "bgp/collision.h"

/* RFC 6286 2.3: the identifiers decide, and between equal ones the AS numbers. */
static bool we_are_higher(const struct bgp_fsm *self)
{
	const struct bgp_fsm_config *c = &self->config;
	if (c->router_id != self->negotiated.peer_router_id)
		return c->router_id > self->negotiated.peer_router_id;
	return c->local_as > self->negotiated.peer_as;
}

enum bgp_collision bgp_collision_check(const struct bgp_fsm *self, const struct bgp_fsm *other)
{
	switch (other->state) {
	case BGP_IDLE:
	case BGP_CONNECT:
	case BGP_ACTIVE:
		return BGP_COLLISION_NONE;
	case BGP_OPENSENT:
		/* Both connections are the configured peer's, so its identifier is known for the
		 * other one too and need not be waited for; both ends then decide alike. */
	case BGP_OPENCONFIRM:
		break;
	case BGP_ESTABLISHED:
		return BGP_COLLISION_DROP_THIS;
	}
	/* The connection made by the higher one stays. */
	bool keep_incoming = !we_are_higher(self);
	return self->config.incoming == keep_incoming ? BGP_COLLISION_DROP_OTHER
						      : BGP_COLLISION_DROP_THIS;
}
