/* SPDX-License-Identifier: MIT */
#include "bgp/merge.h"

#include <string.h>

#include "bgp/wire.h"

/* Everything at its largest: the attributes of an IPv6 route to a peer with 2-octet AS numbers.
 * The rest is for prefixes. */
#define HEADER(n) (4 + (n)) /* of an attribute, with the extended length */
#define ATTRS_MAX                                                                                  \
	(HEADER(1) + HEADER(2 + 2 * (1 + BGP_PREPENDS_MAX)) + HEADER(4) + HEADER(4) +              \
	 HEADER(4 * BGP_COMMUNITIES_ROOM) + HEADER(8 * BGP_EXT_COMMUNITIES_MAX) +                  \
	 HEADER(2 + 4 * (1 + BGP_PREPENDS_MAX)) + HEADER(12 * BGP_LARGE_COMMUNITIES_MAX) +         \
	 HEADER(4) + HEADER(5 + 32))
_Static_assert(BGP_HEADER_SIZE + 4 + ATTRS_MAX + 16 * 17 <= BGP_MESSAGE_MAX,
	       "an UPDATE has room for all attributes and 16 IPv6 prefixes");

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

/* The AS_PATH to iBGP peers stays empty: our own AS in it would be a loop. */
static size_t make_path(const struct bgp_merge_session *session, uint8_t prepends, uint32_t *path)
{
	size_t n = 1 + (prepends < BGP_PREPENDS_MAX ? prepends : BGP_PREPENDS_MAX);
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
	const struct bgp_communities *lists[] = { session->global, session->peer,
						  &route->communities };
	*ret = (struct bgp_attrs_out){
		.origin = origin,
		.as_path = room->as_path,
		.n_as_path = make_path(session, route->prepends, room->as_path),
		.four_octet_as = session->four_octet_as,
		.has_med = route->has_med,
		.med = route->med,
		.has_local_pref = session->ibgp,
		.local_pref = route->has_local_pref ? route->local_pref : BGP_LOCAL_PREF_DEFAULT,
		.communities = room->communities,
		.n_communities =
			bgp_communities_merge(lists, 3, room->communities, BGP_COMMUNITIES_ROOM),
		.ext_communities = room->ext_communities,
		.n_ext_communities = bgp_ext_communities_merge(
			&route->ext_communities, room->ext_communities, 0, BGP_EXT_COMMUNITIES_MAX),
		.large_communities = room->large_communities,
		.n_large_communities = bgp_large_communities_merge(&route->large_communities,
								   room->large_communities, 0,
								   BGP_LARGE_COMMUNITIES_MAX),
		.only_to_customer = session->otc ? session->local_as : 0,
	};
}
