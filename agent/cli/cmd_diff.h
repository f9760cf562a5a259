/* SPDX-License-Identifier: MIT */
/* `vipherald diff`: what the change from one configuration to another would do. */
#ifndef AGENT_CLI_CMD_DIFF_H
#define AGENT_CLI_CMD_DIFF_H

#include <stdbool.h>
#include <stdio.h>

/* Of diff(1): */
enum { DIFF_SAME = 0, DIFF_CHANGES = 1, DIFF_ERRORS = 2 };

/* Between two files; findings of either go to `errors`. Returns the exit status. */
int cmd_diff_files(const char *before, const char *after, bool json, FILE *out, FILE *errors);

#endif
