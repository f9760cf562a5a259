/* SPDX-License-Identifier: MIT */
#include "nat/diff.h"

#include <stdlib.h>

#include "lib/mem.h"

void nat_ledger_init(struct nat_ledger *l)
{
	*l = (struct nat_ledger){ 0 };
	list_init(&l->differing);
}

static struct nat_entry *entry_find(const struct nat_ledger *l, const struct nat_rule *r)
{
	struct nat_entry *e;
	HASH_FIND(hh, l->entries, r, sizeof(*r), e);
	return e;
}

static struct nat_entry *entry_get(struct nat_ledger *l, const struct nat_rule *r)
{
	struct nat_entry *e = entry_find(l, r);
	if (e)
		return e;
	e = mem_new(1, sizeof(*e));
	e->rule = *r;
	HASH_ADD(hh, l->entries, rule, sizeof(e->rule), e);
	return e;
}

static void entry_drop(struct nat_ledger *l, struct nat_entry *e)
{
	list_remove(&e->differs);
	/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): it does not follow uthash's lists */
	HASH_DELETE(hh, l->entries, e);
	free(e);
}

void nat_ledger_done(struct nat_ledger *l)
{
	struct nat_entry *e, *next;
	HASH_ITER (hh, l->entries, e, next)
		entry_drop(l, e);
	nat_ledger_init(l);
}

static bool agrees(const struct nat_entry *e)
{
	switch (e->want) {
	case NAT_WANTED:
		return e->presence == NAT_PRESENT;
	case NAT_UNWANTED:
		return e->presence == NAT_ABSENT;
	case NAT_UNDECIDED:
		return true;
	}
	return true;
}

/* The one place where an entry changes: maintains counts and list, drops entries that are neither
 * wanted nor there. */
static void entry_set(struct nat_ledger *l, struct nat_entry *e, enum nat_want want,
		      enum nat_presence presence)
{
	l->n_wanted -= e->want == NAT_WANTED;
	l->n_there -= e->presence != NAT_ABSENT;
	e->want = want;
	e->presence = presence;
	l->n_wanted += e->want == NAT_WANTED;
	l->n_there += e->presence != NAT_ABSENT;
	if (e->want != NAT_WANTED && e->presence == NAT_ABSENT)
		entry_drop(l, e);
	else if (agrees(e))
		list_remove(&e->differs);
	else if (!list_linked(&e->differs))
		list_append(&l->differing, &e->differs);
}

void nat_ledger_want(struct nat_ledger *l, const struct nat_rule *r, enum nat_want want)
{
	struct nat_entry *e = entry_get(l, r);
	entry_set(l, e, want, e->presence);
}

bool nat_ledger_is_wanted(const struct nat_ledger *l, const struct nat_rule *r)
{
	const struct nat_entry *e = entry_find(l, r);
	return e && e->want == NAT_WANTED;
}

bool nat_ledger_agrees(const struct nat_ledger *l, const struct nat_rule *r)
{
	const struct nat_entry *e = entry_find(l, r);
	return !e || agrees(e);
}

void nat_ledger_list_begin(struct nat_ledger *l)
{
	struct nat_entry *e, *next;
	HASH_ITER (hh, l->entries, e, next)
		e->seen = NAT_ABSENT;
}

void nat_ledger_list_rule(struct nat_ledger *l, const struct nat_rule *r, enum nat_presence how)
{
	entry_get(l, r)->seen = how;
}

void nat_ledger_list_end(struct nat_ledger *l, nat_ledger_lost_cb *lost, void *userdata)
{
	struct nat_entry *e, *next;
	HASH_ITER (hh, l->entries, e, next) {
		bool is_loss = e->want == NAT_WANTED && e->presence == NAT_PRESENT &&
			       e->seen != NAT_PRESENT && e->seen != NAT_MISPLACED;
		if (is_loss && lost)
			lost(&e->rule, userdata);
		entry_set(l, e, e->want, e->seen);
	}
}

int nat_ledger_walk_missing(const struct nat_ledger *l, nat_ledger_missing_cb *cb, void *userdata)
{
	const struct nat_entry *e, *next;
	int r = 0;
	HASH_ITER (hh, l->entries, e, next) {
		if (e->presence != NAT_ABSENT && e->seen == NAT_ABSENT)
			r = cb(&e->rule, userdata);
		if (r != 0)
			break;
	}
	return r;
}

bool nat_ledger_diff(const struct nat_ledger *l, const struct prefix *only, struct nat_diff *ret)
{
	struct nat_diff d = { 0 };
	size_t stay = l->n_there;
	list_for_each (it, &l->differing) {
		const struct nat_entry *e = list_entry(it, struct nat_entry, differs);
		if (only && !prefix_equal(only, &e->rule.vip))
			continue;
		if (e->want == NAT_WANTED) {
			nat_rules_add(&d.add, &e->rule);
		} else {
			nat_rules_add(&d.remove, &e->rule);
			stay--;
		}
	}
	d.last = stay == 0 && d.add.n == 0;
	*ret = d;
	return d.add.n > 0 || d.remove.n > 0;
}

void nat_ledger_applied(struct nat_ledger *l, const struct nat_diff *d)
{
	for (size_t i = 0; i < d->remove.n; i++) {
		struct nat_entry *e = entry_find(l, &d->remove.items[i]);
		if (e)
			entry_set(l, e, e->want, NAT_ABSENT);
	}
	for (size_t i = 0; i < d->add.n; i++) {
		struct nat_entry *e = entry_get(l, &d->add.items[i]);
		entry_set(l, e, e->want, NAT_PRESENT);
	}
}

void nat_diff_done(struct nat_diff *d)
{
	nat_rules_done(&d->remove);
	nat_rules_done(&d->add);
}
