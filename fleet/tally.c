/* SPDX-License-Identifier: MIT */
#include "fleet/tally.h"

#include "lib/str.h"

static size_t count_waiting(const struct fleet_view *v)
{
	size_t n = 0;
	for (size_t i = v->leave.n_slots; i < v->leave.n; i++)
		n += fleet_view_is_live(v, &v->leave.claims[i]);
	return n;
}

void fleet_tally(const struct fleet_view *v, const struct fleet_rule *rule, wall_t now,
		 struct fleet_tally *ret)
{
	*ret = (struct fleet_tally){
		.agents = v->n_up,
		.up = fleet_count_staying(v),
		.min_up = fleet_min_up(v, rule, now),
		.waiting = count_waiting(v),
		.joining = fleet_count_joining(v),
		.rolling = v->roll.n,
	};
	if (v->roll.n > 0)
		str_copy(ret->roller, sizeof(ret->roller), v->roll.items[0].node);
}
