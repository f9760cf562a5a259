/* SPDX-License-Identifier: MIT */
/* Next hop self (RFC 4271 5.1.3) of the routes that a peer is sent. */
#ifndef BGP_NEXT_HOP_H
#define BGP_NEXT_HOP_H

#include <stdbool.h>
#include <stdint.h>

#include "bgp/config.h"
#include "lib/addr.h"

/* For routes of `family` on a session whose local address is `own`: the configured address, else
 * `own`, else the address of the interface towards the peer; family 0 when there is none. `present`
 * is the one in use, and stays while there is no route to the peer, since the session may survive
 * that. *unsure is set when the kernel could not be asked; then `present` stays, too. */
struct addr bgp_next_hop_choose(const struct bgp_peer_config *peer, const struct addr *own,
				uint8_t family, struct addr present, bool *unsure);

#endif
