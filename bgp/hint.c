/* SPDX-License-Identifier: MIT */
#include "bgp/hint.h"

/* A TCP MD5 key or a TTL that does not match makes the other kernel drop the SYN without a reply.
 */
static const char *no_answer(const struct bgp_peer_config *c)
{
	if (c->password && c->ttl_security)
		return "no answer to TCP SYN: check routes and firewalls, and that password (TCP "
		       "MD5) and ttl_security are the same on both sides";
	if (c->password)
		return "no answer to TCP SYN: check routes and firewalls, and that the password "
		       "(TCP MD5) is the peer's; a peer with ttl_security does not answer either";
	if (c->ttl_security)
		return "no answer to TCP SYN: check routes and firewalls, and that the peer has "
		       "ttl_security; a peer with a password (TCP MD5) does not answer either";
	return "no answer to TCP SYN: check routes and firewalls; a peer with a password (TCP MD5) "
	       "or ttl_security does not answer either";
}

const char *bgp_hint_failed(const struct bgp_attempt_evidence *e)
{
	if (e->path_trouble)
		return "";
	if (e->reached >= BGP_OPENSENT)
		return e->silent ? bgp_hint_waiting(e->peer, e->reached) : "";
	if (e->one_hop && e->gateway)
		return e->peer->ttl_security
			       ? "the peer is behind a gateway, and ttl_security admits directly "
				 "connected peers only"
			       : "the peer is behind a gateway, and packets of an eBGP session "
				 "have "
				 "TTL 1: set multi_hop: true for this peer";
	return e->silent ? no_answer(e->peer) : "";
}

const char *bgp_hint_waiting(const struct bgp_peer_config *peer, enum bgp_state state)
{
	switch (state) {
	case BGP_IDLE:
	case BGP_CONNECT:
	case BGP_ESTABLISHED:
		break;
	case BGP_ACTIVE:
		if (peer->passive)
			return "the peer has not connected: check that this host is its neighbor, "
			       "routes and firewalls, and that password (TCP MD5) and ttl_security "
			       "are the same on both sides";
		break;
	case BGP_OPENSENT: /* some routers complete the handshake before they apply GTSM */
		return "TCP is connected, the peer sends no OPEN: check that this host is its "
		       "neighbor, and that ttl_security is the same on both sides";
	case BGP_OPENCONFIRM:
		return "the peer has sent its OPEN and does not answer ours: check that "
		       "ttl_security is the same on both sides";
	}
	return "";
}
