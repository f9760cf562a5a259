/* SPDX-License-Identifier: MIT */
/* `vipherald check FILE`: checks a configuration, changes nothing. */
#ifndef AGENT_CLI_CMD_CHECK_H
#define AGENT_CLI_CMD_CHECK_H

#include <stdio.h>

/* Prints all findings and a summary. Returns the exit status: 1 with errors. */
int cmd_check(const char *file, FILE *out);
/* Prints the systemd drop-in with the capabilities that the configuration needs on this host, and
 * the findings to `errors`. Returns the exit status: 1 with errors. */
int cmd_check_capabilities(const char *file, FILE *out, FILE *errors);

#endif
