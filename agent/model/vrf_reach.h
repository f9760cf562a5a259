/* SPDX-License-Identifier: MIT */
/*
 * Clients in a VRF reach what is bound to an interface of it, and nothing else of the host: whether
 * a route that a peer in a VRF is sent leads them anywhere. Pure.
 */
#ifndef AGENT_MODEL_VRF_REACH_H
#define AGENT_MODEL_VRF_REACH_H

#include <stdbool.h>

#include "bgp/status.h"

#define VRF_REACH_TEXT_MAX 400

/* Of the session with the peer; "": none. A link-local peer is in that of its interface. */
const char *vrf_reach_of_peer(const struct bgp_peer_status *peer);

/* Is the interface outside of the VRF? `master` is the VRF that it belongs to, "": none. */
bool vrf_reach_misses(const char *vrf, const char *interface, const char *master);

/* Consequence and remedy, for a sentence about a VIP or an app at this interface. */
const char *vrf_reach_text(const struct bgp_peer_status *peer, const char *interface,
			   char text[static VRF_REACH_TEXT_MAX]);

#endif
