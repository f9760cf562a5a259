/* SPDX-License-Identifier: MIT */
/*
 * The way to a peer, as this host has it now: is there a route, is the interface up, is the address
 * there that the session is to come from? Looked at when the kernel says that something changed.
 *
 * A peer on a connected network cannot be reached by another way (an eBGP session reaches one hop),
 * so that its session is over when the interface goes down, without waiting for the hold timer. A
 * session over several hops may come through by another route, or by the same one a moment later:
 * that it has none is told, and the session is left to TCP and the hold timer.
 */
#ifndef BGP_PATH_H
#define BGP_PATH_H

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

#include "bgp/config.h"
#include "lib/addr.h"

enum bgp_path_state {
	BGP_PATH_UNKNOWN, /* nobody has looked yet */
	BGP_PATH_GOOD,
	BGP_PATH_DOUBTFUL, /* a session may survive this */
	BGP_PATH_LOST,     /* none can */
};

struct bgp_path {
	enum bgp_path_state state;
	char trouble[160];   /* "interface eth0 is down"; "" when the way is good */
	bool link;           /* the trouble is that of an interface */
	bool unsure;         /* the kernel could not be asked: the rest is as it was, look again */
	struct addr source;  /* what the kernel would send from; family 0: there is no way */
	struct addr gateway; /* family 0: on a connected network */
	struct {
		uint32_t ifindex; /* 0: there was none */
		char ifname[IF_NAMESIZE];
		struct addr source;
		bool direct; /* no gateway */
	} good;              /* the last good way */
};

/* `near`: one hop only. True when the way is another one than at the last look. */
bool bgp_path_update(struct bgp_path *p, const struct bgp_peer_config *c, bool near);

#endif
