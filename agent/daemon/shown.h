/* SPDX-License-Identifier: MIT */
/* The parts of the agent that its views show (agent/status/status_sources.h). */
#ifndef AGENT_DAEMON_SHOWN_H
#define AGENT_DAEMON_SHOWN_H

#include <stdbool.h>

#include "agent/daemon/parts.h"
#include "agent/status/status_sources.h"

/* As they are now: a reload may replace them. */
struct status_sources shown_sources(struct agent *a);
bool shown_is_stopping(const struct agent *a);

#endif
