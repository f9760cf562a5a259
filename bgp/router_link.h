/* SPDX-License-Identifier: MIT */
/*
 * The router of one link, for a peer that is configured by its interface ("unnumbered"). Pure:
 * events go in with their time, what is to be sent comes out.
 *
 *	down ── the interface has a link-local address ──> searching ── a router is heard ──> known
 *
 * Searching: Router Solicitations, and echo requests to all routers of the link. A Router
 * Advertisement (RFC 4861) makes its sender the router. One that answers the echo and has sent no
 * advertisement within a second is taken as well: routers that do not advertise themselves are in
 * the group of all routers all the same, and a link-local source address shows that it is on the
 * link.
 *
 * Known: the first router stays. Another one that advertises itself is noted, and the first one is
 * asked by Neighbor Solicitations whether it is still there, as the link may have been plugged into
 * another router; when it does not answer, the other one takes its place. It is asked every second
 * besides, and when it does not answer, others are asked for. While there is a session, only
 * another router that has been heard meanwhile takes it: silence alone is left to the hold timer,
 * or to BFD.
 *
 * All the time, advertisements of this host with a lifetime of 0, by which a router that has its
 * neighbor by the interface learns the host's address.
 */
#ifndef BGP_ROUTER_LINK_H
#define BGP_ROUTER_LINK_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/addr.h"
#include "lib/mono.h"

/* Why no router is known. */
enum bgp_lack {
	BGP_LACK_NOTHING, /* it is known, or is being searched since a moment ago */
	BGP_LACK_LINK,    /* no interface, or no address on it */
	BGP_LACK_SOCKET,  /* nothing can be sent or received */
	BGP_LACK_ROUTER,  /* none was heard */
};

/* After that a search is worth telling. */
#define ROUTER_LINK_OVERDUE (3 * USEC_PER_SEC)

struct router_link {
	bool up;
	bool has_session;
	struct addr router; /* family 0: not known */
	bool advertises;    /* it has, rather than answered the echo */
	struct addr other;  /* is there as well; family 0: none */
	bool other_advertises;
	mono_t other_at, asked_at;
	bool both;          /* the router has answered since the other one was heard */
	struct addr silent; /* answered the echo while there was no router */
	mono_t searching_since;
	mono_t adopt_silent_at;
	unsigned solicits, adverts, probes; /* since it was searched, up, asked */
	mono_t solicit_at, advertise_at, probe_at;
	mono_t advertised_at;
};

/* Messages to send, in this order. */
struct router_link_actions {
	bool advert;
	bool solicit; /* a Router Solicitation, and an echo request to all routers */
	bool probe;   /* a Neighbor Solicitation of `router` */
};

void router_link_init(struct router_link *l);
void router_link_up(struct router_link *l, mono_t now);
void router_link_down(struct router_link *l);
/* A Router Advertisement from there. */
void router_link_advert(struct router_link *l, const struct addr *from, mono_t now);
/* The neighbor answered a Neighbor Solicitation. */
void router_link_neighbor(struct router_link *l, const struct addr *target, mono_t now);
/* An answer to the echo request. */
void router_link_echo(struct router_link *l, const struct addr *from, mono_t now);
/* A session with the router came up or ended. */
void router_link_session(struct router_link *l, bool up, mono_t now);
/* Does what is due, which may change the router. To be called after each of the above. */
void router_link_step(struct router_link *l, mono_t now, uint32_t random,
		      struct router_link_actions *ret);
/* When router_link_step() is to be called again. */
mono_t router_link_deadline(const struct router_link *l);
/* No router has been found for a while. */
bool router_link_is_overdue(const struct router_link *l, mono_t now);

#endif
