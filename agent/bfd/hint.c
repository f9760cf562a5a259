/* SPDX-License-Identifier: MIT */
#include "agent/bfd/hint.h"

/* Not one packet of the router so far. */
static const char *not_heard(const struct bgp_peer_status *peer, const struct bfd_key *key)
{
	bool ibgp = peer->peer_as == peer->local_as;
	if (peer->config->bfd.passive)
		return "bfd.passive: no packet of the router has come, which it must send first: "
		       "check that BFD is on for this host there, and not passive";
	if (key->multihop && peer->path_is_direct)
		return "no BFD packet of the router: check that BFD is on for this host there "
		       "(FRR: neighbor ... bfd; BIRD: bfd on), and that UDP port 4784 is open; the "
		       "router is on the link: unless it has multihop for this host, set "
		       "bfd.multihop: false";
	if (key->multihop)
		return "no BFD packet of the router: check that BFD is on for this host there "
		       "(FRR: neighbor ... bfd; BIRD: bfd on), and that UDP port 4784 is open on "
		       "the way";
	if (ibgp)
		return "no BFD packet of the router: check that BFD is on for this host there "
		       "(FRR: neighbor ... bfd; BIRD: bfd on), and that UDP port 3784 is open; "
		       "BIRD without `direct` speaks multihop to an iBGP neighbor: set "
		       "bfd.multihop: true then";
	return "no BFD packet of the router: check that BFD is on for this host there (FRR: "
	       "neighbor ... bfd; BIRD: bfd on), and that UDP port 3784 is open; a router that has "
	       "multihop for this host needs bfd.multihop: true";
}

const char *bfd_hint(const struct bgp_peer_status *peer, const struct bfd_key *key,
		     const struct bfd_status *s, mono_t made_at, mono_t now)
{
	mono_t since = s->since > made_at ? s->since : made_at;
	if (s->state == BFD_UP || s->error[0])
		return "";
	if (s->muted)
		return "nothing is sent while the agent is stalled for the hold time";
	if (s->received > 0 && s->remote_state == BFD_ADMIN_DOWN)
		return "BFD is administratively down on the router: ask its owner";
	if (usec_sub(now, since) < BFD_HINT_AFTER)
		return "";
	if (s->dropped[BFD_DROP_AUTH] > 0)
		return "the authentication of the router's BFD packets is not what is expected: "
		       "set bfd.authentication, key_id and password as they are there";
	if (s->dropped[BFD_DROP_TTL] > 0)
		return key->multihop
			       ? "BFD packets from the address of the router have a TTL below "
				 "bfd.min_ttl: more hops are between than that allows, or another "
				 "host sends them"
			       : "BFD packets from the address of the router have a TTL below 255, "
				 "so they were routed: set bfd.multihop: true if it is not on the "
				 "link; else another host sends them";
	if (s->received == 0)
		return not_heard(peer, key);
	if (s->state == BFD_INIT || s->remote_state == BFD_DOWN)
		return "the router sends BFD packets and does not take those of this host: look "
		       "for a filter on the way to it, and for another address, TTL or "
		       "authentication that it expects";
	return "";
}
