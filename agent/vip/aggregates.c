/* SPDX-License-Identifier: MIT */
#include "agent/vip/aggregates.h"

#include <stdlib.h>

#include "lib/hash.h"
#include "lib/mem.h"

/* An app, by its VIPs in one aggregate. */
struct member {
	const void *app;
	size_t up, announced; /* VIPs */
	UT_hash_handle hh;
};

/* Parallel to the list of specs. */
struct aggregate {
	struct member *members;
	struct aggregate_count count;
	enum route_form form;
	bool stale; /* announced with the attributes of another spec */
	mono_t changed_at;
};

/* A VIP as counted for its aggregate. */
struct counted {
	struct prefix vip;
	const void *app;
	enum route_form form;
	UT_hash_handle hh;
};

struct aggregates {
	const struct aggregates_ops *ops;
	void *userdata;
	struct aggregate_list list;
	struct aggregate *items;
	struct counted *counted; /* by prefix */
	struct aggregate_list former;
	struct aggregate *former_items;
	bool changing;
};

_Static_assert(sizeof(struct prefix) == 18, "struct prefix is hashed as memory");

struct aggregates *aggregates_new(const struct aggregates_ops *ops, void *userdata)
{
	struct aggregates *a = mem_new(1, sizeof(*a));
	a->ops = ops;
	a->userdata = userdata;
	return a;
}

static void forget_members(struct aggregate *items, size_t n)
{
	struct member *m, *next;
	for (size_t i = 0; i < n; i++) {
		HASH_ITER (hh, items[i].members, m, next) {
			/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): uthash's lists */
			HASH_DELETE(hh, items[i].members, m);
			free(m);
		}
		items[i].count = (struct aggregate_count){ 0 };
	}
}

static void forget_counted(struct aggregates *a)
{
	struct counted *c, *next;
	HASH_ITER (hh, a->counted, c, next) {
		/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): as above */
		HASH_DELETE(hh, a->counted, c);
		free(c);
	}
}

void aggregates_free(struct aggregates *a)
{
	if (!a)
		return;
	forget_counted(a);
	forget_members(a->items, a->list.n);
	free(a->items);
	aggregate_list_done(&a->list);
	free(a);
}

/* ---- counting ---- */

static struct member *member_of(struct aggregate *g, const void *app)
{
	struct member *m;
	HASH_FIND_PTR(g->members, &app, m);
	if (m)
		return m;
	m = mem_new(1, sizeof(*m));
	m->app = app;
	HASH_ADD_PTR(g->members, app, m);
	return m;
}

/* `sign` 1: the VIP comes; -1: it goes. */
static void add_vip(struct aggregate *g, const void *app, enum route_form form, int sign)
{
	struct member *m = member_of(g, app);
	g->count.up -= m->up > 0;
	g->count.announced -= m->announced > 0;
	m->announced += (size_t)sign;
	if (form == ROUTE_UP)
		m->up += (size_t)sign;
	g->count.up += m->up > 0;
	g->count.announced += m->announced > 0;
	if (m->announced > 0)
		return;
	HASH_DELETE(hh, g->members, m);
	free(m);
}

/* ---- the routes ---- */

static void judge(struct aggregates *a, size_t i, mono_t now)
{
	const struct aggregate_spec *spec = &a->list.items[i];
	struct aggregate *g = &a->items[i];
	enum route_form form = aggregate_form(spec, g->count);
	if (form == g->form && !g->stale)
		return;
	bool changed = form != g->form;
	g->form = form;
	g->stale = false;
	if (form == ROUTE_NONE)
		a->ops->withdraw(spec, a->userdata);
	else
		a->ops->announce(spec, form, a->userdata);
	if (!changed)
		return;
	g->changed_at = now;
	a->ops->changed(spec, form, g->count, a->userdata);
}

static struct counted *counted_of(struct aggregates *a, const struct prefix *vip)
{
	struct counted *c;
	HASH_FIND(hh, a->counted, vip, sizeof(*vip), c);
	return c;
}

static void remember(struct aggregates *a, struct counted *c, const struct prefix *vip,
		     const void *app, enum route_form form)
{
	if (form == ROUTE_NONE && c) {
		HASH_DELETE(hh, a->counted, c);
		free(c);
		return;
	}
	if (form == ROUTE_NONE)
		return;
	if (!c) {
		c = mem_new(1, sizeof(*c));
		c->vip = *vip;
		HASH_ADD(hh, a->counted, vip, sizeof(c->vip), c);
	}
	c->app = app;
	c->form = form;
}

/* In a reload a VIP may go after the aggregate that takes its prefix has come: its withdrawal was
 * that of the route. */
static void on_same_prefix(struct aggregates *a, size_t i, enum route_form form, mono_t now)
{
	if (form != ROUTE_NONE || a->items[i].form == ROUTE_NONE)
		return;
	a->items[i].stale = true;
	judge(a, i, now);
}

void aggregates_count(struct aggregates *a, const struct prefix *vip, const void *app,
		      enum route_form form, mono_t now)
{
	struct counted *before = counted_of(a, vip);
	bool covered = false;
	for (size_t i = 0; i < a->list.n; i++) {
		if (prefix_equal(&a->list.items[i].prefix, vip))
			on_same_prefix(a, i, form, now);
		if (!aggregate_covers(&a->list.items[i], vip))
			continue;
		covered = true;
		/* The VIP comes before it goes: an app that changes its form stays counted. */
		if (form != ROUTE_NONE)
			add_vip(&a->items[i], app, form, 1);
		if (before)
			add_vip(&a->items[i], before->app, before->form, -1);
		if (!a->changing)
			judge(a, i, now);
	}
	if (covered)
		remember(a, before, vip, app, form);
}

/* ---- another configuration ---- */

static size_t former_of(const struct aggregates *a, const struct prefix *prefix)
{
	size_t i = 0;
	while (i < a->former.n && !prefix_equal(&a->former.items[i].prefix, prefix))
		i++;
	return i;
}

void aggregates_begin_change(struct aggregates *a, const struct aggregate_list *list)
{
	forget_counted(a);
	forget_members(a->items, a->list.n);
	a->former = a->list;
	a->former_items = a->items;
	a->changing = true;
	aggregate_list_copy(&a->list, list);
	a->items = list->n > 0 ? mem_new(list->n, sizeof(*a->items)) : NULL;
	for (size_t i = 0; i < list->n; i++) {
		size_t k = former_of(a, &list->items[i].prefix);
		if (k == a->former.n)
			continue;
		a->items[i].form = a->former_items[k].form;
		a->items[i].changed_at = a->former_items[k].changed_at;
		a->items[i].stale = a->items[i].form != ROUTE_NONE;
	}
}

void aggregates_end_change(struct aggregates *a, mono_t now)
{
	for (size_t i = 0; i < a->list.n; i++)
		judge(a, i, now);
	for (size_t k = 0; k < a->former.n; k++)
		if (a->former_items[k].form != ROUTE_NONE &&
		    !aggregate_list_find(&a->list, &a->former.items[k].prefix))
			a->ops->withdraw(&a->former.items[k], a->userdata);
	free(a->former_items);
	a->former_items = NULL;
	aggregate_list_done(&a->former);
	a->changing = false;
}

const struct aggregate_list *aggregates_list(const struct aggregates *a)
{
	return &a->list;
}

void aggregates_status(const struct aggregates *a, size_t i, struct aggregate_status *ret)
{
	*ret = (struct aggregate_status){ .spec = &a->list.items[i],
					  .count = a->items[i].count,
					  .form = a->items[i].form,
					  .changed_at = a->items[i].changed_at };
}
