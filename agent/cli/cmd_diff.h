/* SPDX-License-Identifier: MIT */
/* `vipherald diff` and `vipherald reload`: what a change of the configuration would do, or did. */
#ifndef AGENT_CLI_CMD_DIFF_H
#define AGENT_CLI_CMD_DIFF_H

#include <jansson.h>
#include <stddef.h>

#include "agent/cli/client.h"
#include "agent/cli/verb.h"

/* Of diff(1): */
enum { DIFF_SAME = 0, DIFF_CHANGES = 1, DIFF_ERRORS = 2 };

/* All return the exit status. */
int cmd_diff_files(const struct verb_call *call);
int cmd_diff_agent(const struct client *client, const struct verb_call *call);
int cmd_reload(const struct client *client, const struct verb_call *call);

/* The whole file, a bit over CONFIG_FILE_MAX at most. Free *ret, also after an error: -errno. */
int diff_read_file(const char *file, char **ret, size_t *ret_len);
/* Errors and warnings of an answer about the file, to stderr. */
void diff_print_findings(const json_t *answer, const char *file);

#endif
