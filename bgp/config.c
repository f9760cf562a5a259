/* SPDX-License-Identifier: MIT */
#include "bgp/config.h"

#include <string.h>

const char *bgp_peer_name(const struct bgp_peer_config *peer, char buf[static BGP_PEER_NAME_MAX])
{
	char text[ADDR_TEXT_MAX];
	addr_format(&peer->addr, text);
	size_t len = strlen(text);
	memcpy(buf, text, len + 1);
	if (peer->ifname[0]) {
		buf[len] = '%';
		memcpy(buf + len + 1, peer->ifname, strnlen(peer->ifname, IF_NAMESIZE - 1) + 1);
	}
	return buf;
}
