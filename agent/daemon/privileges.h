/* SPDX-License-Identifier: MIT */
/* The facts about process and host that agent/config/capabilities.h needs. */
#ifndef AGENT_DAEMON_PRIVILEGES_H
#define AGENT_DAEMON_PRIVILEGES_H

#include "agent/config/capabilities.h"
#include "agent/config/config.h"

/* `user`: the user that the agent will run as; NULL: the present one. */
void privileges_find(const struct config *c, const char *user, struct capability_needs *ret);
/* Logs each missing capability, with what does not work without it. */
void privileges_report(const struct capability_needs *needs);

#endif
