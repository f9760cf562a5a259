/* SPDX-License-Identifier: MIT */
/*
 * The path to a peer: the route, the state of its interface, and the source address of the session.
 * Updated when the kernel reports a change.
 *
 * A directly connected peer has no other path (an eBGP session reaches one hop), so that its
 * session ends when the interface goes down, without waiting for the hold timer. A session over
 * several hops may survive on another route, or on the same one a moment later: the loss is
 * reported, and the session is left to TCP and the hold timer.
 */
#ifndef BGP_PATH_H
#define BGP_PATH_H

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

#include "bgp/config.h"
#include "lib/addr.h"

enum bgp_path_state {
	BGP_PATH_UNKNOWN, /* not updated yet */
	BGP_PATH_GOOD,
	BGP_PATH_DOUBTFUL, /* a session may survive this */
	BGP_PATH_LOST,     /* none can */
};

struct bgp_path {
	enum bgp_path_state state;
	char trouble[160];   /* "interface eth0 is down"; "" when the path is good */
	bool link;           /* the trouble is that of an interface */
	bool unsure;         /* the kernel could not be asked: the rest is as it was, ask again */
	struct addr source;  /* of the kernel's route; family 0: there is none */
	struct addr gateway; /* family 0: on a connected network */
	struct {
		uint32_t ifindex; /* 0: there was none */
		char ifname[IF_NAMESIZE];
		char vrf[IF_NAMESIZE]; /* that the interface is in; "": none */
		struct addr source;
		bool direct; /* no gateway */
	} good;              /* the last good path */
};

/* May the gateway be the peer itself, under another address? A link-local gateway, or one of
 * another family, says nothing about that: every IPv6 host reaches all others through one. */
bool bgp_path_gateway_may_be_peer(const struct addr *gateway, const struct addr *peer);
/* `own`: the local address of the established session, family 0: there is none; `near`: one hop
 * only. True when the path is another one than at the last update. */
bool bgp_path_update(struct bgp_path *p, const struct bgp_peer_config *c, const struct addr *own,
		     bool near);

#endif
