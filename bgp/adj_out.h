/* SPDX-License-Identifier: MIT */
/*
 * The adj-RIB-out of one peer: the routes that it holds, and the changes to be sent. Pure.
 *
 * Marking a route only queues it. Whether it is announced or withdrawn is decided when a message is
 * packed, from the route as it is then and from the attributes that the peer holds. So changes that
 * cancel out send nothing, a burst becomes as few UPDATEs as its attributes allow, and the order of
 * the marks does not matter. Withdrawals are sent before announcements.
 *
 * Order on the wire after the session came up: routes, End-of-RIB for each family (RFC 4724).
 * After a ROUTE-REFRESH: BoRR, routes, EoRR where enhanced (RFC 7313), else the routes alone.
 *
 * After a restart, End-of-RIB makes the peer flush the routes that it was not sent again. So
 * End-of-RIB can be deferred until all routes that are still valid were sent. Until then a refresh
 * is sent without BoRR and EoRR, which may not precede End-of-RIB (RFC 7313 4).
 */
#ifndef BGP_ADJ_OUT_H
#define BGP_ADJ_OUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bgp/merge.h"
#include "bgp/rib.h"
#include "bgp/sent_log.h"
#include "bgp/status.h"
#include "bgp/wire.h"
#include "lib/addr.h"

/* The parameters of the session. */
struct adj_out_session {
	bool ipv4, ipv6; /* negotiated */
	bool ibgp;
	bool four_octet_as;
	bool enhanced_refresh;
	bool otc;              /* routes carry OTC (RFC 9234) */
	bool defer_end_of_rib; /* until adj_out_end_deferral() */
	uint32_t local_as;
	/* Family 0: none, such routes stay unsent. `next_hop4` is IPv6 where RFC 8950 was
	 * negotiated and there is no IPv4 address; `link_local` follows IPv6 next hops (RFC 2545
	 * 3). */
	struct addr next_hop4, next_hop6, link_local;
	struct bgp_peer_attrs peer_attrs;     /* views; valid longer than the session */
	const struct bgp_peer_config *config; /* likewise; for filters of routes */
};

struct adj_slot {
	uint64_t sent; /* id of the attributes; 0: the peer does not hold it */
	uint8_t flags;
};

/* A queue of route ids: pushed at the end, taken from the front. */
struct adj_queue {
	uint32_t *ids;
	size_t head, n, cap;
};

struct adj_family {
	struct adj_queue withdraw;
	bool begin_refresh; /* a refresh was asked for and has not begun */
	/* To be sent when no announcement is left. */
	bool end_of_rib, end_of_refresh;
};

struct adj_out {
	struct rib *rib;
	struct sent_log *log; /* not owned; NULL: none */
	bool up;
	bool mp4; /* IPv4 routes are in MP_REACH_NLRI, as the last next hop of theirs was IPv6 */
	struct adj_out_session session;
	struct adj_slot *slots; /* by route id */
	size_t cap_slots;
	struct adj_family families[2]; /* IPv4, IPv6 */
	struct adj_queue announce;     /* as marked */
	struct adj_queue batch;        /* taken from `announce` and sorted by attributes */
	size_t n_sent[2];              /* routes that the peer holds, by family */
	const char *again_why;         /* routes were marked to be sent again last */
};

void adj_out_init(struct adj_out *a, struct rib *rib);
void adj_out_done(struct adj_out *a);
/* The session is up: every announced route is to be sent. */
void adj_out_up(struct adj_out *a, const struct adj_out_session *session);
/* The session is down: the peer holds nothing. */
void adj_out_down(struct adj_out *a);
/* The route was announced, changed or withdrawn. Does nothing while the session is down. */
void adj_out_mark(struct adj_out *a, struct rib_route *route);
/* The host's addresses changed: routes with another next hop are sent again, routes without
 * one are withdrawn. */
void adj_out_set_next_hops(struct adj_out *a, const struct addr *v4, const struct addr *v6,
			   const struct addr *link_local);
/* The attributes that the configuration adds changed: the routes that now get others are sent
 * again. The views replace those of the session. */
void adj_out_set_peer_attrs(struct adj_out *a, const struct bgp_peer_attrs *peer_attrs);
/* Names of the peer changed: routes that are now for it are sent, others are withdrawn. */
void adj_out_recheck_filters(struct adj_out *a);
/* Everything is sent again (rib.output): what was not meanwhile is queued now. */
void adj_out_mark_all(struct adj_out *a);
/* ROUTE-REFRESH from the peer (RFC 2918); a family that was not negotiated is ignored. */
void adj_out_refresh(struct adj_out *a, enum bgp_afi afi);
/* All routes of the previous instance that are still valid are announced: no longer deferred. */
void adj_out_end_deferral(struct adj_out *a);
/* An End-of-RIB has not been sent yet, deferred or not. */
bool adj_out_owes_end_of_rib(const struct adj_out *a);
/* Packs the next message into `buf` of `cap` >= BGP_MESSAGE_MAX bytes and takes it as sent.
 * Returns its size, 0 when the peer is up to date. */
size_t adj_out_next(struct adj_out *a, uint8_t *buf, size_t cap);
/* Something waits to be sent; a deferred End-of-RIB does not count, nor what rib.output
 * excludes. */
bool adj_out_pending(const struct adj_out *a);
/* How many routes are queued; some may turn out to need nothing. */
size_t adj_out_n_queued(const struct adj_out *a);
/* Also while the session is down, hence the peer. */
enum bgp_route_state adj_out_state(const struct adj_out *a, const struct rib_route *route,
				   const struct bgp_peer_config *peer);
/* The state that a route would come to that is for this peer; family 0 of the next hop: it has none
 * of its own. */
enum bgp_route_state adj_out_state_of_new(const struct adj_out *a, uint8_t family,
					  const struct addr *own_next_hop);

#endif
