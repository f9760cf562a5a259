/* SPDX-License-Identifier: MIT */
/* GET /v1/status: the agent as a whole, with its drain, alarms, state file and repairs. */
#ifndef AGENT_STATUS_VIEW_STATUS_H
#define AGENT_STATUS_VIEW_STATUS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "agent/status/status_sources.h"

json_t *view_status(const struct status_sources *in);
/* Conditions that need the operator: groups retained by keep_last, and lo being down. */
json_t *view_alarms(const char *const *groups, size_t n_groups, bool lo_down);

#endif
