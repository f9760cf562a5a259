/* SPDX-License-Identifier: MIT */
/* GET /v1/status, the overview: version, configuration, numbers of apps, VIPs and peers, alarms
 * (alarms.h), drain, state file and repairs. */
#ifndef AGENT_STATUS_VIEW_STATUS_H
#define AGENT_STATUS_VIEW_STATUS_H

#include <jansson.h>

#include "agent/status/status_sources.h"

json_t *view_status(const struct status_sources *in);

#endif
