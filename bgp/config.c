/* SPDX-License-Identifier: MIT */
#include "bgp/config.h"

#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"

const char *bgp_origin_name(enum bgp_origin origin)
{
	switch (origin) {
	case BGP_ORIGIN_IGP:
		return "igp";
	case BGP_ORIGIN_EGP:
		return "egp";
	case BGP_ORIGIN_INCOMPLETE:
		return "incomplete";
	}
	return "unknown";
}

bool bgp_number_equal(struct bgp_number a, struct bgp_number b)
{
	return a.given == b.given && (!a.given || a.value == b.value);
}

const char *bgp_peer_name(const struct bgp_peer_config *peer, char buf[static BGP_PEER_NAME_MAX])
{
	char text[ADDR_TEXT_MAX];
	if (!addr_is_set(&peer->addr) && peer->ifname[0]) {
		memcpy(buf, peer->ifname, sizeof(peer->ifname));
		return buf;
	}
	addr_format(&peer->addr, text);
	size_t len = strlen(text);
	memcpy(buf, text, len + 1);
	if (peer->ifname[0]) {
		buf[len] = '%';
		memcpy(buf + len + 1, peer->ifname, strnlen(peer->ifname, IF_NAMESIZE - 1) + 1);
	}
	return buf;
}

const char *bgp_peer_configured_name(const struct bgp_peer_config *peer,
				     char buf[static BGP_PEER_NAME_MAX])
{
	if (!peer->unnumbered)
		return bgp_peer_name(peer, buf);
	memcpy(buf, peer->ifname, sizeof(peer->ifname));
	return buf;
}

bool bgp_peer_is_same(const struct bgp_peer_config *a, const struct bgp_peer_config *b)
{
	bool same = a->unnumbered || addr_equal(&a->addr, &b->addr);
	return same && a->unnumbered == b->unnumbered && a->in_vrf == b->in_vrf &&
	       a->port == b->port && strncmp(a->ifname, b->ifname, IF_NAMESIZE) == 0;
}

static bool same_connection(const struct bgp_peer_config *a, const struct bgp_peer_config *b)
{
	return addr_equal(&a->local_ip, &b->local_ip) && addr_equal(&a->local_ip6, &b->local_ip6) &&
	       a->multi_hop == b->multi_hop && a->multihop_ttl == b->multihop_ttl &&
	       a->ttl_security == b->ttl_security;
}

static bool same_open(const struct bgp_peer_config *a, const struct bgp_peer_config *b)
{
	return a->peer_as == b->peer_as && a->as_rule == b->as_rule && a->local_as == b->local_as &&
	       a->families == b->families && a->role == b->role &&
	       a->role_strict == b->role_strict && a->hold_time == b->hold_time &&
	       a->keepalive == b->keepalive && a->send_hold_time == b->send_hold_time &&
	       a->graceful_restart == b->graceful_restart && a->restart_time == b->restart_time &&
	       a->long_lived_restart_time == b->long_lived_restart_time;
}

bool bgp_peer_change_resets(const struct bgp_peer_config *a, const struct bgp_peer_config *b)
{
	return !bgp_peer_is_same(a, b) || !same_connection(a, b) || !same_open(a, b);
}

void bgp_lists_copy(struct bgp_communities *c, struct bgp_ext_communities *ext,
		    struct bgp_large_communities *large)
{
	c->values = mem_copy(c->values, c->n * sizeof(*c->values));
	ext->values = mem_copy(ext->values, ext->n * sizeof(*ext->values));
	large->values = mem_copy(large->values, large->n * sizeof(*large->values));
}

void bgp_lists_free(const struct bgp_communities *c, const struct bgp_ext_communities *ext,
		    const struct bgp_large_communities *large)
{
	free(c->values);
	free(ext->values);
	free(large->values);
}

uint32_t bgp_peer_local_as(const struct bgp_config *config, const struct bgp_peer_config *peer)
{
	return peer->local_as ? peer->local_as : config->local_as;
}

bool bgp_peer_is_internal(const struct bgp_config *config, const struct bgp_peer_config *peer)
{
	switch (peer->as_rule) {
	case BGP_AS_IS:
		return peer->peer_as == bgp_peer_local_as(config, peer);
	case BGP_AS_INTERNAL:
		return true;
	case BGP_AS_EXTERNAL:
	case BGP_AS_AUTO:
		break;
	}
	return false;
}
