/* SPDX-License-Identifier: MIT */
#include "agent/model/route_spec.h"

#include <stdlib.h>
#include <string.h>

#include "agent/model/community.h"
#include "lib/mem.h"

struct route_spec *route_spec_new(void)
{
	struct route_spec *s = mem_new(1, sizeof(*s));
	s->refs = 1;
	return s;
}

static void *list_copy(const void *values, size_t n, size_t size)
{
	return n > 0 ? mem_copy(values, n * size) : NULL;
}

struct route_spec *route_spec_copy(const struct route_spec *src,
				   const struct bgp_peer_filter *peers)
{
	struct route_spec *s = mem_copy(src, sizeof(*src));
	s->refs = 1;
	s->as_path.values = list_copy(s->as_path.values, s->as_path.n, sizeof(uint32_t));
	s->communities.values =
		list_copy(s->communities.values, s->communities.n, sizeof(uint32_t));
	s->ext_communities.values = list_copy(s->ext_communities.values, s->ext_communities.n,
					      sizeof(struct bgp_ext_community));
	s->large_communities.values = list_copy(s->large_communities.values, s->large_communities.n,
						sizeof(struct bgp_large_community));
	s->peers = bgp_peer_filter_copy(peers);
	s->other = NULL;
	return s;
}

struct route_spec *route_spec_ref(struct route_spec *s)
{
	if (s)
		s->refs++;
	return s;
}

void route_spec_unref(struct route_spec *s)
{
	while (s && --s->refs == 0) {
		struct route_spec *other = s->other;
		free(s->as_path.values);
		free(s->communities.values);
		free(s->ext_communities.values);
		free(s->large_communities.values);
		bgp_peer_filter_free(s->peers);
		free(s);
		s = other;
	}
}

static bool path_equal(const struct bgp_as_path *a, const struct bgp_as_path *b)
{
	return a->given == b->given && a->n == b->n &&
	       (a->n == 0 || memcmp(a->values, b->values, a->n * sizeof(*a->values)) == 0);
}

bool route_spec_attrs_equal(const struct route_spec *a, const struct route_spec *b)
{
	bool origins = a->origin.given == b->origin.given &&
		       (!a->origin.given || a->origin.value == b->origin.value);
	return origins && bgp_number_equal(a->med, b->med) &&
	       bgp_number_equal(a->local_pref, b->local_pref) &&
	       path_equal(&a->as_path, &b->as_path) && addr_equal(&a->next_hop, &b->next_hop) &&
	       communities_equal(&a->communities, &b->communities) &&
	       ext_communities_equal(&a->ext_communities, &b->ext_communities) &&
	       large_communities_equal(&a->large_communities, &b->large_communities);
}

bool route_spec_equal(const struct route_spec *a, const struct route_spec *b)
{
	while (a && b && a != b) {
		if (!route_spec_attrs_equal(a, b) || !bgp_peer_filter_equal(a->peers, b->peers))
			return false;
		a = a->other;
		b = b->other;
	}
	return a == b;
}

const struct route_spec *route_spec_for(const struct route_spec *s,
					const struct bgp_peer_config *peer)
{
	while (s && !bgp_peer_filter_allows(s->peers, peer))
		s = s->other;
	return s;
}

void route_spec_attrs(const struct route_spec *s, enum route_form form, struct announce_room *room,
		      struct bgp_route_attrs *ret)
{
	const struct announce_specs specs = {
		.med = s->med,
		.local_pref = s->local_pref,
		.ext_communities = s->ext_communities,
		.large_communities = s->large_communities,
	};
	announce_specs_attrs(&specs, &s->communities, form, room, ret);
	ret->origin = s->origin;
	ret->as_path = s->as_path;
	ret->next_hop = s->next_hop;
}
