/* SPDX-License-Identifier: MIT */
#include "agent/status/way_back.h"

#include <stdio.h>

#include "net/fib.h"

bool way_back_matters(const struct bgp_peer_status *peer)
{
	return peer->state == BGP_ESTABLISHED && peer->next_hop4.family == AF_INET6;
}

/* That of the interface to the peer: a link-local peer is in it without a word in the configuration. */
uint32_t way_back_vrf(const struct bgp_peer_status *peer)
{
	struct fib_link link;
	bool may_be = peer->config->ifname[0] && peer->path_ifindex != 0;
	return may_be && fib_link(peer->path_ifindex, &link) == 0 ? link.master : 0;
}

const char *way_back_text(uint32_t vrf, char text[static WAY_BACK_TEXT_MAX])
{
	struct fib_link link = { .name = "" };
	if (vrf != 0)
		(void)fib_link(vrf, &link);
	snprintf(text, WAY_BACK_TEXT_MAX,
		 "IPv4 VIPs are announced with an IPv6 next hop, and %s%s has no IPv4 default "
		 "route: its answers to clients of other networks go nowhere; 'ip route add %s%s%s"
		 "0.0.0.0/0 via inet6 ROUTER dev INTERFACE' gives it one",
		 vrf ? "the VRF " : "this host", link.name, vrf ? "vrf " : "", link.name,
		 vrf ? " " : "");
	return text;
}
