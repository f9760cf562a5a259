/* SPDX-License-Identifier: MIT */
/* Collects the numbers for the service manager's status line (agent/status/status_line.h). */
#ifndef AGENT_STATUS_STATUS_LINE_COLLECT_H
#define AGENT_STATUS_STATUS_LINE_COLLECT_H

#include "agent/status/status_sources.h"
#include "agent/status/status_line.h"

/* Returns `buf`. */
const char *status_line_collect(const struct status_sources *in, char buf[static STATUS_LINE_MAX]);

#endif
