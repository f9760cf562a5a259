/* SPDX-License-Identifier: MIT */
/*
 * A connection that the peer makes while a session with it is established (RFC 4724 section 5).
 * Pure.
 *
 * With graceful restart it replaces the session: the peer has restarted, and its end of the first
 * connection has gone without a sign. Before that it has to show that it is this peer: by an OPEN
 * of the same AS and BGP identifier with the capability, and by the KEEPALIVE that confirms ours.
 * RFC 4724 lets the TCP connection suffice; a foreign or spoofed one would then cost the session,
 * and so would one that the peer made before it knew of the session, and is about to close.
 *
 * Without graceful restart the session stays (RFC 4271 6.8, collision.h).
 */
#ifndef BGP_CHALLENGE_H
#define BGP_CHALLENGE_H

#include "bgp/fsm.h"

enum bgp_challenge {
	BGP_CHALLENGE_PENDING,
	BGP_CHALLENGE_REFUSED, /* Cease, Connection Collision Resolution */
	BGP_CHALLENGE_WON,
};

/* May such a connection replace this session? */
bool bgp_challenge_is_open(const struct bgp_fsm *session);
/* After a change of state of the second connection. */
enum bgp_challenge bgp_challenge_check(const struct bgp_fsm *session,
				       const struct bgp_fsm *challenger);

#endif
