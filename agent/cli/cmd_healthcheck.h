/* SPDX-License-Identifier: MIT */
/*
 * `vipherald healthcheck`: queries the health of the running agent over its API, at the address of
 * its configuration. For HEALTHCHECK of a container and for probes that run a command.
 */
#ifndef AGENT_CLI_CMD_HEALTHCHECK_H
#define AGENT_CLI_CMD_HEALTHCHECK_H

#include <stdbool.h>
#include <stdio.h>

/* `config` NULL: the file that the agent of this container was started with. `ready`: /readyz
 * instead of /healthz. Prints one line; blocks for 3 s at most. Returns the exit status: 0 for 200,
 * 1 for any other status, no answer, or when no agent is found. */
int cmd_healthcheck(const char *config, bool ready, FILE *out);

#endif
