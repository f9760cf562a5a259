/* SPDX-License-Identifier: MIT */
#include "nat/vips.h"

#include <errno.h>
#include <stdlib.h>

#include "lib/mem.h"

void nat_vips_init(struct nat_vips *vips, struct nat_sides *sides)
{
	*vips = (struct nat_vips){ .sides = sides };
	list_init(&vips->pending);
}

void nat_vips_done(struct nat_vips *vips)
{
	struct nat_vip *v, *next;
	HASH_ITER (hh, vips->all, v, next)
		nat_vips_remove(vips, v);
}

struct nat_vip *nat_vips_find(const struct nat_vips *vips, const struct prefix *p)
{
	struct nat_vip *v;
	HASH_FIND(hh, vips->all, p, sizeof(*p), v);
	return v;
}

struct nat_vip *nat_vips_get(struct nat_vips *vips, const struct prefix *p)
{
	struct nat_vip *v = nat_vips_find(vips, p);
	if (v)
		return v;
	v = mem_new(1, sizeof(*v));
	v->prefix = *p;
	HASH_ADD(hh, vips->all, prefix, sizeof(v->prefix), v);
	return v;
}

void nat_vips_remove(struct nat_vips *vips, struct nat_vip *v)
{
	list_remove(&v->pending);
	/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): it does not follow uthash's lists */
	HASH_DELETE(hh, vips->all, v);
	nat_rules_done(&v->wanted);
	nat_rules_done(&v->leaving);
	free(v);
}

/* ---- Rules. ---- */

static void want_all(const struct nat_vips *vips, const struct nat_vip *v, enum nat_want want)
{
	for (size_t i = 0; vips->sides->active && i < v->wanted.n; i++)
		nat_ledger_want(&vips->sides->active->ledger, &v->wanted.items[i], want);
}

void nat_vips_want_all(struct nat_vips *vips, enum nat_want want)
{
	const struct nat_vip *v, *next;
	HASH_ITER (hh, vips->all, v, next)
		want_all(vips, v, want);
}

void nat_vip_set(struct nat_vips *vips, struct nat_vip *v, struct nat_rules *rules)
{
	want_all(vips, v, NAT_UNWANTED);
	for (size_t i = 0; i < v->wanted.n; i++)
		nat_rules_add(&v->leaving, &v->wanted.items[i]);
	for (size_t i = 0; i < v->leaving.n && v->undecided; i++)
		for (size_t s = 0; s < NAT_SIDES; s++)
			nat_ledger_want(&vips->sides->of[s].ledger, &v->leaving.items[i],
					NAT_UNWANTED);
	nat_rules_done(&v->wanted);
	v->wanted = *rules;
	v->undecided = false;
	want_all(vips, v, NAT_WANTED);
}

bool nat_vip_agrees(const struct nat_vips *vips, const struct nat_vip *v)
{
	const struct nat_sides *sides = vips->sides;
	for (size_t i = 0; i < v->wanted.n; i++)
		if (!nat_ledger_agrees(&sides->active->ledger, &v->wanted.items[i]))
			return false;
	for (size_t i = 0; i < v->leaving.n; i++)
		for (size_t s = 0; s < NAT_SIDES; s++)
			if (!nat_ledger_agrees(&sides->of[s].ledger, &v->leaving.items[i]))
				return false;
	return !v->undecided;
}

/* ---- Answers. ---- */

void nat_vips_pend(struct nat_vips *vips, struct nat_vip *v)
{
	if (!list_linked(&v->pending))
		list_append(&vips->pending, &v->pending);
}

bool nat_vips_several_pending(const struct nat_vips *vips)
{
	return !list_empty(&vips->pending) && vips->pending.head.next != vips->pending.head.prev;
}

void nat_vips_answer(struct nat_vips *vips, struct nat_vip *v, int result, const struct err *err,
		     nat_answer_cb *cb, void *userdata)
{
	struct prefix p = v->prefix; /* the VIP may be freed, here or by the callback */
	list_remove(&v->pending);
	if (result == 0)
		nat_rules_done(&v->leaving);
	if (result == 0 && v->wanted.n == 0)
		nat_vips_remove(vips, v);
	cb(&p, result, err, userdata);
}

void nat_vips_answer_all(struct nat_vips *vips, int result, const struct err *err,
			 nat_answer_cb *cb, void *userdata)
{
	struct list round;
	struct nat_vip *v;
	list_init(&round); /* the callbacks may add to the list */
	while ((v = list_first(&vips->pending, struct nat_vip, pending))) {
		list_remove(&v->pending);
		list_append(&round, &v->pending);
	}
	while ((v = list_first(&round, struct nat_vip, pending)))
		nat_vips_answer(vips, v, result, err, cb, userdata);
}

void nat_vips_tell_busy(struct nat_vips *vips, const struct err *err, nat_answer_cb *cb,
			void *userdata)
{
	struct prefix *waiting = NULL; /* a copy: the callbacks may add to the list */
	size_t n = 0, cap = 0;
	list_for_each (it, &vips->pending) {
		waiting = mem_grow(waiting, &cap, n + 1, sizeof(*waiting));
		waiting[n++] = list_entry(it, struct nat_vip, pending)->prefix;
	}
	for (size_t i = 0; i < n; i++)
		cb(&waiting[i], -EBUSY, err, userdata);
	free(waiting);
}
