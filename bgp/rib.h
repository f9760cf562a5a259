/* SPDX-License-Identifier: MIT */
/*
 * The routes of this host, each once, with interned attributes. Pure.
 *
 * A route has a small number, its id, that stays while it exists; the state per peer
 * (adj_out.h) is an array over ids. A route that was withdrawn is kept without attributes until
 * all peers have been sent the withdrawal, which `holders` counts.
 */
#ifndef BGP_RIB_H
#define BGP_RIB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bgp/config.h"
#include "bgp/output.h"
#include "bgp/peer_filter.h"
#include "lib/addr.h"
#include "lib/hash.h"

/* The attributes of a route without those that a peer adds; equal ones are one object, so that
 * routes that share attributes have the same id. */
struct rib_attrs {
	size_t refs;
	uint64_t id; /* never used twice, unlike the address; 0 is none */
	enum bgp_origin origin;
	/* Its lists are views into the key; `origin` is never given: routes with and without one
	 * of their own share attributes. */
	struct bgp_route_attrs route;
	UT_hash_handle hh;
	uint32_t key[]; /* numbers, sizes and lists, see rib.c */
};

struct rib_variant {
	struct rib_attrs *attrs;
	bool own_origin;                /* rather than that of the speaker */
	struct bgp_peer_filter *filter; /* owned */
};

struct rib_route {
	struct prefix prefix;
	uint32_t id;
	uint32_t holders; /* adj-RIBs-out and logs of what was sent that still refer to it */
	bool disowned;    /* withdrawn, also from peers that have it from the previous instance */
	bool suppressed;  /* for no peer: an aggregate stands for it */
	bool aggregate;
	bool own_origin;                /* rather than that of the speaker */
	struct rib_attrs *attrs;        /* NULL: withdrawn */
	struct bgp_peer_filter *filter; /* owned; NULL: for every peer */
	struct rib_variant
		*variants; /* for peers that `filter` leaves out; none of a withdrawn route */
	size_t n_variants;
	char *tag;       /* of the speaker's user; NULL: none */
	const char *why; /* it was announced or withdrawn last; a literal, or NULL */
	UT_hash_handle hh;
};

struct rib {
	enum bgp_output output; /* peers may be sent this much now, see bgp_speaker_set_output() */
	struct rib_route *routes; /* by prefix */
	struct rib_attrs *attrs;  /* by content */
	struct rib_route **by_id; /* NULL where an id is free */
	size_t n_ids, cap_ids;
	uint32_t *free_ids;
	size_t n_free, cap_free;
	size_t n_announced;
	uint64_t last_attrs_id;
};

void rib_init(struct rib *rib);
/* No adj-RIB-out may be left. */
void rib_done(struct rib *rib);
/* Adds or changes; returns the route and whether anything is different from before. */
struct rib_route *rib_announce(struct rib *rib, const struct prefix *prefix, enum bgp_origin origin,
			       const struct bgp_route_attrs *attrs, bool *ret_changed);
/* Takes the place of the variants that it has; copied. Whether anything is different from
 * before. */
bool rib_set_variants(struct rib *rib, struct rib_route *route, enum bgp_origin origin,
		      const struct bgp_route_variant *variants, size_t n);
/* Of a route that is announced: another origin where it has none of its own. Whether that changes
 * it. */
bool rib_set_origin(struct rib *rib, struct rib_route *route, enum bgp_origin origin);
/* The attributes that the peer is to have. NULL: withdrawn, or not for this peer. */
const struct rib_attrs *rib_attrs_for(const struct rib_route *route,
				      const struct bgp_peer_config *peer);
/* The peers that it is for; copied. Whether that is different from before. */
bool rib_set_filter(struct rib_route *route, const struct bgp_peer_filter *filter);
/* For who is told what was sent; the tag is copied. */
void rib_set_tag(struct rib_route *route, const char *tag, const char *why);
/* NULL when it is not announced. The route stays valid until rib_collect(). */
struct rib_route *rib_withdraw(struct rib *rib, const struct prefix *prefix);
/* Marks a route that is not announced as disowned, which keeps it until rib_collect_disowned(). */
struct rib_route *rib_disown(struct rib *rib, const struct prefix *prefix);
/* No peer has routes of the previous instance any more. */
void rib_collect_disowned(struct rib *rib);
/* Frees the route if it is withdrawn and has no holders. */
void rib_collect(struct rib *rib, struct rib_route *route);
struct rib_route *rib_find(const struct rib *rib, const struct prefix *prefix);

#endif
