/* SPDX-License-Identifier: MIT */
#include "agent/bfd/wanted.h"

#include <stdio.h>
#include <string.h>

/* Where BGP has no hold timer, the router would take an agent that hangs for alive for ever: the
 * default of hold_time, after which it would have noticed. */
#define HOLD_TIME_OF_NONE (90 * USEC_PER_SEC)

static bool is_link_local(const struct addr *a)
{
	return a->family == AF_INET6 && addr_is_link_local(a);
}

/* FRR and BIRD choose alike, but that BIRD takes an iBGP neighbor for a remote one unless it is
 * `direct`. */
static bool is_multihop(const struct bgp_peer_status *peer)
{
	const struct bgp_peer_config *c = peer->config;
	if (is_link_local(&c->addr))
		return false;
	switch (c->bfd.hops) {
	case BGP_BFD_SINGLE_HOP:
		return false;
	case BGP_BFD_MULTIHOP:
		return true;
	case BGP_BFD_AUTO:
		break;
	}
	return peer->peer_as == peer->local_as ? !peer->path_is_direct : c->multi_hop;
}

struct addr bfd_route_source(const struct bgp_peer_status *peer)
{
	const struct addr none = { 0 };
	bool of_session = peer->local_addr.family == peer->config->addr.family;
	return of_session ? none : peer->path_source;
}

static struct addr local_of(const struct bgp_peer_status *peer, const struct bfd_present *present)
{
	const struct addr *configured = bgp_peer_source(peer->config);
	if (peer->local_addr.family == peer->config->addr.family)
		return peer->local_addr;
	if (configured)
		return *configured;
	bool same_route = present && (!addr_is_set(&peer->path_source) ||
				      !addr_is_set(&present->path_source) ||
				      addr_equal(&peer->path_source, &present->path_source));
	return same_route ? present->key.local : peer->path_source;
}

static struct bfd_auth auth_of(const struct bgp_bfd_config *c)
{
	static const enum bfd_auth_type types[] = {
		[BGP_BFD_AUTH_NONE] = BFD_AUTH_NONE,
		[BGP_BFD_AUTH_SHA1] = BFD_AUTH_KEYED_SHA1,
		[BGP_BFD_AUTH_METICULOUS_SHA1] = BFD_AUTH_METICULOUS_SHA1,
	};
	struct bfd_auth auth = { .type = types[c->auth] };
	if (auth.type == BFD_AUTH_NONE)
		return auth;
	auth.key_id = c->key_id;
	auth.key_len = (uint8_t)strlen(c->password);
	memcpy(auth.key, c->password, auth.key_len);
	return auth;
}

enum bfd_wanted_kind bfd_wanted(const struct bgp_peer_status *peer,
				const struct bfd_present *present, struct bfd_key *ret_key,
				struct bfd_config *ret_config)
{
	const struct bgp_peer_config *c = peer->config;
	const struct bgp_bfd_config *bfd = &c->bfd;
	if (!bfd->on || peer->disabled || !addr_is_set(&c->addr))
		return BFD_WANTED_NONE;
	if (!peer->path_ifindex)
		return BFD_WANTED_WAIT;
	struct bfd_key key = { .peer = c->addr,
			       .local = local_of(peer, present),
			       .multihop = is_multihop(peer) };
	bool on_link = c->ifname[0] && !c->in_vrf;
	const char *ifname = on_link ? c->ifname : peer->path_ifname;
	const char *vrf = c->in_vrf ? c->ifname : on_link ? peer->path_vrf : "";
	snprintf(key.vrf, sizeof(key.vrf), "%s", vrf);
	if (!key.multihop)
		snprintf(key.ifname, sizeof(key.ifname), "%s", ifname);
	if (!addr_is_set(&key.local))
		return BFD_WANTED_WAIT;
	*ret_key = key;
	*ret_config = (struct bfd_config){
		.desired_min_tx = bfd->interval,
		.required_min_rx = bfd->min_receive ? bfd->min_receive : bfd->interval,
		.multiplier = bfd->multiplier,
		.min_ttl = bfd->min_ttl,
		.passive = bfd->passive,
		.auth = auth_of(bfd),
		.hold_time = c->hold_time ? c->hold_time : HOLD_TIME_OF_NONE,
	};
	return BFD_WANTED_SESSION;
}
