/* SPDX-License-Identifier: MIT */
/*
 * GET /metrics: what metrics.h says of the agent, then the families that have samples of each app,
 * VIP or monitor, then those of alarms. All samples of a family stand together, so the apps are
 * walked once for each family, over as many turns of the loop as the client needs to read them.
 */
#ifndef AGENT_STATUS_METRICS_OF_APPS_H
#define AGENT_STATUS_METRICS_OF_APPS_H

#include "agent/status/metric_page.h"
#include "agent/status/status_sources.h"
#include "agent/status/stream.h"

/* Copies `in`. */
struct stream *metrics_stream(const struct status_sources *in, enum metric_format format);

#endif
