/* SPDX-License-Identifier: MIT */
#include "bgp/next_hop.h"

#include "lib/err.h"
#include "net/fib.h"
#include "net/iface.h"
#include "net/iface_addr.h"

/* How it is looked for. */
struct search {
	const struct bgp_peer_config *peer;
	const struct addr *own; /* the local address of the session */
	bool *unsure;
};

static struct addr address_towards(const struct search *s, uint8_t family, struct addr present)
{
	const struct bgp_peer_config *peer = s->peer;
	struct addr found = { 0 };
	struct fib_path path;
	uint32_t scope = peer->ifname[0] ? iface_index(peer->ifname, s->unsure) : 0;
	int r = fib_lookup(&peer->addr, bgp_session_source(peer, s->own), scope, &path, NULL);
	bool has_path = r == 0;
	if (has_path)
		r = iface_addr_global(path.ifindex, family, &found, NULL);
	bool failed = err_is_unavailable(r);
	*s->unsure = *s->unsure || failed;
	return has_path && !failed ? found : present;
}

static struct addr choose4(const struct search *s, struct addr present)
{
	const struct bgp_peer_config *peer = s->peer;
	if (addr_is_set(&peer->next_hop))
		return peer->next_hop;
	if (s->own->family == AF_INET)
		return *s->own;
	if (peer->local_ip.family == AF_INET)
		return peer->local_ip;
	if (present.family != AF_INET)
		present = (struct addr){ 0 };
	return address_towards(s, AF_INET, present);
}

static bool is_link_local6(const struct addr *a)
{
	return a->family == AF_INET6 && addr_is_link_local(a);
}

static bool is_global6(const struct addr *a)
{
	return a->family == AF_INET6 && !addr_is_link_local(a);
}

/* A link-local address is the last choice: not every router has a use for a next hop without a
 * global one. */
static struct addr choose6(const struct search *s, struct addr present)
{
	const struct bgp_peer_config *peer = s->peer;
	if (addr_is_set(&peer->next_hop6))
		return peer->next_hop6;
	if (is_global6(&peer->local_ip6))
		return peer->local_ip6;
	if (is_global6(s->own))
		return *s->own;
	if (is_global6(&peer->local_ip))
		return peer->local_ip;
	struct addr found = address_towards(s, AF_INET6, present);
	return !addr_is_set(&found) && is_link_local6(s->own) ? *s->own : found;
}

void bgp_next_hops_choose(const struct bgp_peer_config *peer, const struct addr *own, bool extended,
			  struct bgp_next_hops *hops, bool *unsure)
{
	const struct search s = { .peer = peer, .own = own, .unsure = unsure };
	hops->v4 = choose4(&s, hops->v4);
	hops->v6 = choose6(&s, hops->v6);
	if (extended && !addr_is_set(&hops->v4))
		hops->v4 = hops->v6;
	hops->link_local = (struct addr){ 0 };
	if (is_link_local6(own) && !addr_is_set(&peer->next_hop6))
		hops->link_local = *own;
}
