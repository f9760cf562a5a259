/* SPDX-License-Identifier: MIT */
#include "agent/programs/route_table.h"

#include <stdlib.h>

#include "lib/mem.h"
#include "lib/str.h"

void route_table_remove(struct route_table *t, struct program_route *route)
{
	HASH_DELETE(hh, t->routes, route);
	route_spec_unref(route->spec);
	free(route);
}

void route_table_done(struct route_table *t)
{
	struct program_route *route, *next;
	HASH_ITER (hh, t->routes, route, next)
		route_table_remove(t, route);
}

size_t route_table_n(const struct route_table *t)
{
	return HASH_COUNT(t->routes);
}

struct program_route *route_table_find(const struct route_table *t, const struct prefix *prefix)
{
	struct program_route *route;
	HASH_FIND(hh, t->routes, prefix, sizeof(*prefix), route);
	return route;
}

/* ---- Sets of peers: those of `only`, or all but those of `except`. ---- */

static void remove_ref(struct bgp_peer_refs *refs, const char *text)
{
	size_t n = 0;
	for (size_t i = 0; i < refs->n; i++)
		if (str_equal(refs->items[i].text, text))
			free(refs->items[i].text);
		else
			refs->items[n++] = refs->items[i];
	refs->n = n;
}

/* All peers of `few`, which names them, are among those of the route. */
static bool covers(const struct bgp_peer_filter *all, const struct bgp_peer_filter *few)
{
	if (!all || (all->only.n == 0 && all->except.n == 0))
		return true;
	if (!few)
		return false;
	for (size_t i = 0; i < few->only.n; i++) {
		const char *text = few->only.items[i].text;
		if (all->only.n > 0 ? !bgp_peer_refs_has(&all->only, text)
				    : bgp_peer_refs_has(&all->except, text))
			return false;
	}
	return true;
}

/* NULL: all. */
static struct bgp_peer_filter *with(const struct bgp_peer_filter *peers,
				    const struct bgp_peer_filter *more)
{
	struct bgp_peer_filter *f = bgp_peer_filter_copy(peers);
	for (size_t i = 0; i < more->only.n; i++) {
		const char *text = more->only.items[i].text;
		if (f->only.n > 0)
			bgp_peer_refs_add(&f->only, text);
		else
			remove_ref(&f->except, text);
	}
	if (f->only.n == 0 && f->except.n == 0) {
		bgp_peer_filter_free(f);
		return NULL;
	}
	return f;
}

/* ---- Lines. ---- */

static void put(struct route_table *t, struct program_route *route, const struct prefix *prefix,
		struct route_spec *spec)
{
	if (!route) {
		route = mem_new(1, sizeof(*route));
		route->prefix = *prefix;
		HASH_ADD(hh, t->routes, prefix, sizeof(route->prefix), route);
	}
	route_spec_unref(route->spec);
	route->spec = spec;
}

/* A spec of a line is without peers, and is shared by its routes. */
static struct route_spec *for_peers(struct route_spec *spec, const struct bgp_peer_filter *peers)
{
	return peers ? route_spec_copy(spec, peers) : route_spec_ref(spec);
}

static bool has_already(const struct route_spec *s, const struct route_spec *spec,
			const struct bgp_peer_filter *peers)
{
	while (s && !(route_spec_attrs_equal(s, spec) && covers(s->peers, peers)))
		s = s->other;
	return s;
}

/* NULL: of a filter that names its peers, none is left. */
static struct bgp_peer_filter *without(const struct bgp_peer_filter *peers,
				       const struct bgp_peer_filter *fewer)
{
	struct bgp_peer_filter *f = peers ? bgp_peer_filter_copy(peers) : mem_new(1, sizeof(*f));
	bool named = f->only.n > 0;
	for (size_t i = 0; i < fewer->only.n; i++) {
		if (named)
			remove_ref(&f->only, fewer->only.items[i].text);
		else
			bgp_peer_refs_add(&f->except, fewer->only.items[i].text);
	}
	if (!named || f->only.n > 0)
		return f;
	bgp_peer_filter_free(f); /* it would be for all now */
	return NULL;
}

/* A copy, without these peers; NULL when none is left. */
static struct route_spec *rest_of(const struct route_spec *s, const struct bgp_peer_filter *peers)
{
	struct route_spec *rest = NULL, **end = &rest;
	for (; peers && s; s = s->other) {
		struct bgp_peer_filter *left = without(s->peers, peers);
		if (!left)
			continue;
		*end = route_spec_copy(s, left);
		end = &(*end)->other;
		bgp_peer_filter_free(left);
	}
	return rest;
}

/* The route, so that these peers have `spec`, and all others what they have. */
static struct route_spec *merged(const struct route_spec *before, struct route_spec *spec,
				 const struct bgp_peer_filter *peers)
{
	struct route_spec *rest = rest_of(before, peers), *alike = rest;
	while (alike && !route_spec_attrs_equal(alike, spec))
		alike = alike->other;
	if (alike) {
		struct bgp_peer_filter *more = with(alike->peers, peers);
		bgp_peer_filter_free(alike->peers);
		alike->peers = more;
		return rest;
	}
	struct route_spec *made = for_peers(spec, peers);
	if (rest)
		made->other = rest;
	return made;
}

void route_table_announce(struct route_table *t, const struct prefix *prefix,
			  struct route_spec *spec, const struct bgp_peer_filter *peers,
			  bool by_fifo)
{
	struct program_route *route = route_table_find(t, prefix);
	if (!route)
		put(t, NULL, prefix, for_peers(spec, peers));
	else if (!has_already(route->spec, spec, peers))
		put(t, route, prefix, merged(route->spec, spec, peers));
	route_table_find(t, prefix)->by_fifo = by_fifo;
}

enum withdrawn route_table_withdraw(struct route_table *t, const struct prefix *prefix,
				    const struct bgp_peer_filter *peers)
{
	struct program_route *route = route_table_find(t, prefix);
	if (!route)
		return WITHDRAWN_NOTHING;
	struct route_spec *left = rest_of(route->spec, peers);
	if (!left) {
		route_table_remove(t, route);
		return WITHDRAWN_WHOLLY;
	}
	if (route_spec_equal(left, route->spec)) {
		route_spec_unref(left);
		return WITHDRAWN_NOTHING;
	}
	put(t, route, prefix, left);
	return WITHDRAWN_FROM_SOME;
}
