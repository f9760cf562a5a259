/* SPDX-License-Identifier: MIT */
#include "agent/model/vrf_reach.h"

#include <stdio.h>

#include "lib/str.h"

const char *vrf_reach_of_peer(const struct bgp_peer_status *peer)
{
	const struct bgp_peer_config *c = peer->config;
	if (c->in_vrf)
		return c->ifname;
	return c->ifname[0] && peer->path_vrf ? peer->path_vrf : "";
}

bool vrf_reach_misses(const char *vrf, const char *interface, const char *master)
{
	return vrf[0] && !str_equal(interface, vrf) && !str_equal(master, vrf);
}

const char *vrf_reach_text(const struct bgp_peer_status *peer, const char *interface,
			   char text[static VRF_REACH_TEXT_MAX])
{
	char name[BGP_PEER_NAME_MAX];
	const char *vrf = vrf_reach_of_peer(peer);
	snprintf(text, VRF_REACH_TEXT_MAX,
		 "bound to %s, which is not in the VRF of peer %s: clients in %s do not reach it; "
		 "bind it there (interface: %s with bind: address, by the configuration or PUT "
		 "/v1/apps/NAME) and have the service listen in "
		 "the VRF, or keep the route from this peer (peers, except_peers)",
		 interface, bgp_peer_name(peer->config, name), vrf, vrf);
	return text;
}
