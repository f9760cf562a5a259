/* SPDX-License-Identifier: MIT */
/* `processes` of GET /v1/status. */
#ifndef AGENT_STATUS_VIEW_PROGRAMS_H
#define AGENT_STATUS_VIEW_PROGRAMS_H

#include <jansson.h>

#include "agent/status/status_sources.h"

json_t *view_programs(const struct status_sources *in, const struct view_clock *clock);

#endif
