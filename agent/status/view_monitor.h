/* SPDX-License-Identifier: MIT */
/* A monitor as JSON. Pure. */
#ifndef AGENT_STATUS_VIEW_MONITOR_H
#define AGENT_STATUS_VIEW_MONITOR_H

#include <jansson.h>

#include "agent/status/view_json.h"
#include "monitors/status.h"

json_t *view_monitor(const struct monitor_status *m, const struct view_clock *clock);

#endif
