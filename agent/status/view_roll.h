/* SPDX-License-Identifier: MIT */
/* Rolling work of this host as JSON; null for NULL. */
#ifndef AGENT_STATUS_VIEW_ROLL_H
#define AGENT_STATUS_VIEW_ROLL_H

#include <jansson.h>

#include "agent/model/roll.h"
#include "agent/status/view_json.h"

json_t *view_roll(const struct roll *r, const struct view_clock *clock);
/* "since", a date, and "since_seconds" before now; null for 0. */
void view_add_wall(json_t *o, const struct view_clock *clock, const char *key, wall_t at);

#endif
