/* SPDX-License-Identifier: MIT */
/* What this process may do and what this host is like, for agent/config/capabilities.h. */
#ifndef AGENT_DAEMON_PRIVILEGES_H
#define AGENT_DAEMON_PRIVILEGES_H

#include "agent/config/capabilities.h"
#include "agent/config/config.h"

/* `user`: who the agent will run as; NULL: as we do. */
void privileges_find(const struct config *c, const char *user, struct capability_needs *ret);
/* Logs each capability that is missing, with what does not work without. */
void privileges_report(const struct capability_needs *needs);

#endif
