/* SPDX-License-Identifier: MIT */
#include "monitors/ways.h"

#include <stdlib.h>

#include "lib/mem.h"

void monitor_ways_done(struct monitor_ways *w)
{
	free(w->items);
	*w = (struct monitor_ways){ 0 };
}

static bool same_place(const struct monitor_way *a, const struct monitor_way *b)
{
	return a->port == b->port && prefix_equal(&a->at, &b->at);
}

void monitor_ways_add(struct monitor_ways *w, const struct monitor_way *way)
{
	for (size_t i = 0; i < w->n; i++)
		if (same_place(&w->items[i], way))
			return;
	w->items = mem_grow(w->items, &w->cap, w->n + 1, sizeof(*w->items));
	w->items[w->n++] = *way;
}

bool monitor_ways_equal(const struct monitor_ways *a, const struct monitor_ways *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (!same_place(&a->items[i], &b->items[i]) ||
		    !prefix_equal(&a->items[i].vip, &b->items[i].vip))
			return false;
	return true;
}

bool monitor_way_is_nat(const struct monitor_way *way)
{
	return !prefix_equal(&way->vip, &way->at);
}
