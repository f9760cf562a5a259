/* SPDX-License-Identifier: MIT */
/* This agent in its fleet, as JSON: GET /v1/fleet, and `fleet` of GET /v1/status, which is null
 * without one. */
#ifndef AGENT_STATUS_VIEW_FLEET_H
#define AGENT_STATUS_VIEW_FLEET_H

#include <jansson.h>

#include "agent/status/status_sources.h"

json_t *view_fleet(const struct status_sources *in);
json_t *view_fleet_summary(const struct status_sources *in, const struct view_clock *clock);

#endif
