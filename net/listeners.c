/* SPDX-License-Identifier: MIT */
#include "net/listeners.h"

#include <stdlib.h>

#include "lib/mem.h"

bool listener_is_wildcard(const struct listener *l)
{
	return addr_is_unspecified(&l->addr);
}

/* Other hosts' packets never arrive on lo. */
static bool accepts_from(const struct listener *l, const struct listener_place *place)
{
	return place->local || l->ifindex != LISTENER_LO_IFINDEX;
}

bool listener_serves(const struct listener *l, const struct listener_place *place)
{
	if (!accepts_from(l, place))
		return false;
	if (!listener_is_wildcard(l))
		return prefix_contains(&place->at, &l->addr);
	return l->addr.family == place->at.addr.family ||
	       (l->addr.family == AF_INET6 && !l->v6only);
}

void listeners_done(struct listeners *l)
{
	free(l->items);
	*l = (struct listeners){ 0 };
}

void listeners_clear(struct listeners *l)
{
	l->n = 0;
}

void listeners_add(struct listeners *l, const struct listener *one)
{
	l->items = mem_grow(l->items, &l->cap, l->n + 1, sizeof(*l->items));
	l->items[l->n++] = *one;
}

/* Wildcards first, so that those on an address are one sorted range. */
static int compare(const void *a, const void *b)
{
	const struct listener *x = a, *y = b;
	if (listener_is_wildcard(x) != listener_is_wildcard(y))
		return listener_is_wildcard(x) ? -1 : 1;
	return addr_cmp(&x->addr, &y->addr);
}

void listeners_sort(struct listeners *l)
{
	if (l->n > 1)
		qsort(l->items, l->n, sizeof(*l->items), compare);
}

/* The first from `from` on whose address is not below `a`. */
static size_t lower_bound(const struct listeners *l, size_t from, const struct addr *a)
{
	size_t to = l->n;
	while (from < to) {
		size_t mid = from + (to - from) / 2;
		if (addr_cmp(&l->items[mid].addr, a) < 0)
			from = mid + 1;
		else
			to = mid;
	}
	return from;
}

bool listeners_serve(const struct listeners *l, const struct listener_place *place)
{
	size_t i = 0;
	for (; i < l->n && listener_is_wildcard(&l->items[i]); i++)
		if (listener_serves(&l->items[i], place))
			return true;
	for (i = lower_bound(l, i, &place->at.addr);
	     i < l->n && prefix_contains(&place->at, &l->items[i].addr); i++)
		if (listener_serves(&l->items[i], place))
			return true;
	return false;
}
