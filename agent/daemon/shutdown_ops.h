/* SPDX-License-Identifier: MIT */
/* The agent's actions in each state of its shutdown. The userdata is the struct agent. */
#ifndef AGENT_DAEMON_SHUTDOWN_OPS_H
#define AGENT_DAEMON_SHUTDOWN_OPS_H

#include "agent/daemon/shutdown.h"

extern const struct shutdown_ops agent_shutdown_ops;

#endif
