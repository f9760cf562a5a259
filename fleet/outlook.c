/* SPDX-License-Identifier: MIT */
#include "fleet/outlook.h"

#include "lib/str.h"

static bool has_slot(const struct fleet_leave *l, const char *node)
{
	for (size_t i = 0; i < l->n_slots; i++)
		if (str_equal(l->claims[i].node, node))
			return true;
	return false;
}

static void count(const struct fleet_view *v, const struct fleet_claim *me,
		  struct fleet_outlook *ret)
{
	size_t remaining = fleet_count_remaining(v);
	ret->up = fleet_count_announced(v);
	ret->joining = fleet_count_joining(v);
	ret->counted = fleet_count_staying(v);
	ret->is_known = fleet_view_is_live(v, me);
	ret->stays = ret->is_known && fleet_remains(v, me->node);
	ret->others = remaining - (remaining > 0 && ret->stays);
}

void fleet_outlook(const struct fleet_view *v, const struct fleet_rule *rule,
		   const struct fleet_claim *me, wall_t now, struct fleet_outlook *ret)
{
	struct fleet_decision d;
	*ret = (struct fleet_outlook){ 0 };
	count(v, me, ret);
	fleet_decide_leave(v, rule, 1, me, now, &d);
	ret->min_up = d.min_up;
	ret->ahead = d.ahead;
	ret->takes = d.step == FLEET_STEP_WRITE && has_slot(&d.leaves[0], me->node);
	ret->leaves = d.step == FLEET_STEP_LEAVE;
	fleet_decision_done(&d);
}

enum fleet_prospect fleet_prospect(const struct fleet_outlook *vips, size_t n)
{
	bool known = true, takes = true, leaves = true;
	for (size_t i = 0; i < n; i++) {
		known &= vips[i].is_known;
		takes &= vips[i].takes;
		leaves &= vips[i].leaves;
	}
	if (!known)
		return FLEET_PROSPECT_UNKNOWN;
	return takes || leaves ? FLEET_PROSPECT_GOES : FLEET_PROSPECT_WAITS;
}

static size_t room_of(const struct fleet_outlook *o)
{
	size_t remaining = o->others + o->stays;
	return o->counted < o->min_up || remaining < o->min_up ? 0 : remaining - o->min_up;
}

size_t fleet_room(const struct fleet_outlook *vips, size_t n)
{
	size_t room = SIZE_MAX;
	for (size_t i = 0; i < n; i++) {
		size_t of = room_of(&vips[i]);
		room = of < room ? of : room;
	}
	return room;
}
