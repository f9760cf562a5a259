/* SPDX-License-Identifier: MIT */
#include "agent/model/aggregate.h"

#include <stdlib.h>

#include "agent/model/community.h"
#include "lib/mem.h"

static void spec_copy(struct aggregate_spec *dst, const struct aggregate_spec *src)
{
	*dst = *src;
	bgp_lists_copy(&dst->communities, &dst->ext_communities, &dst->large_communities);
	dst->peers = bgp_peer_filter_copy(src->peers);
}

static void spec_done(struct aggregate_spec *s)
{
	bgp_lists_free(&s->communities, &s->ext_communities, &s->large_communities);
	bgp_peer_filter_free(s->peers);
}

static bool spec_equal(const struct aggregate_spec *a, const struct aggregate_spec *b)
{
	return prefix_equal(&a->prefix, &b->prefix) && a->min == b->min &&
	       a->summary_only == b->summary_only && bgp_number_equal(a->med, b->med) &&
	       bgp_number_equal(a->local_pref, b->local_pref) &&
	       bgp_number_equal(a->prepends, b->prepends) &&
	       bgp_number_equal(a->weight, b->weight) &&
	       communities_equal(&a->communities, &b->communities) &&
	       ext_communities_equal(&a->ext_communities, &b->ext_communities) &&
	       large_communities_equal(&a->large_communities, &b->large_communities) &&
	       bgp_peer_filter_equal(a->peers, b->peers);
}

void aggregate_list_copy(struct aggregate_list *dst, const struct aggregate_list *src)
{
	*dst = (struct aggregate_list){ 0 };
	if (src->n == 0)
		return;
	dst->items = mem_new(src->n, sizeof(*dst->items));
	dst->n = dst->cap = src->n;
	for (size_t i = 0; i < src->n; i++)
		spec_copy(&dst->items[i], &src->items[i]);
}

void aggregate_list_done(struct aggregate_list *list)
{
	for (size_t i = 0; i < list->n; i++)
		spec_done(&list->items[i]);
	free(list->items);
	*list = (struct aggregate_list){ 0 };
}

bool aggregate_list_equal(const struct aggregate_list *a, const struct aggregate_list *b)
{
	bool same = a->n == b->n;
	for (size_t i = 0; same && i < a->n; i++)
		same = spec_equal(&a->items[i], &b->items[i]);
	return same;
}

const struct aggregate_spec *aggregate_list_find(const struct aggregate_list *list,
						 const struct prefix *prefix)
{
	for (size_t i = 0; i < list->n; i++)
		if (prefix_equal(&list->items[i].prefix, prefix))
			return &list->items[i];
	return NULL;
}

const struct aggregate_spec *aggregate_list_suppressor(const struct aggregate_list *list,
						       const struct prefix *vip)
{
	for (size_t i = 0; i < list->n; i++)
		if (list->items[i].summary_only && aggregate_covers(&list->items[i], vip))
			return &list->items[i];
	return NULL;
}

bool aggregate_covers(const struct aggregate_spec *spec, const struct prefix *vip)
{
	return vip->len > spec->prefix.len && prefix_contains(&spec->prefix, &vip->addr);
}

enum route_form aggregate_form(const struct aggregate_spec *spec, struct aggregate_count count)
{
	if (count.up >= spec->min)
		return ROUTE_UP;
	return count.announced >= spec->min ? ROUTE_DRAIN : ROUTE_NONE;
}

void aggregate_attrs(const struct aggregate_spec *spec, enum route_form form,
		     struct announce_room *room, struct bgp_route_attrs *ret)
{
	const struct announce_specs own = {
		.med = spec->med,
		.local_pref = spec->local_pref,
		.prepends = spec->prepends,
		.weight = spec->weight,
		.ext_communities = spec->ext_communities,
		.large_communities = spec->large_communities,
	};
	announce_specs_attrs(&own, &spec->communities, form, room, ret);
}
