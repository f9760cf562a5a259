/* SPDX-License-Identifier: MIT */
#include "fleet/guard.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"
#include "lib/mono.h"
#include "lib/str.h"

static int compare_node(const void *node, const void *up)
{
	return strcmp(node, ((const struct fleet_up *)up)->node);
}

const struct fleet_up *fleet_view_find(const struct fleet_view *v, const char *node)
{
	return v->n_up ? bsearch(node, v->up, v->n_up, sizeof(*v->up), compare_node) : NULL;
}

bool fleet_view_is_live(const struct fleet_view *v, const struct fleet_claim *c)
{
	const struct fleet_up *up = fleet_view_find(v, c->node);
	return up && str_equal(up->session, c->session);
}

typedef bool counts_fn(const struct fleet_up *up);

/* As the guard counts. */
static bool counts(const struct fleet_up *up)
{
	return up->form == FLEET_NORMAL || up->form == FLEET_DEGRADED;
}

static bool joins(const struct fleet_up *up)
{
	return up->form == FLEET_JOINING;
}

static bool is_announced(const struct fleet_up *up)
{
	return counts(up) || joins(up);
}

/* ---- counting ---- */

static size_t count(const struct fleet_view *v, counts_fn *is)
{
	size_t n = 0;
	for (size_t i = 0; i < v->n_up; i++)
		n += is(&v->up[i]);
	return n;
}

size_t fleet_count_announced(const struct fleet_view *v)
{
	return count(v, is_announced);
}

size_t fleet_count_joining(const struct fleet_view *v)
{
	return count(v, joins);
}

/* An earlier claim of this agent may still have a slot. */
static bool has_slot(const struct fleet_view *v, const char *node)
{
	for (size_t i = 0; i < v->leave.n_slots; i++)
		if (str_equal(v->leave.claims[i].node, node) &&
		    fleet_view_is_live(v, &v->leave.claims[i]))
			return true;
	return false;
}

static bool rolls(const struct fleet_view *v, const char *node)
{
	for (size_t i = 0; i < v->roll.n; i++)
		if (str_equal(v->roll.items[i].node, node))
			return true;
	return false;
}

static bool stays(const struct fleet_view *v, const char *node, counts_fn *is)
{
	const struct fleet_up *up = fleet_view_find(v, node);
	return up && is(up) && !has_slot(v, node) && !rolls(v, node);
}

bool fleet_stays(const struct fleet_view *v, const char *node)
{
	return stays(v, node, counts);
}

bool fleet_remains(const struct fleet_view *v, const char *node)
{
	return stays(v, node, is_announced);
}

/* Announced, with a slot for rolling work alone: its drain is near. */
static size_t count_rolling(const struct fleet_view *v, counts_fn *is)
{
	size_t n = 0;
	for (size_t i = 0; i < v->roll.n; i++) {
		const struct fleet_up *up = fleet_view_find(v, v->roll.items[i].node);
		n += up && is(up) && !has_slot(v, up->node);
	}
	return n;
}

static size_t count_staying(const struct fleet_view *v, counts_fn *is)
{
	size_t n = count(v, is), rolling = count_rolling(v, is);
	for (size_t i = 0; i < v->leave.n_slots; i++) {
		const struct fleet_claim *c = &v->leave.claims[i];
		if (fleet_view_is_live(v, c) && is(fleet_view_find(v, c->node)))
			n -= n > 0; /* a claim that is there twice counts against leaving */
	}
	return n - (rolling < n ? rolling : n);
}

size_t fleet_count_staying(const struct fleet_view *v)
{
	return count_staying(v, counts);
}

size_t fleet_count_remaining(const struct fleet_view *v)
{
	return count_staying(v, is_announced);
}

/* Of those that stay without this one. A claim or a slot for rolling work that is there twice
 * counts twice. */
static size_t without(size_t staying, bool self)
{
	return staying - (staying > 0 && self);
}

/* A node that is up has the app whatever its clock says. */
static size_t count_having(const struct fleet_view *v, uint64_t window, wall_t now)
{
	size_t n = v->n_up;
	for (size_t i = 0; i < v->n_has; i++)
		if (usec_add(v->has[i].seen, window) >= now && !fleet_view_find(v, v->has[i].node))
			n++;
	return n;
}

size_t fleet_min_up(const struct fleet_view *v, const struct fleet_rule *rule, wall_t now)
{
	size_t n = rule->min_up.value;
	if (rule->min_up.is_share)
		n = (count_having(v, rule->window, now) * n + 99) / 100;
	return n > 0 ? n : 1;
}

bool fleet_may_drain(const struct fleet_view *v, const struct fleet_rule *rule, const char *node,
		     wall_t now, size_t *ret_others, size_t *ret_min_up)
{
	const struct fleet_up *up = fleet_view_find(v, node);
	bool joining = up && joins(up);
	*ret_others = joining ? without(fleet_count_remaining(v), fleet_remains(v, node))
			      : without(fleet_count_staying(v), fleet_stays(v, node));
	*ret_min_up = fleet_min_up(v, rule, now);
	return !up || !is_announced(up) || *ret_others >= *ret_min_up;
}

/* ---- claims ---- */

enum place { PLACE_NONE, PLACE_LINE, PLACE_SLOT };

bool fleet_claim_equal(const struct fleet_claim *a, const struct fleet_claim *b)
{
	return a->number == b->number && str_equal(a->node, b->node) &&
	       str_equal(a->session, b->session);
}

/* How many live claims wait before this one; all, when it is not in line. */
static enum place find_place(const struct fleet_view *v, const struct fleet_claim *me,
			     size_t *ret_ahead)
{
	const struct fleet_leave *l = &v->leave;
	*ret_ahead = 0;
	for (size_t i = 0; i < l->n; i++) {
		if (fleet_claim_equal(&l->claims[i], me))
			return i < l->n_slots ? PLACE_SLOT : PLACE_LINE;
		if (i >= l->n_slots && !str_equal(l->claims[i].node, me->node))
			*ret_ahead += fleet_view_is_live(v, &l->claims[i]);
	}
	return PLACE_NONE;
}

struct fleet_leave fleet_leave_without(const struct fleet_view *v, const struct fleet_leave *from,
				       const char *node)
{
	struct fleet_leave to = { .index = from->index };
	to.claims = mem_new(from->n + 1, sizeof(*to.claims));
	for (size_t i = 0; i < from->n; i++) {
		if (str_equal(from->claims[i].node, node) ||
		    !fleet_view_is_live(v, &from->claims[i]))
			continue;
		to.claims[to.n++] = from->claims[i];
		to.n_slots += i < from->n_slots;
	}
	return to;
}

static void add_slot(struct fleet_leave *l, const struct fleet_claim *me)
{
	memmove(&l->claims[l->n_slots + 1], &l->claims[l->n_slots],
		(l->n - l->n_slots) * sizeof(*l->claims));
	l->claims[l->n_slots++] = *me;
	l->n++;
}

/* ---- decisions ---- */

struct standing {
	size_t n_slots, n_lines; /* VIPs in which this agent has a slot, a place in the line */
	bool is_known;           /* own `up` key is there, for every VIP */
	bool may_keep;           /* with the slot that it has, enough stay */
	bool may_take_slot;      /* if it and all before it left, enough would stay */
};

/* The VIP that is shortest of agents is the one that the operator is told of. */
static void tell(struct fleet_decision *d, size_t up, size_t min_up, size_t ahead)
{
	if (ahead > d->ahead)
		d->ahead = ahead;
	if (d->min_up == 0 || up + d->min_up < d->up + min_up) {
		d->up = up;
		d->min_up = min_up;
	}
}

static struct standing judge(const struct fleet_view *views, const struct fleet_rule *rules,
			     size_t n, const struct fleet_claim *me, wall_t now,
			     struct fleet_decision *d)
{
	struct standing s = { .is_known = true, .may_keep = true, .may_take_slot = true };
	for (size_t i = 0; i < n; i++) {
		const struct fleet_view *v = &views[i];
		size_t ahead, staying = fleet_count_staying(v),
			      min_up = fleet_min_up(v, &rules[i], now);
		enum place place = find_place(v, me, &ahead);
		bool known = fleet_view_is_live(v, me);
		bool self = known && fleet_stays(v, me->node);
		s.n_slots += place == PLACE_SLOT;
		s.n_lines += place == PLACE_LINE;
		s.is_known &= known;
		s.may_keep &= staying >= min_up;
		s.may_take_slot &= staying >= min_up + ahead + self;
		tell(d, without(staying, self), min_up, ahead);
	}
	return s;
}

static void write_claims(const struct fleet_view *views, size_t n, const struct fleet_claim *me,
			 bool slot, struct fleet_decision *ret)
{
	ret->step = FLEET_STEP_WRITE;
	for (size_t i = 0; i < n; i++) {
		struct fleet_leave *l = &ret->leaves[i];
		*l = fleet_leave_without(&views[i], &views[i].leave, me->node);
		if (slot)
			add_slot(l, me);
		else
			l->claims[l->n++] = *me;
	}
}

void fleet_decide_leave(const struct fleet_view *views, const struct fleet_rule *rules, size_t n,
			const struct fleet_claim *me, wall_t now, struct fleet_decision *ret)
{
	assert(n > 0 && n <= FLEET_VIPS_MAX);
	*ret = (struct fleet_decision){ 0 };
	struct standing s = judge(views, rules, n, me, now, ret);
	if (!s.is_known)
		ret->step = FLEET_STEP_REGISTER;
	else if (s.n_slots == n && s.may_keep)
		ret->step = FLEET_STEP_LEAVE;
	else if (s.n_slots == 0 && s.may_take_slot)
		write_claims(views, n, me, true, ret);
	else if (s.n_lines == n)
		ret->step = FLEET_STEP_WAIT;
	else
		/* New, or a slot that cannot be kept. It goes to the end of every line at once, so
		 * that two apps never wait for each other. */
		write_claims(views, n, me, false, ret);
}

void fleet_decide_return(const struct fleet_view *views, const struct fleet_rule *rules, size_t n,
			 const struct fleet_claim *me, wall_t now, struct fleet_decision *ret)
{
	assert(n > 0 && n <= FLEET_VIPS_MAX);
	*ret = (struct fleet_decision){ 0 };
	for (size_t i = 0; i < n; i++) {
		size_t staying = fleet_count_remaining(&views[i]);
		size_t min_up = fleet_min_up(&views[i], &rules[i], now);
		tell(ret, staying, min_up, 0);
		if (!fleet_view_is_live(&views[i], me))
			ret->step = FLEET_STEP_REGISTER;
		else if (staying < min_up && ret->step == FLEET_STEP_NONE)
			ret->step = FLEET_STEP_RETURN;
	}
}

void fleet_decide_stay(const struct fleet_view *views, size_t n, const char *node, bool force,
		       struct fleet_decision *ret)
{
	bool found = force;
	assert(n > 0 && n <= FLEET_VIPS_MAX);
	*ret = (struct fleet_decision){ 0 };
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < views[i].leave.n; k++)
			found |= str_equal(views[i].leave.claims[k].node, node);
	if (!found)
		return;
	ret->step = FLEET_STEP_WRITE;
	for (size_t i = 0; i < n; i++)
		ret->leaves[i] = fleet_leave_without(&views[i], &views[i].leave, node);
}

void fleet_decision_done(struct fleet_decision *d)
{
	for (size_t i = 0; i < FLEET_VIPS_MAX; i++)
		free(d->leaves[i].claims);
	*d = (struct fleet_decision){ 0 };
}
