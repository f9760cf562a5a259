/* SPDX-License-Identifier: MIT */
#include "agent/programs/route_listing.h"

#include <stdlib.h>

#include "lib/mem.h"

struct route_listing *route_listing_new(const struct route_table *t, bool extensive)
{
	struct route_listing *l = mem_new(1, sizeof(*l));
	l->extensive = extensive;
	l->routes = mem_new(route_table_n(t), sizeof(*l->routes));
	for (const struct program_route *r = t->routes; r; r = r->hh.next)
		l->routes[l->n++] = (struct listed_route){ r->prefix, route_spec_ref(r->spec) };
	return l;
}

void route_listing_free(struct route_listing *l)
{
	if (!l)
		return;
	for (size_t i = 0; i < l->n; i++)
		route_spec_unref(l->routes[i].spec);
	free(l->routes);
	free(l);
}

const struct listed_route *route_listing_next(struct route_listing *l, size_t n_peers,
					      size_t *ret_peer)
{
	if (l->next >= l->n) {
		l->next = 0;
		l->peer++;
	}
	if (l->n == 0 || l->peer >= n_peers)
		return NULL;
	*ret_peer = l->peer;
	return &l->routes[l->next++];
}

void route_listing_skip_peer(struct route_listing *l)
{
	l->next = l->n;
}
