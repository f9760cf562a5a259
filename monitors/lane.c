/* SPDX-License-Identifier: MIT */
#include "monitors/lane.h"

#include <stddef.h>

enum monitor_lane lane_of_access(enum monitor_access access)
{
	return access == MONITOR_RUNS_COMMAND ? LANE_COMMAND : LANE_NETWORK;
}

void lane_init(struct lane *lane, unsigned max)
{
	*lane = (struct lane){ .max = max };
	list_init(&lane->waiting);
}

void lane_join(struct lane *lane, struct list_node *check)
{
	list_append(&lane->waiting, check);
	lane->n_waiting++;
}

void lane_leave(struct lane *lane, struct list_node *check)
{
	if (!list_linked(check))
		return;
	list_remove(check);
	lane->n_waiting--;
}

bool lane_is_open(const struct lane *lane)
{
	return lane->n_running < lane->max && !list_empty(&lane->waiting);
}

struct list_node *lane_next(struct lane *lane)
{
	struct list_node *first = lane->waiting.head.next;
	if (!lane_is_open(lane))
		return NULL;
	lane_leave(lane, first);
	return first;
}
