/* SPDX-License-Identifier: MIT */
#include "bgp/merge.h"

#include <string.h>

#include "bgp/wire.h"

/* Everything at its largest: the attributes of an IPv6 route to a peer with 2-octet AS numbers.
 * The rest is for prefixes. */
#define HEADER(n) (4 + (n)) /* of an attribute, with the extended length */
#define ATTRS_MAX                                                                                  \
	(HEADER(1) + HEADER(2 + 2 * BGP_AS_PATH_MAX) + HEADER(4) + HEADER(4) +                     \
	 HEADER(4 * BGP_COMMUNITIES_ROOM) + HEADER(8 * BGP_EXT_COMMUNITIES_ROOM) +                 \
	 HEADER(2 + 4 * BGP_AS_PATH_MAX) + HEADER(12 * BGP_LARGE_COMMUNITIES_MAX) + HEADER(4) +    \
	 HEADER(5 + 32))
_Static_assert(BGP_HEADER_SIZE + 4 + ATTRS_MAX + 16 * 17 <= BGP_MESSAGE_MAX,
	       "an UPDATE has room for all attributes and 16 IPv6 prefixes");
_Static_assert(BGP_AS_PATH_MAX >= 1 + BGP_PREPENDS_MAX, "our own AS and all prepends have room");

size_t bgp_communities_merge(const struct bgp_communities *const *lists, size_t n_lists,
			     uint32_t *ret, size_t max)
{
	size_t n = 0;
	for (size_t l = 0; l < n_lists; l++)
		for (size_t i = 0; i < lists[l]->n && n < max; i++) {
			uint32_t value = lists[l]->values[i];
			size_t seen = 0;
			while (seen < n && ret[seen] != value)
				seen++;
			if (seen == n)
				ret[n++] = value;
		}
	return n;
}

/* Values have no padding, so that equal ones have equal bytes. */
static size_t merge_values(const void *values, size_t n_values, size_t size, void *ret, size_t n,
			   size_t max)
{
	for (size_t i = 0; i < n_values && n < max; i++) {
		const char *value = (const char *)values + i * size;
		size_t seen = 0;
		while (seen < n && memcmp((const char *)ret + seen * size, value, size) != 0)
			seen++;
		if (seen == n)
			memcpy((char *)ret + n++ * size, value, size);
	}
	return n;
}

size_t bgp_ext_communities_merge(const struct bgp_ext_communities *list,
				 struct bgp_ext_community *ret, size_t n, size_t max)
{
	return merge_values(list->values, list->n, sizeof(*ret), ret, n, max);
}

size_t bgp_large_communities_merge(const struct bgp_large_communities *list,
				   struct bgp_large_community *ret, size_t n, size_t max)
{
	return merge_values(list->values, list->n, sizeof(*ret), ret, n, max);
}

/* ---- What routes to a peer have in common. ---- */

struct bgp_peer_attrs bgp_peer_attrs_of(const struct bgp_config *config,
					const struct bgp_peer_config *peer)
{
	return (struct bgp_peer_attrs){
		.global = { config->communities, config->ext_communities,
			    config->large_communities },
		.peer = { peer->communities, peer->ext_communities, peer->large_communities },
		.med = peer->med,
		.local_pref = peer->local_pref,
		.prepends = peer->prepends,
		.weight = peer->weight,
		.link_bandwidth = peer->link_bandwidth,
	};
}

/* The lists of global, peer and route, in that order. `route` NULL: without. */
static void merge_lists(const struct bgp_peer_attrs *peer_attrs,
			const struct bgp_route_attrs *route, struct bgp_merge_room *room,
			struct bgp_attrs_out *ret)
{
	static const struct bgp_route_attrs nothing;
	const struct bgp_route_attrs *own = route ? route : &nothing;
	const struct bgp_communities *lists[] = { &peer_attrs->global.communities,
						  &peer_attrs->peer.communities,
						  &own->communities };
	const struct bgp_ext_communities *ext[] = { &peer_attrs->global.ext_communities,
						    &peer_attrs->peer.ext_communities,
						    &own->ext_communities };
	const struct bgp_large_communities *large[] = { &peer_attrs->global.large_communities,
							&peer_attrs->peer.large_communities,
							&own->large_communities };
	/* cppcheck-suppress ctuuninitvar ; the room is filled here */
	ret->communities = room->communities;
	ret->n_communities =
		bgp_communities_merge(lists, 3, room->communities, BGP_COMMUNITIES_ROOM);
	ret->ext_communities = room->ext_communities;
	ret->large_communities = room->large_communities;
	for (size_t i = 0; i < 3; i++) {
		ret->n_ext_communities =
			bgp_ext_communities_merge(ext[i], room->ext_communities,
						  ret->n_ext_communities, BGP_EXT_COMMUNITIES_MAX);
		ret->n_large_communities = bgp_large_communities_merge(
			large[i], room->large_communities, ret->n_large_communities,
			BGP_LARGE_COMMUNITIES_MAX);
	}
}

static bool same_values(const void *a, size_t n_a, const void *b, size_t n_b, size_t size)
{
	return n_a == n_b && memcmp(a, b, n_a * size) == 0;
}

bool bgp_peer_attrs_lists_equal(const struct bgp_peer_attrs *a, const struct bgp_peer_attrs *b)
{
	struct bgp_merge_room room_a, room_b;
	struct bgp_attrs_out x = { 0 }, y = { 0 };
	merge_lists(a, NULL, &room_a, &x);
	merge_lists(b, NULL, &room_b, &y);
	return same_values(x.communities, x.n_communities, y.communities, y.n_communities,
			   sizeof(*x.communities)) &&
	       same_values(x.ext_communities, x.n_ext_communities, y.ext_communities,
			   y.n_ext_communities, sizeof(*x.ext_communities)) &&
	       same_values(x.large_communities, x.n_large_communities, y.large_communities,
			   y.n_large_communities, sizeof(*x.large_communities));
}

static struct bgp_number own_or(bool has, uint32_t own, struct bgp_number peer_attrs)
{
	return has ? (struct bgp_number){ true, own } : peer_attrs;
}

static bool weights_differ(const struct bgp_peer_attrs *a, const struct bgp_peer_attrs *b,
			   const struct bgp_route_attrs *route)
{
	bool has = route->has_weight || a->weight.given;
	return (has && a->link_bandwidth != b->link_bandwidth) ||
	       (!route->has_weight && !bgp_number_equal(a->weight, b->weight));
}

bool bgp_peer_attrs_numbers_differ(const struct bgp_peer_attrs *a, const struct bgp_peer_attrs *b,
				   const struct bgp_route_attrs *route, bool ibgp)
{
	bool med = !route->has_med && !bgp_number_equal(a->med, b->med);
	bool local_pref = !route->has_local_pref && !bgp_number_equal(a->local_pref, b->local_pref);
	bool prepends = !route->has_prepends && !route->as_path.given &&
			a->prepends.value != b->prepends.value;
	return med || weights_differ(a, b, route) || (ibgp ? local_pref : prepends);
}

/* ---- The weight. ---- */

#define LINK_BANDWIDTH 0x0004u /* type and sub-type; and the bit of those that are not transitive */
#define NON_TRANSITIVE 0x4000u
#define AS_TRANS       23456u

static bool is_link_bandwidth(struct bgp_ext_community c)
{
	return (c.high >> 16 & ~NON_TRANSITIVE) == LINK_BANDWIDTH;
}

/* The AS has two octets: of a larger one RFC 6793's AS_TRANS. */
static struct bgp_ext_community link_bandwidth(const struct bgp_merge_session *session,
					       uint32_t weight)
{
	enum bgp_link_bandwidth form = session->peer_attrs->link_bandwidth;
	uint32_t as = session->local_as > UINT16_MAX ? AS_TRANS : session->local_as;
	bool local = form == BGP_LINK_BANDWIDTH_NON_TRANSITIVE ||
		     (form == BGP_LINK_BANDWIDTH_AUTO && session->ibgp);
	uint32_t type = LINK_BANDWIDTH | (local ? NON_TRANSITIVE : 0);
	return (struct bgp_ext_community){ type << 16 | as, weight };
}

/* In the place of others of its kind: a route has one. */
static void add_weight(const struct bgp_merge_session *session, uint32_t weight,
		       struct bgp_merge_room *room, struct bgp_attrs_out *ret)
{
	size_t n = 0;
	for (size_t i = 0; i < ret->n_ext_communities; i++)
		if (!is_link_bandwidth(room->ext_communities[i]))
			room->ext_communities[n++] = room->ext_communities[i];
	room->ext_communities[n++] = link_bandwidth(session, weight);
	ret->n_ext_communities = n;
}

/* ---- A route. ---- */

/* Unless the route has a path of its own, that to iBGP peers stays empty: our own AS in it would be
 * a loop. */
static size_t make_path(const struct bgp_merge_session *session, const struct bgp_as_path *own,
			uint32_t prepends, uint32_t *path)
{
	size_t n = 1 + (prepends < BGP_PREPENDS_MAX ? prepends : BGP_PREPENDS_MAX);
	if (own->given) {
		n = own->n < BGP_AS_PATH_MAX ? own->n : BGP_AS_PATH_MAX;
		if (n > 0)
			memcpy(path, own->values, n * sizeof(*path));
		return n;
	}
	if (session->ibgp)
		return 0;
	for (size_t i = 0; i < n; i++)
		path[i] = session->local_as;
	return n;
}

void bgp_attrs_merge(const struct bgp_merge_session *session, enum bgp_origin origin,
		     const struct bgp_route_attrs *route, struct bgp_merge_room *room,
		     struct bgp_attrs_out *ret)
{
	const struct bgp_peer_attrs *peer_attrs = session->peer_attrs;
	struct bgp_number med = own_or(route->has_med, route->med, peer_attrs->med);
	struct bgp_number local_pref =
		own_or(route->has_local_pref, route->local_pref, peer_attrs->local_pref);
	struct bgp_number prepends =
		own_or(route->has_prepends, route->prepends, peer_attrs->prepends);
	*ret = (struct bgp_attrs_out){
		.origin = route->origin.given ? route->origin.value : origin,
		.as_path = room->as_path,
		.n_as_path = make_path(session, &route->as_path, prepends.value, room->as_path),
		.four_octet_as = session->four_octet_as,
		.has_med = med.given,
		.med = med.value,
		.has_local_pref = session->ibgp,
		.local_pref = local_pref.given ? local_pref.value : BGP_LOCAL_PREF_DEFAULT,
		.only_to_customer = session->otc ? session->local_as : 0,
	};
	merge_lists(peer_attrs, route, room, ret);
	struct bgp_number weight = own_or(route->has_weight, route->weight, peer_attrs->weight);
	if (weight.given)
		add_weight(session, weight.value, room, ret);
}
