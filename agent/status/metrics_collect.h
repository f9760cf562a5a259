/* SPDX-License-Identifier: MIT */
/* Collects the status of all modules for GET /metrics (agent/status/metrics.h). */
#ifndef AGENT_STATUS_METRICS_COLLECT_H
#define AGENT_STATUS_METRICS_COLLECT_H

#include "agent/status/status_sources.h"

/* Free the text. */
char *metrics_collect(const struct status_sources *in);

#endif
