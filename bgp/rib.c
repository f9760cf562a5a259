/* SPDX-License-Identifier: MIT */
#include "bgp/rib.h"

#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"
#include "lib/str.h"

void rib_init(struct rib *rib)
{
	*rib = (struct rib){ 0 };
}

/* ---- Attributes. ---- */

/* The key: origin and flags, MED, LOCAL_PREF, prepends, weight, next hop, the sizes of the four
 * lists, the lists. */
#define KEY_HEAD 14

_Static_assert(sizeof(struct bgp_ext_community) == 2 * sizeof(uint32_t), "no padding in a key");
_Static_assert(sizeof(struct bgp_large_community) == 3 * sizeof(uint32_t), "no padding in a key");

static size_t key_size(const struct bgp_route_attrs *r)
{
	size_t n = KEY_HEAD + r->as_path.n + r->communities.n + 2 * r->ext_communities.n +
		   3 * r->large_communities.n;
	return n * sizeof(uint32_t);
}

/* Appends a list to the key and returns where it is. */
static void *put_list(uint32_t **at, const void *values, size_t n, size_t size)
{
	void *list = *at;
	if (n > 0)
		memcpy(list, values, n * size);
	*at += n * size / sizeof(uint32_t);
	return list;
}

static uint32_t *put_head(uint32_t *at, enum bgp_origin origin, const struct bgp_route_attrs *r)
{
	uint32_t flags = (uint32_t)r->as_path.given << 4 | (uint32_t)r->has_weight << 3 |
			 (uint32_t)r->has_prepends << 2 | (uint32_t)r->has_med << 1 |
			 r->has_local_pref;
	*at++ = (uint32_t)origin << 5 | flags;
	*at++ = r->has_med ? r->med : 0;
	*at++ = r->has_local_pref ? r->local_pref : 0;
	*at++ = r->has_prepends ? r->prepends : 0;
	*at++ = r->has_weight ? r->weight : 0;
	*at++ = r->next_hop.family;
	memcpy(at, r->next_hop.bytes, sizeof(r->next_hop.bytes));
	at += sizeof(r->next_hop.bytes) / sizeof(*at);
	*at++ = (uint32_t)r->as_path.n;
	*at++ = (uint32_t)r->communities.n;
	*at++ = (uint32_t)r->ext_communities.n;
	*at++ = (uint32_t)r->large_communities.n;
	return at;
}

static struct rib_attrs *attrs_make(enum bgp_origin origin, const struct bgp_route_attrs *r)
{
	struct rib_attrs *a = mem_new(1, sizeof(*a) + key_size(r));
	a->origin = r->origin.given ? r->origin.value : origin;
	a->route = *r;
	a->route.origin = (struct bgp_origin_choice){ 0 };
	uint32_t *at = put_head(a->key, a->origin, r);
	a->route.as_path.values = put_list(&at, r->as_path.values, r->as_path.n, sizeof(uint32_t));
	a->route.communities.values =
		put_list(&at, r->communities.values, r->communities.n, sizeof(uint32_t));
	a->route.ext_communities.values =
		put_list(&at, r->ext_communities.values, r->ext_communities.n,
			 sizeof(struct bgp_ext_community));
	a->route.large_communities.values =
		put_list(&at, r->large_communities.values, r->large_communities.n,
			 sizeof(struct bgp_large_community));
	return a;
}

static struct rib_attrs *attrs_intern(struct rib *rib, enum bgp_origin origin,
				      const struct bgp_route_attrs *r)
{
	struct rib_attrs *made = attrs_make(origin, r), *found;
	HASH_FIND(hh, rib->attrs, made->key, key_size(r), found);
	if (found) {
		free(made);
	} else {
		found = made;
		found->id = ++rib->last_attrs_id;
		HASH_ADD_KEYPTR(hh, rib->attrs, found->key, key_size(r), found);
	}
	found->refs++;
	return found;
}

static void attrs_unref(struct rib *rib, struct rib_attrs *a)
{
	if (!a || --a->refs > 0)
		return;
	/* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): it does not follow uthash's lists */
	HASH_DELETE(hh, rib->attrs, a);
	free(a);
}

/* ---- Routes. ---- */

static uint32_t assign_id(struct rib *rib, struct rib_route *route)
{
	uint32_t id;
	if (rib->n_free > 0) {
		id = rib->free_ids[--rib->n_free];
	} else {
		rib->by_id = mem_grow(rib->by_id, &rib->cap_ids, rib->n_ids + 1,
				      sizeof(struct rib_route *));
		id = (uint32_t)rib->n_ids++;
	}
	rib->by_id[id] = route;
	return id;
}

struct rib_route *rib_find(const struct rib *rib, const struct prefix *prefix)
{
	struct rib_route *route;
	HASH_FIND(hh, rib->routes, prefix, sizeof(*prefix), route);
	return route;
}

static struct rib_route *route_new(struct rib *rib, const struct prefix *prefix)
{
	struct rib_route *route = mem_new(1, sizeof(*route));
	route->prefix = *prefix;
	route->id = assign_id(rib, route);
	HASH_ADD(hh, rib->routes, prefix, sizeof(route->prefix), route);
	return route;
}

struct rib_route *rib_announce(struct rib *rib, const struct prefix *prefix, enum bgp_origin origin,
			       const struct bgp_route_attrs *route_attrs, bool *ret_changed)
{
	struct rib_route *route = rib_find(rib, prefix);
	struct rib_attrs *attrs = attrs_intern(rib, origin, route_attrs);
	if (!route)
		route = route_new(rib, prefix);
	*ret_changed = route->attrs != attrs;
	if (!route->attrs)
		rib->n_announced++;
	attrs_unref(rib, route->attrs);
	route->attrs = attrs;
	route->own_origin = route_attrs->origin.given;
	return route;
}

const struct rib_attrs *rib_attrs_for(const struct rib_route *route,
				      const struct bgp_peer_config *peer)
{
	if (!route->filter || bgp_peer_filter_allows(route->filter, peer))
		return route->attrs;
	for (size_t i = 0; i < route->n_variants; i++)
		if (bgp_peer_filter_allows(route->variants[i].filter, peer))
			return route->variants[i].attrs;
	return NULL;
}

static void clear_variants(struct rib *rib, struct rib_route *route)
{
	for (size_t i = 0; i < route->n_variants; i++) {
		attrs_unref(rib, route->variants[i].attrs);
		bgp_peer_filter_free(route->variants[i].filter);
	}
	mem_free(&route->variants);
	route->n_variants = 0;
}

static bool variants_equal(const struct rib_route *route, const struct rib_variant *made, size_t n)
{
	for (size_t i = 0; n == route->n_variants && i < n; i++)
		if (route->variants[i].attrs != made[i].attrs ||
		    !bgp_peer_filter_equal(route->variants[i].filter, made[i].filter))
			return false;
	return n == route->n_variants;
}

bool rib_set_variants(struct rib *rib, struct rib_route *route, enum bgp_origin origin,
		      const struct bgp_route_variant *variants, size_t n)
{
	struct rib_variant *made = n > 0 ? mem_new(n, sizeof(*made)) : NULL;
	for (size_t i = 0; i < n; i++)
		made[i] = (struct rib_variant){
			.attrs = attrs_intern(rib, origin, &variants[i].attrs),
			.own_origin = variants[i].attrs.origin.given,
			.filter = bgp_peer_filter_copy(variants[i].filter),
		};
	bool different = !variants_equal(route, made, n);
	clear_variants(rib, route);
	route->variants = made;
	route->n_variants = n;
	return different;
}

static bool set_origin(struct rib *rib, struct rib_attrs **at, bool own, enum bgp_origin origin)
{
	struct rib_attrs *before = *at;
	if (own)
		return false;
	*at = attrs_intern(rib, origin, &before->route);
	bool different = *at != before;
	attrs_unref(rib, before);
	return different;
}

bool rib_set_origin(struct rib *rib, struct rib_route *route, enum bgp_origin origin)
{
	bool different = set_origin(rib, &route->attrs, route->own_origin, origin);
	for (size_t i = 0; i < route->n_variants; i++) {
		struct rib_variant *v = &route->variants[i];
		different = set_origin(rib, &v->attrs, v->own_origin, origin) || different;
	}
	return different;
}

bool rib_set_filter(struct rib_route *route, const struct bgp_peer_filter *filter)
{
	if (bgp_peer_filter_equal(route->filter, filter))
		return false;
	bgp_peer_filter_free(route->filter);
	route->filter = bgp_peer_filter_copy(filter);
	return true;
}

void rib_set_tag(struct rib_route *route, const char *tag, const char *why)
{
	route->why = why;
	if (str_same(route->tag, tag))
		return;
	free(route->tag);
	route->tag = tag ? mem_strdup(tag) : NULL;
}

struct rib_route *rib_withdraw(struct rib *rib, const struct prefix *prefix)
{
	struct rib_route *route = rib_find(rib, prefix);
	if (!route || !route->attrs)
		return NULL;
	attrs_unref(rib, route->attrs);
	route->attrs = NULL;
	clear_variants(rib, route);
	rib->n_announced--;
	return route;
}

static void route_free(struct rib *rib, struct rib_route *route)
{
	HASH_DELETE(hh, rib->routes, route);
	rib->by_id[route->id] = NULL;
	rib->free_ids = mem_grow(rib->free_ids, &rib->cap_free, rib->n_free + 1, sizeof(uint32_t));
	rib->free_ids[rib->n_free++] = route->id;
	bgp_peer_filter_free(route->filter);
	free(route->tag);
	free(route);
}

void rib_collect(struct rib *rib, struct rib_route *route)
{
	if (!route->attrs && route->holders == 0 && !route->disowned)
		route_free(rib, route);
}

struct rib_route *rib_disown(struct rib *rib, const struct prefix *prefix)
{
	struct rib_route *route = rib_find(rib, prefix);
	if (!route)
		route = route_new(rib, prefix);
	route->disowned = true;
	return route;
}

void rib_collect_disowned(struct rib *rib)
{
	for (size_t i = 0; i < rib->n_ids; i++) {
		struct rib_route *route = rib->by_id[i];
		if (!route || !route->disowned)
			continue;
		route->disowned = false;
		rib_collect(rib, route);
	}
}

void rib_done(struct rib *rib)
{
	HASH_CLEAR(hh, rib->routes);
	for (size_t i = 0; i < rib->n_ids; i++) {
		if (!rib->by_id[i])
			continue;
		clear_variants(rib, rib->by_id[i]);
		bgp_peer_filter_free(rib->by_id[i]->filter);
		attrs_unref(rib, rib->by_id[i]->attrs);
		free(rib->by_id[i]->tag);
		free(rib->by_id[i]);
	}
	free(rib->by_id);
	free(rib->free_ids);
	rib_init(rib);
}
