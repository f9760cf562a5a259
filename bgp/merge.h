/* SPDX-License-Identifier: MIT */
/*
 * The attributes of a route as one peer is sent them: the route's own, with those of the speaker
 * and of the peer, each community once, and within the sizes that an UPDATE has room for. Pure.
 */
#ifndef BGP_MERGE_H
#define BGP_MERGE_H

#include <stddef.h>
#include <stdint.h>

#include "bgp/attr_out.h"
#include "bgp/config.h"

/* The communities that a level of the configuration adds; views. */
struct bgp_community_lists {
	struct bgp_communities communities;
	struct bgp_ext_communities ext_communities;
	struct bgp_large_communities large_communities;
};

/* The attributes that routes to a peer have in common. The lists of all levels add up, in the order
 * global, peer, route; of each number that of the route counts, else that of the peer. */
struct bgp_peer_attrs {
	struct bgp_community_lists global, peer;
	struct bgp_number med, local_pref, prepends, weight;
	enum bgp_link_bandwidth link_bandwidth;
};

/* The part that depends on the session. */
struct bgp_merge_session {
	uint32_t local_as;
	bool ibgp, four_octet_as;
	bool otc; /* routes carry OTC with our AS (RFC 9234) */
	const struct bgp_peer_attrs *peer_attrs;
};

/* One more than is promised: GRACEFUL_SHUTDOWN in front of a route's own finds a place, however
 * many there are. */
#define BGP_COMMUNITIES_ROOM (BGP_COMMUNITIES_MAX + 1)
/* Likewise the weight. */
#define BGP_EXT_COMMUNITIES_ROOM (BGP_EXT_COMMUNITIES_MAX + 1)

/* The room that the merged lists take; bgp_attrs_out points into it. */
struct bgp_merge_room {
	uint32_t as_path[BGP_AS_PATH_MAX];
	uint32_t communities[BGP_COMMUNITIES_ROOM];
	struct bgp_ext_community ext_communities[BGP_EXT_COMMUNITIES_ROOM];
	struct bgp_large_community large_communities[BGP_LARGE_COMMUNITIES_MAX];
};

struct bgp_peer_attrs bgp_peer_attrs_of(const struct bgp_config *config,
					const struct bgp_peer_config *peer);
/* Both add the same communities to every route. */
bool bgp_peer_attrs_lists_equal(const struct bgp_peer_attrs *a, const struct bgp_peer_attrs *b);
/* A route with these attributes gets other numbers from `a` than from `b`. */
bool bgp_peer_attrs_numbers_differ(const struct bgp_peer_attrs *a, const struct bgp_peer_attrs *b,
				   const struct bgp_route_attrs *route, bool ibgp);

/* All but the next hop. Attributes that do not fit are left out. `origin`: of a route without its
 * own. */
void bgp_attrs_merge(const struct bgp_merge_session *session, enum bgp_origin origin,
		     const struct bgp_route_attrs *route, struct bgp_merge_room *room,
		     struct bgp_attrs_out *ret);

/* The communities of a route as this peer gets them: global, peer, route, each once. Returns how
 * many; `ret` has room for `max`, what does not fit is left out. */
size_t bgp_communities_merge(const struct bgp_communities *const *lists, size_t n_lists,
			     uint32_t *ret, size_t max);
/* Appends the list, each value once; returns how many there are in `ret` now. */
size_t bgp_ext_communities_merge(const struct bgp_ext_communities *list,
				 struct bgp_ext_community *ret, size_t n, size_t max);
size_t bgp_large_communities_merge(const struct bgp_large_communities *list,
				   struct bgp_large_community *ret, size_t n, size_t max);

#endif
