/* SPDX-License-Identifier: MIT */
/* Next hop self (RFC 4271 5.1.3) of the routes that a peer is sent. */
#ifndef BGP_NEXT_HOP_H
#define BGP_NEXT_HOP_H

#include <stdbool.h>

#include "bgp/config.h"
#include "lib/addr.h"

/* Family 0: there is none. */
struct bgp_next_hops {
	struct addr v4; /* of IPv4 routes; IPv6 where there is no IPv4 address (RFC 8950) */
	struct addr v6;
	struct addr link_local; /* sent behind an IPv6 next hop (RFC 2545 3) */
};

/*
 * On a session whose local address is `own`: the configured address, else `own`, else the address
 * of the interface towards the peer. `extended`: RFC 8950 was negotiated, so that IPv4 routes take
 * an IPv6 next hop where there is no IPv4 address. A session between link-local addresses shares
 * its link: the one of this host is sent as well, and stands in for a global address that is
 * lacking.
 *
 * *hops are those in use, and become the new ones. They stay while there is no route to the peer,
 * since the session may survive that. *unsure is set when the kernel could not be asked; then they
 * stay, too.
 */
void bgp_next_hops_choose(const struct bgp_peer_config *peer, const struct addr *own, bool extended,
			  struct bgp_next_hops *hops, bool *unsure);

#endif
