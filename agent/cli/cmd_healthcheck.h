/* SPDX-License-Identifier: MIT */
/*
 * `vipherald healthcheck`: asks the agent that runs with a configuration whether it is well, over
 * its API, wherever that listens. For HEALTHCHECK of a container and for probes that run a command.
 */
#ifndef AGENT_CLI_CMD_HEALTHCHECK_H
#define AGENT_CLI_CMD_HEALTHCHECK_H

#include <stdbool.h>
#include <stdio.h>

/* `config` NULL: the file that the agent of this container was started with. `ready` asks /readyz
 * instead of /healthz. Prints one line; blocks for 3 s at most. The exit status: 0 when the agent
 * says yes, 1 when it says no, does not answer, or cannot be found. */
int cmd_healthcheck(const char *config, bool ready, FILE *out);

#endif
