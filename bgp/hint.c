/* SPDX-License-Identifier: MIT */
#include "bgp/hint.h"

#include "bgp/wire.h"
#include "lib/array.h"

const char *bgp_hint_disabled(void)
{
	return "vipherald peer ADDR enable lets it come up again";
}

static bool has_short_ttl(const struct bgp_peer_config *c)
{
	return c->multihop_ttl && c->multihop_ttl < 255;
}

/* A TCP MD5 key or a TTL that does not match makes the other kernel drop the SYN without a reply.
 */
static const char *no_answer(const struct bgp_peer_config *c)
{
	if (has_short_ttl(c))
		return "no answer to TCP SYN: check routes and firewalls, and that multihop_ttl is "
		       "more than the number of routers on the way, or 255 for a peer with TTL "
		       "security; a peer with another password (TCP MD5) does not answer "
		       "either";
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

static const char *behind_gateway(const struct bgp_peer_config *c)
{
	if (c->multihop_ttl)
		return "the peer is behind a gateway, and multihop_ttl of 1 does not reach it: set "
		       "it to 2 or more";
	if (c->ttl_security)
		return "the peer is behind a gateway, and ttl_security admits directly connected "
		       "peers only";
	return "the peer is behind a gateway, and packets of an eBGP session have TTL 1: set "
	       "multi_hop: true for this peer";
}

static const char *maybe_behind_gateway(const struct bgp_peer_config *c)
{
	if (c->ttl_security)
		return "no answer to TCP SYN: check routes and firewalls, and that the gateway "
		       "towards the peer is the peer itself: ttl_security admits directly "
		       "connected peers only";
	return "no answer to TCP SYN: check routes and firewalls; if the gateway towards the peer "
	       "is not the peer itself, set multi_hop: true, as packets of an eBGP session have "
	       "TTL 1; a peer with a password (TCP MD5) or ttl_security does not answer either";
}

/* BIRD waits after an error (not after a Cease), GoBGP after any end of a session; both accept the
 * connection and close it. So does any router for a host that is not its neighbor. */
static const char *closed_before_open(bool heard)
{
	if (heard)
		return "the router closes the connection before its OPEN: it waits after the last "
		       "session or error (BIRD: error wait time; GoBGP: idle hold time) and "
		       "accepts a session on its own after that; if it does not, check that it "
		       "still has this host as a neighbor";
	return "the router closes the connection before its OPEN: it waits after a session that "
	       "ended, also by a stop of this agent (GoBGP: idle hold time; BIRD: error wait "
	       "time), or it does not have this host, with this source address, as a neighbor";
}

const char *bgp_hint_failed(const struct bgp_attempt_evidence *e)
{
	if (e->path_trouble)
		return "";
	if (e->reached == BGP_OPENSENT && e->closed)
		return closed_before_open(e->heard);
	if (e->reached >= BGP_OPENSENT)
		return e->silent ? bgp_hint_waiting(e->peer, e->reached, e->heard) : "";
	if (e->one_hop && e->gateway && !e->maybe_itself)
		return behind_gateway(e->peer);
	if (e->silent && e->heard)
		return "no answer to TCP SYN: check routes and firewalls, and that the router "
		       "still has this host as a neighbor";
	if (e->silent && e->one_hop && e->gateway)
		return maybe_behind_gateway(e->peer);
	return e->silent ? no_answer(e->peer) : "";
}

/* Some routers complete the handshake before they apply GTSM. */
static const char *no_open(const struct bgp_peer_config *c)
{
	if (has_short_ttl(c))
		return "TCP is connected, the peer sends no OPEN: check that this host is its "
		       "neighbor; a peer with TTL security requires multihop_ttl: 255";
	return "TCP is connected, the peer sends no OPEN: check that this host is its neighbor, "
	       "and that ttl_security is the same on both sides";
}

static const char *no_keepalive(const struct bgp_peer_config *c)
{
	if (has_short_ttl(c))
		return "the peer has sent its OPEN and does not answer ours: a peer with TTL "
		       "security requires multihop_ttl: 255";
	return "the peer has sent its OPEN and does not answer ours: check that ttl_security is "
	       "the same on both sides";
}

const char *bgp_hint_waiting(const struct bgp_peer_config *peer, enum bgp_state state, bool heard)
{
	switch (state) {
	case BGP_IDLE:
	case BGP_CONNECT:
	case BGP_ESTABLISHED:
		break;
	case BGP_ACTIVE:
		if (peer->passive && heard)
			return "the peer does not connect again: check routes and firewalls, and "
			       "that the router still has this host as a neighbor";
		if (peer->passive)
			return "the peer has not connected: check that this host is its neighbor, "
			       "routes and firewalls, and that password (TCP MD5) and ttl_security "
			       "are the same on both sides";
		break;
	case BGP_OPENSENT:
		return no_open(peer);
	case BGP_OPENCONFIRM:
		return no_keepalive(peer);
	}
	return "";
}

static const struct {
	uint8_t code, subcode;
	const char *hint;
} received_hints[] = {
	{ BGP_ERR_OPEN, BGP_ERR_OPEN_PEER_AS,
	  "the router has another AS configured for this host: compare local_as with the "
	  "neighbor's remote AS there" },
	{ BGP_ERR_OPEN, BGP_ERR_OPEN_IDENTIFIER,
	  "the router does not accept our router id: set bgp.router_id to an address that no other "
	  "speaker has" },
	{ BGP_ERR_OPEN, BGP_ERR_OPEN_HOLD_TIME,
	  "the router does not accept our hold time: ask its owner for the minimum and set "
	  "hold_time" },
	{ BGP_ERR_OPEN, BGP_ERR_OPEN_CAPABILITY,
	  "the router requires a capability that this agent does not offer: ask its owner to make "
	  "it optional for this neighbor" },
	{ BGP_ERR_HOLD_TIMER, 0,
	  "the router heard nothing from this host for the hold time: look for packet loss on the "
	  "path, or a host that was paused" },
	{ BGP_ERR_CEASE, BGP_ERR_CEASE_MAX_PREFIXES,
	  "this host announces more prefixes than the router accepts: ask the router's owner to "
	  "raise the maximum prefix limit of this neighbor and to clear the session, or announce "
	  "fewer VIPs" },
	{ BGP_ERR_CEASE, BGP_ERR_CEASE_ADMIN_SHUTDOWN,
	  "the neighbor is shut down on the router: ask its owner" },
	{ BGP_ERR_CEASE, BGP_ERR_CEASE_DECONFIGURED,
	  "the router no longer has this host as a neighbor: ask its owner" },
	{ BGP_ERR_CEASE, BGP_ERR_CEASE_REJECTED,
	  "the router rejects the connection: ask its owner whether this host, with this source "
	  "address, is a neighbor there" },
	{ BGP_ERR_CEASE, BGP_ERR_CEASE_RESOURCES, "the router is out of resources: ask its owner" },
};

/* RFC 8538 3.1: what a Hard Reset has inside. */
static void unwrap(const struct bgp_notice *notice, uint8_t *code, uint8_t *subcode)
{
	bool hard = notice->code == BGP_ERR_CEASE && notice->subcode == BGP_ERR_CEASE_HARD_RESET &&
		    notice->data_len >= 2;
	*code = hard ? notice->data[0] : notice->code;
	*subcode = hard ? notice->data[1] : notice->subcode;
}

/* Of either side: it is the pair that does not fit. */
static const char *role_mismatch(const struct bgp_peer_config *peer)
{
	if (peer->role == BGP_ROLE_NONE)
		return "the router requires a BGP role (RFC 9234): set role for this peer, to "
		       "customer where the router has provider";
	if (peer->role_strict)
		return "BGP roles (RFC 9234) of both sides have to be customer and provider, "
		       "rs-client and rs, or peer and peer: change role, or ask the router's owner "
		       "to; for a router without roles remove role_strict";
	return "BGP roles (RFC 9234) of both sides have to be customer and provider, rs-client and "
	       "rs, or peer and peer: change role, or ask the router's owner to";
}

const char *bgp_hint_no_router(enum bgp_lack lack)
{
	switch (lack) {
	case BGP_LACK_NOTHING:
		break;
	case BGP_LACK_LINK:
		return "check the cable and the interface, which must be up and have an IPv6 "
		       "link-local address (net.ipv6.conf.*.disable_ipv6 must be 0)";
	case BGP_LACK_SOCKET:
		return "grant CAP_NET_RAW (AmbientCapabilities=CAP_NET_RAW in systemd, "
		       "--cap-add=NET_RAW for a container), restart an agent that has given it up "
		       "because its configuration did not need it, or set peer_ip, like "
		       "fe80::1%eth0, in the place of interface";
	case BGP_LACK_ROUTER:
		return "check the cable, and that the router sends router advertisements on this "
		       "link (FRR: neighbor INTERFACE interface; BIRD: protocol radv)";
	}
	return "";
}

const char *bgp_hint_awaits_path(bool unnumbered)
{
	if (unnumbered)
		return "waits for BFD with the router, as bfd.required is set: check that BFD is "
		       "on for this link there, and that no firewall drops its packets (UDP port "
		       "3784); FRR begins BFD with `neighbor INTERFACE interface` only after BGP "
		       "was up: remove bfd.required with such a router";
	return "waits for BFD with the router, as bfd.required is set: check that BFD is on for "
	       "this host there (FRR: neighbor ... bfd; BIRD: bfd on), and that no firewall drops "
	       "its packets (UDP port 3784, multihop 4784)";
}

static const char *bfd_down(const struct bgp_peer_config *peer)
{
	if (peer->bfd.on)
		return "the router's BFD heard nothing from this host for its detection time: look "
		       "for packet loss on the path, or a host that was paused";
	return "the router runs BFD with this host: set bfd: true for this peer, or ask its owner "
	       "to turn BFD off for this neighbor";
}

const char *bgp_hint_notice(const struct bgp_peer_config *peer, const struct bgp_notice *notice)
{
	uint8_t code, subcode;
	unwrap(notice, &code, &subcode);
	if (code == BGP_ERR_OPEN && subcode == BGP_ERR_OPEN_ROLE)
		return role_mismatch(peer);
	if (notice->received && code == BGP_ERR_CEASE && subcode == BGP_ERR_CEASE_BFD_DOWN)
		return bfd_down(peer);
	for (size_t i = 0; notice->received && i < ARRAY_SIZE(received_hints); i++)
		if (received_hints[i].code == code && received_hints[i].subcode == subcode)
			return received_hints[i].hint;
	return "";
}
