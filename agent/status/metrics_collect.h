/* SPDX-License-Identifier: MIT */
/* Collects the status of all modules for GET /metrics (agent/status/metrics.h). */
#ifndef AGENT_STATUS_METRICS_COLLECT_H
#define AGENT_STATUS_METRICS_COLLECT_H

#include "agent/status/metric_page.h"
#include "agent/status/status_sources.h"

void metrics_collect(const struct status_sources *in, struct metric_page *page);

#endif
