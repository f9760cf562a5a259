/* SPDX-License-Identifier: MIT */
/*
 * Return path to clients of IPv4 VIPs that are announced with an IPv6 next hop: it needs an IPv4
 * default route, in the VRF of the session if that is in one.
 */
#ifndef AGENT_STATUS_WAY_BACK_H
#define AGENT_STATUS_WAY_BACK_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/vip/host_changes.h"
#include "bgp/status.h"

#define WAY_BACK_TEXT_MAX 320

/* Do IPv4 VIPs have an IPv6 next hop at this peer? */
bool way_back_matters(const struct bgp_peer_status *peer);
/* The VRF of the session, 0: none. `host` NULL: the kernel is asked. */
uint32_t way_back_vrf(const struct bgp_peer_status *peer, const struct host_changes *host);
/* That there is none; `vrf` as above. */
const char *way_back_text(uint32_t vrf, const struct host_changes *host,
			  char text[static WAY_BACK_TEXT_MAX]);

#endif
