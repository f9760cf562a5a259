/* SPDX-License-Identifier: MIT */
/* Collects the facts for GET /readyz (agent/status/readiness.h). */
#ifndef AGENT_STATUS_READINESS_COLLECT_H
#define AGENT_STATUS_READINESS_COLLECT_H

#include "agent/status/readiness.h"
#include "agent/status/status_sources.h"

/* As readiness_report(). */
bool readiness_collect(const struct status_sources *in, bool stopping,
		       char buf[READINESS_TEXT_MAX]);

#endif
