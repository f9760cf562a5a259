/* SPDX-License-Identifier: MIT */
/* `vipherald check FILE`: what the agent would say about a configuration, without running it. */
#ifndef AGENT_CLI_CMD_CHECK_H
#define AGENT_CLI_CMD_CHECK_H

#include <stdio.h>

/* Prints every finding and a last line that sums them up. The exit status: 1 with errors. */
int cmd_check(const char *file, FILE *out);
/* Prints the systemd drop-in with the capabilities that the configuration needs on this host, and
 * the findings to `errors`. Likewise. */
int cmd_check_capabilities(const char *file, FILE *out, FILE *errors);

#endif
