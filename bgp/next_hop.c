/* SPDX-License-Identifier: MIT */
#include "bgp/next_hop.h"

#include "net/fib.h"

static struct addr address_towards(const struct bgp_peer_config *peer, uint8_t family,
				   struct addr present, bool *unsure)
{
	struct addr found = { 0 };
	struct fib_path path;
	uint32_t scope = peer->ifname[0] ? if_nametoindex(peer->ifname) : 0;
	int r = fib_lookup(&peer->addr, bgp_peer_source(peer), scope, &path, NULL);
	bool has_path = r == 0;
	if (has_path)
		r = fib_interface_address(path.ifindex, family, &found, NULL);
	bool failed = fib_is_unavailable(r);
	*unsure = *unsure || failed;
	return has_path && !failed ? found : present;
}

struct addr bgp_next_hop_choose(const struct bgp_peer_config *peer, const struct addr *own,
				uint8_t family, struct addr present, bool *unsure)
{
	const struct addr *fixed = family == AF_INET6 ? &peer->next_hop6 : &peer->next_hop;
	if (addr_is_set(fixed))
		return *fixed;
	if (family == AF_INET6 && addr_is_set(&peer->local_ip6))
		return peer->local_ip6;
	if (own->family == family && !(family == AF_INET6 && addr_is_link_local(own)))
		return *own;
	if (peer->local_ip.family == family)
		return peer->local_ip;
	return address_towards(peer, family, present, unsure);
}
