/* SPDX-License-Identifier: MIT */
#include "bgp/rib.h"

#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"

#define KEY_SIZE(n) ((1 + (n)) * sizeof(uint32_t))

void rib_init(struct rib *rib)
{
	*rib = (struct rib){ 0 };
}

/* ---- Attributes. ---- */

static struct rib_attrs *attrs_make(enum bgp_origin origin, const struct bgp_communities *c)
{
	struct rib_attrs *a = mem_new(1, sizeof(*a) + KEY_SIZE(c->n));
	a->origin = origin;
	a->key[0] = (uint32_t)origin;
	if (c->n > 0)
		memcpy(a->key + 1, c->values, c->n * sizeof(uint32_t));
	return a;
}

static struct rib_attrs *attrs_intern(struct rib *rib, enum bgp_origin origin,
				      const struct bgp_communities *c)
{
	struct rib_attrs *made = attrs_make(origin, c), *found;
	HASH_FIND(hh, rib->attrs, made->key, KEY_SIZE(c->n), found);
	if (found) {
		free(made);
	} else {
		found = made;
		found->id = ++rib->last_attrs_id;
		HASH_ADD_KEYPTR(hh, rib->attrs, found->key, KEY_SIZE(c->n), found);
	}
	found->refs++;
	return found;
}

static void attrs_unref(struct rib *rib, struct rib_attrs *a)
{
	if (!a || --a->refs > 0)
		return;
	HASH_DELETE(hh, rib->attrs, a);
	free(a);
}

struct bgp_communities rib_attrs_communities(const struct rib_attrs *attrs)
{
	return (struct bgp_communities){
		.values = (uint32_t *)attrs->key + 1,
		.n = attrs->hh.keylen / sizeof(uint32_t) - 1,
	};
}

/* ---- Routes. ---- */

static uint32_t take_id(struct rib *rib, struct rib_route *route)
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
	route->id = take_id(rib, route);
	HASH_ADD(hh, rib->routes, prefix, sizeof(route->prefix), route);
	return route;
}

struct rib_route *rib_announce(struct rib *rib, const struct prefix *prefix, enum bgp_origin origin,
			       const struct bgp_communities *communities, bool *ret_changed)
{
	struct rib_route *route = rib_find(rib, prefix);
	struct rib_attrs *attrs = attrs_intern(rib, origin, communities);
	if (!route)
		route = route_new(rib, prefix);
	*ret_changed = route->attrs != attrs;
	if (!route->attrs)
		rib->n_announced++;
	attrs_unref(rib, route->attrs);
	route->attrs = attrs;
	return route;
}

struct rib_route *rib_withdraw(struct rib *rib, const struct prefix *prefix)
{
	struct rib_route *route = rib_find(rib, prefix);
	if (!route || !route->attrs)
		return NULL;
	attrs_unref(rib, route->attrs);
	route->attrs = NULL;
	rib->n_announced--;
	return route;
}

static void route_free(struct rib *rib, struct rib_route *route)
{
	HASH_DELETE(hh, rib->routes, route);
	rib->by_id[route->id] = NULL;
	rib->free_ids = mem_grow(rib->free_ids, &rib->cap_free, rib->n_free + 1, sizeof(uint32_t));
	rib->free_ids[rib->n_free++] = route->id;
	free(route);
}

void rib_collect(struct rib *rib, struct rib_route *route)
{
	if (!route->attrs && route->holders == 0)
		route_free(rib, route);
}

void rib_done(struct rib *rib)
{
	struct rib_attrs *attrs = rib->attrs, *next;
	HASH_CLEAR(hh, rib->routes);
	HASH_CLEAR(hh, rib->attrs);
	for (; attrs; attrs = next) {
		next = attrs->hh.next;
		free(attrs);
	}
	for (size_t i = 0; i < rib->n_ids; i++)
		free(rib->by_id[i]);
	free(rib->by_id);
	free(rib->free_ids);
	rib_init(rib);
}
