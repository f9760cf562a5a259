/* SPDX-License-Identifier: MIT */
/* The repairs of all modules by kind (agent/model/drift.h), of all peers together. */
#ifndef AGENT_STATUS_DRIFT_SUM_H
#define AGENT_STATUS_DRIFT_SUM_H

#include "agent/model/drift.h"
#include "agent/status/status_sources.h"

void drift_sum(const struct status_sources *in, struct drift *ret);

#endif
