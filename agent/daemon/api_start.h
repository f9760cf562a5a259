/* SPDX-License-Identifier: MIT */
/* Starts the API: its sockets, and the line of the log that says who may do what. */
#ifndef AGENT_DAEMON_API_START_H
#define AGENT_DAEMON_API_START_H

#include "agent/daemon/parts.h"
#include "lib/err.h"

int api_start(struct agent *a, struct err *err);

#endif
