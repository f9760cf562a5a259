/* SPDX-License-Identifier: MIT */
#include "agent/model/announce_spec.h"

#include <stddef.h>
#include <stdlib.h>

#include "agent/model/community.h"
#include "bgp/merge.h"
#include "lib/array.h"
#include "lib/mem.h"

/* RFC 8326 4.2: a router that drains sets the lowest preference inside its AS. */
#define DRAIN_LOCAL_PREF 0

static const struct announce_specs defaults = {
	.of = { [ANNOUNCE_UP].announce = true, [ANNOUNCE_DRAIN].announce = true },
};

const char *route_form_name(enum route_form form)
{
	switch (form) {
	case ROUTE_NONE:
		return "none";
	case ROUTE_UP:
		return "up";
	case ROUTE_DOWN:
		return "down";
	case ROUTE_KEPT:
		return "kept";
	case ROUTE_DRAIN:
		return "drain";
	case ROUTE_JOIN:
		return "join";
	}
	return "unknown";
}

struct announce_specs *announce_specs_new(void)
{
	return mem_copy(&defaults, sizeof(defaults));
}

void announce_specs_free(struct announce_specs *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < ANNOUNCE_STATES; i++) {
		free(s->of[i].communities.values);
		free(s->of[i].ext_communities.values);
		free(s->of[i].large_communities.values);
	}
	free(s->ext_communities.values);
	free(s->large_communities.values);
	free(s);
}

static void *list_copy(const void *values, size_t n, size_t size)
{
	return n > 0 ? mem_copy(values, n * size) : NULL;
}

static void copy_ext(struct bgp_ext_communities *list)
{
	list->values = list_copy(list->values, list->n, sizeof(*list->values));
}

static void copy_large(struct bgp_large_communities *list)
{
	list->values = list_copy(list->values, list->n, sizeof(*list->values));
}

struct announce_specs *announce_specs_copy(const struct announce_specs *src)
{
	if (!src)
		return NULL;
	struct announce_specs *s = mem_copy(src, sizeof(*src));
	copy_ext(&s->ext_communities);
	copy_large(&s->large_communities);
	for (size_t i = 0; i < ANNOUNCE_STATES; i++) {
		struct announce_spec *of = &s->of[i];
		of->communities.values = list_copy(of->communities.values, of->communities.n,
						   sizeof(*of->communities.values));
		copy_ext(&of->ext_communities);
		copy_large(&of->large_communities);
	}
	return s;
}

static bool spec_equal(const struct announce_spec *a, const struct announce_spec *b)
{
	return a->announce == b->announce && bgp_number_equal(a->med, b->med) &&
	       bgp_number_equal(a->local_pref, b->local_pref) &&
	       bgp_number_equal(a->prepends, b->prepends) &&
	       bgp_number_equal(a->weight, b->weight) &&
	       communities_equal(&a->communities, &b->communities) &&
	       ext_communities_equal(&a->ext_communities, &b->ext_communities) &&
	       large_communities_equal(&a->large_communities, &b->large_communities);
}

bool announce_specs_equal(const struct announce_specs *a, const struct announce_specs *b)
{
	a = a ? a : &defaults;
	b = b ? b : &defaults;
	for (size_t i = 0; i < ANNOUNCE_STATES; i++)
		if (!spec_equal(&a->of[i], &b->of[i]))
			return false;
	return bgp_number_equal(a->med, b->med) && bgp_number_equal(a->local_pref, b->local_pref) &&
	       bgp_number_equal(a->prepends, b->prepends) &&
	       bgp_number_equal(a->weight, b->weight) &&
	       bgp_number_equal(a->increase, b->increase) &&
	       ext_communities_equal(&a->ext_communities, &b->ext_communities) &&
	       large_communities_equal(&a->large_communities, &b->large_communities);
}

bool announce_specs_announces(const struct announce_specs *s, enum announce_state state)
{
	return (s ? s : &defaults)->of[state].announce;
}

bool announce_specs_increases(const struct announce_specs *s)
{
	return s && s->increase.given && s->increase.value > 0;
}

void announce_specs_increase(const struct announce_specs *s, size_t place,
			     struct bgp_route_attrs *attrs)
{
	if (!announce_specs_increases(s) || !attrs->has_med)
		return;
	uint64_t med = attrs->med + (uint64_t)place * s->increase.value;
	attrs->med = med < UINT32_MAX ? (uint32_t)med : UINT32_MAX;
}

bool announce_spec_has_attrs(const struct announce_spec *s)
{
	return s->med.given || s->local_pref.given || s->prepends.given || s->weight.given ||
	       s->communities.n > 0 || s->ext_communities.n > 0 || s->large_communities.n > 0;
}

#define RECIPE_LISTS 3

/* The sources of the attributes of a form. */
struct recipe {
	const struct announce_spec *first, *second;      /* numbers: from the first that sets one */
	const struct announce_spec *lists[RECIPE_LISTS]; /* NULL: no more */
	bool shutdown;                                   /* RFC 8326 */
	const struct announce_spec *join;                /* numbers: between the two; NULL: none */
};

static struct recipe recipe_of(const struct announce_specs *s, enum route_form form)
{
	static const struct announce_spec nothing;
	const struct announce_spec *up = &s->of[ANNOUNCE_UP], *down = &s->of[ANNOUNCE_DOWN];
	const struct announce_spec *drain = &s->of[ANNOUNCE_DRAIN];
	const struct announce_spec *join = &s->of[ANNOUNCE_JOIN];
	switch (form) {
	case ROUTE_NONE:
	case ROUTE_UP:
		break;
	case ROUTE_KEPT:
		if (!announce_spec_has_attrs(down))
			return (struct recipe){ &nothing, up, { up }, true, NULL };
		return (struct recipe){ down, up, { down }, false, NULL };
	case ROUTE_DOWN:
		return (struct recipe){ down, up, { down }, false, NULL };
	case ROUTE_DRAIN:
		return (struct recipe){ drain, up, { up, drain }, true, NULL };
	case ROUTE_JOIN:
		return (struct recipe){
			join, up, { up, join }, !announce_spec_has_attrs(join), NULL
		};
	}
	return (struct recipe){ up, up, { up }, false, NULL };
}

/* By its state, or by joining: whichever says more. */
static struct recipe recipe_of_joiner(const struct announce_specs *s, enum route_form form)
{
	const struct announce_spec *join = &s->of[ANNOUNCE_JOIN];
	struct recipe r = recipe_of(s, form);
	size_t n = 0;
	if (form == ROUTE_JOIN || form == ROUTE_UP || form == ROUTE_NONE)
		return r;
	while (r.lists[n])
		n++;
	r.lists[n] = join;
	r.join = join;
	r.shutdown |= !announce_spec_has_attrs(join);
	return r;
}

/* The most specific one that is given. */
static struct bgp_number number_of(const struct recipe *r, size_t offset, struct bgp_number of_app)
{
	const struct announce_spec *const specs[] = { r->first, r->join, r->second };
	for (size_t i = 0; i < ARRAY_SIZE(specs); i++) {
		const struct bgp_number *n =
			specs[i] ? (const void *)((const char *)specs[i] + offset) : NULL;
		if (n && n->given)
			return *n;
	}
	return of_app;
}

#define NUMBER(member) offsetof(struct announce_spec, member)

static void put_numbers(const struct announce_specs *s, const struct recipe *r,
			struct bgp_route_attrs *ret)
{
	struct bgp_number prepends = number_of(r, NUMBER(prepends), s->prepends);
	struct bgp_number med = number_of(r, NUMBER(med), s->med);
	struct bgp_number local_pref = number_of(r, NUMBER(local_pref), s->local_pref);
	struct bgp_number weight = number_of(r, NUMBER(weight), s->weight);
	bool is_given = r->first->local_pref.given || (r->join && r->join->local_pref.given);
	ret->has_prepends = prepends.given;
	ret->prepends = (uint8_t)prepends.value;
	ret->has_med = med.given;
	ret->med = med.value;
	ret->has_weight = weight.given;
	ret->weight = weight.value;
	ret->has_local_pref = local_pref.given;
	ret->local_pref = local_pref.value;
	if (r->shutdown && !is_given) {
		ret->has_local_pref = true;
		ret->local_pref = DRAIN_LOCAL_PREF;
	}
}

static void put_communities(const struct recipe *r, const struct bgp_communities *of_app,
			    struct announce_room *room, struct bgp_route_attrs *ret)
{
	uint32_t value = BGP_COMMUNITY_GRACEFUL_SHUTDOWN;
	const struct bgp_communities shutdown = { .values = &value, .n = 1 };
	const struct bgp_communities *lists[2 + RECIPE_LISTS];
	size_t n = 0;
	/* First, so that it is not what is left out when there are too many. */
	if (r->shutdown)
		lists[n++] = &shutdown;
	lists[n++] = of_app;
	for (size_t i = 0; i < RECIPE_LISTS && r->lists[i]; i++)
		lists[n++] = &r->lists[i]->communities;
	ret->communities.values = room->communities;
	ret->communities.n =
		bgp_communities_merge(lists, n, room->communities, BGP_COMMUNITIES_ROOM);
}

static void put_attrs(const struct announce_specs *s, const struct recipe *r,
		      const struct bgp_communities *of_app, struct announce_room *room,
		      struct bgp_route_attrs *ret)
{
	size_t n_ext = bgp_ext_communities_merge(&s->ext_communities, room->ext_communities, 0,
						 BGP_EXT_COMMUNITIES_MAX);
	size_t n_large = bgp_large_communities_merge(&s->large_communities, room->large_communities,
						     0, BGP_LARGE_COMMUNITIES_MAX);
	for (size_t i = 0; i < RECIPE_LISTS && r->lists[i]; i++) {
		n_ext = bgp_ext_communities_merge(&r->lists[i]->ext_communities,
						  room->ext_communities, n_ext,
						  BGP_EXT_COMMUNITIES_MAX);
		n_large = bgp_large_communities_merge(&r->lists[i]->large_communities,
						      room->large_communities, n_large,
						      BGP_LARGE_COMMUNITIES_MAX);
	}
	*ret = (struct bgp_route_attrs){
		.ext_communities = { room->ext_communities, n_ext },
		.large_communities = { room->large_communities, n_large },
	};
	put_numbers(s, r, ret);
	put_communities(r, of_app, room, ret);
}

void announce_specs_attrs(const struct announce_specs *s, const struct bgp_communities *of_app,
			  enum route_form form, struct announce_room *room,
			  struct bgp_route_attrs *ret)
{
	s = s ? s : &defaults;
	const struct recipe r = recipe_of(s, form);
	put_attrs(s, &r, of_app, room, ret);
}

void announce_specs_attrs_of_joiner(const struct announce_specs *s,
				    const struct bgp_communities *of_app, enum route_form form,
				    struct announce_room *room, struct bgp_route_attrs *ret)
{
	s = s ? s : &defaults;
	const struct recipe r = recipe_of_joiner(s, form);
	put_attrs(s, &r, of_app, room, ret);
}
