/* SPDX-License-Identifier: MIT */
#include "agent/programs/route_table.h"

#include <errno.h>
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

static bool has(const struct bgp_peer_refs *refs, const char *text)
{
	for (size_t i = 0; i < refs->n; i++)
		if (str_equal(refs->items[i].text, text))
			return true;
	return false;
}

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
		if (all->only.n > 0 ? !has(&all->only, text) : has(&all->except, text))
			return false;
	}
	return few->only.n > 0;
}

/* NULL: all. */
static struct bgp_peer_filter *with(const struct bgp_peer_filter *peers,
				    const struct bgp_peer_filter *more)
{
	struct bgp_peer_filter *f = peers && more ? bgp_peer_filter_copy(peers) : NULL;
	for (size_t i = 0; f && i < more->only.n; i++) {
		const char *text = more->only.items[i].text;
		if (f->only.n > 0)
			bgp_peer_refs_add(&f->only, text);
		else
			remove_ref(&f->except, text);
	}
	if (f && f->only.n == 0 && f->except.n == 0) {
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

/* The peers of a route that exists. */
static int extend(struct route_table *t, struct program_route *route, struct route_spec *spec,
		  const struct bgp_peer_filter *peers, struct err *err)
{
	char text[PREFIX_TEXT_MAX];
	bool same = route_spec_attrs_equal(route->spec, spec);
	if (!same && !covers(peers, route->spec->peers))
		return err_set(err, -EINVAL,
			       "%s is announced to other neighbors with other attributes: a route "
			       "has the same ones for all of them, beside those of bgp.peers",
			       prefix_format(&route->prefix, text));
	struct bgp_peer_filter *now =
		same ? with(route->spec->peers, peers) : bgp_peer_filter_copy(peers);
	if (!same || !bgp_peer_filter_equal(now, route->spec->peers))
		put(t, route, &route->prefix, for_peers(spec, now));
	bgp_peer_filter_free(now);
	return 0;
}

int route_table_announce(struct route_table *t, const struct prefix *prefix,
			 struct route_spec *spec, const struct bgp_peer_filter *peers, bool by_fifo,
			 struct err *err)
{
	struct program_route *route = route_table_find(t, prefix);
	int rc = 0;
	if (route) {
		rc = extend(t, route, spec, peers, err);
	} else {
		put(t, NULL, prefix, for_peers(spec, peers));
		route = route_table_find(t, prefix);
	}
	if (rc == 0)
		route->by_fifo = by_fifo;
	return rc;
}

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

enum withdrawn route_table_withdraw(struct route_table *t, const struct prefix *prefix,
				    const struct bgp_peer_filter *peers)
{
	struct program_route *route = route_table_find(t, prefix);
	struct bgp_peer_filter *left = route && peers ? without(route->spec->peers, peers) : NULL;
	if (!route)
		return WITHDRAWN_NOTHING;
	if (!left) {
		route_table_remove(t, route);
		return WITHDRAWN_WHOLLY;
	}
	bool same = bgp_peer_filter_equal(left, route->spec->peers);
	if (!same)
		put(t, route, prefix, route_spec_copy(route->spec, left));
	bgp_peer_filter_free(left);
	return same ? WITHDRAWN_NOTHING : WITHDRAWN_FROM_SOME;
}
