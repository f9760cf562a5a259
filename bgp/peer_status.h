/* SPDX-License-Identifier: MIT */
/* A peer as operators see it. */
#ifndef BGP_PEER_STATUS_H
#define BGP_PEER_STATUS_H

#include "bgp/status.h"

struct bgp_peer;

/* Views into the peer, valid until the loop goes on. */
void bgp_peer_status(const struct bgp_peer *p, struct bgp_peer_status *ret);

#endif
