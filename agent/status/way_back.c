/* SPDX-License-Identifier: MIT */
#include "agent/status/way_back.h"

#include <stdio.h>

#include "net/iface.h"

bool way_back_matters(const struct bgp_peer_status *peer)
{
	return peer->state == BGP_ESTABLISHED && peer->next_hop4.family == AF_INET6;
}

/* That of the interface to the peer: a link-local peer is in it without a word in the
 * configuration. */
uint32_t way_back_vrf(const struct bgp_peer_status *peer, const struct host_changes *host)
{
	struct iface link;
	if (!peer->config->ifname[0] || peer->path_ifindex == 0)
		return 0;
	host_changes_link(host, peer->path_ifindex, &link);
	return link.master;
}

const char *way_back_text(uint32_t vrf, const struct host_changes *host,
			  char text[static WAY_BACK_TEXT_MAX])
{
	struct iface link = { .name = "" };
	if (vrf != 0)
		host_changes_link(host, vrf, &link);
	bool known = link.name[0]; /* else it has gone meanwhile */
	snprintf(text, WAY_BACK_TEXT_MAX,
		 "IPv4 VIPs are announced with an IPv6 next hop, and %s%s has no IPv4 default "
		 "route: its answers to clients of other networks go nowhere; 'ip route add %s%s%s"
		 "0.0.0.0/0 via inet6 ROUTER dev INTERFACE' gives it one",
		 vrf ? "the VRF " : "this host", known || !vrf ? link.name : "of the peer",
		 vrf ? "vrf " : "", known || !vrf ? link.name : "VRF", vrf ? " " : "");
	return text;
}
