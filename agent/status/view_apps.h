/* SPDX-License-Identifier: MIT */
/* GET /v1/apps: a list of them, a summary of each. */
#ifndef AGENT_STATUS_VIEW_APPS_H
#define AGENT_STATUS_VIEW_APPS_H

#include "agent/status/app_order.h"
#include "agent/status/status_sources.h"
#include "agent/status/stream.h"

/* {"apps": [ … ]}, with a limit {"total": …, "apps": [ … ]}; the sources must outlive it. */
struct stream *view_apps(const struct status_sources *in, const struct app_query *query);

#endif
