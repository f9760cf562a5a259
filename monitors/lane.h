/* SPDX-License-Identifier: MIT */
/*
 * Checks of which only so many run at once: the others wait, and start in the order in which they
 * came. Pure.
 */
#ifndef MONITORS_LANE_H
#define MONITORS_LANE_H

#include <stdbool.h>

#include "lib/list.h"
#include "monitors/kind.h"
#include "monitors/load.h"

enum monitor_lane { LANE_COMMAND, LANE_NETWORK };
#define N_LANES 2

struct lane {
	unsigned max, n_running, n_waiting;
	struct list waiting;
	struct load load;
};

/* The lane of kinds that answer later. */
enum monitor_lane lane_of_access(enum monitor_access access);

void lane_init(struct lane *lane, unsigned max);
void lane_join(struct lane *lane, struct list_node *check);
/* Does nothing when it does not wait. */
void lane_leave(struct lane *lane, struct list_node *check);
/* A check waits that may start. */
bool lane_is_open(const struct lane *lane);
/* The one that waited longest, which waits no longer; NULL unless the lane is open. */
struct list_node *lane_next(struct lane *lane);

#endif
