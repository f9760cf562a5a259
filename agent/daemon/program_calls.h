/* SPDX-License-Identifier: MIT */
/* Callbacks of the agent for the programs of `processes`. */
#ifndef AGENT_DAEMON_PROGRAM_CALLS_H
#define AGENT_DAEMON_PROGRAM_CALLS_H

#include <stdbool.h>

struct agent;

struct config;

/* Graceful restart: routes of programs that need none of our addresses are served while no instance
 * runs. Sets what is so, by family. */
void program_calls_forwarding(const struct config *c, bool *ipv4, bool *ipv6);
/* Once the apps of the configuration are registered. */
void program_calls_start(void *agent);

#endif
