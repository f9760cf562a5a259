/* SPDX-License-Identifier: MIT */
/* Starts the API: its sockets, and the line of the log that says who may do what. */
#ifndef AGENT_DAEMON_API_START_H
#define AGENT_DAEMON_API_START_H

#include "agent/daemon/parts.h"
#include "lib/err.h"

/* Before the agent becomes agent.user, who may not make the directory of the admin socket. */
void api_prepare(const struct config *c);
int api_start(struct agent *a, struct err *err);

#endif
