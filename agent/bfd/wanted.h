/* SPDX-License-Identifier: MIT */
/* The BFD session that a peer is to have, from its configuration and the path to it. Pure. */
#ifndef AGENT_BFD_WANTED_H
#define AGENT_BFD_WANTED_H

#include "bfd/config.h"
#include "bgp/status.h"

enum bfd_wanted_kind {
	BFD_WANTED_NONE,
	BFD_WANTED_WAIT, /* the path is not known yet: one that exists stays */
	BFD_WANTED_SESSION,
};

/* The one that exists, and the source of the kernel's route then. */
struct bfd_present {
	struct bfd_key key;
	struct addr path_source; /* bfd_route_source() */
};

/* Not set during a BGP session: the path is looked up from its address then, and what the kernel
 * would choose on its own is not known. */
struct addr bfd_route_source(const struct bgp_peer_status *peer);

/*
 * Fills in key and config for BFD_WANTED_SESSION only. The local address is that of the BGP
 * session, which the router knows; without a session the configured one, else the one that was in
 * use (if the route has not changed since), else that of the route. Single hop has the interface of
 * the route.
 */
enum bfd_wanted_kind bfd_wanted(const struct bgp_peer_status *peer,
				const struct bfd_present *present, struct bfd_key *ret_key,
				struct bfd_config *ret_config);

#endif
