/* SPDX-License-Identifier: MIT */
/* `vipherald diff` and `vipherald reload`: what a change of the configuration would do, or did. */
#ifndef AGENT_CLI_CMD_DIFF_H
#define AGENT_CLI_CMD_DIFF_H

#include "agent/cli/client.h"
#include "agent/cli/verb.h"

/* Of diff(1): */
enum { DIFF_SAME = 0, DIFF_CHANGES = 1, DIFF_ERRORS = 2 };

/* All return the exit status. */
int cmd_diff_files(const struct verb_call *call);
int cmd_diff_agent(const struct client *client, const struct verb_call *call);
int cmd_reload(const struct client *client, const struct verb_call *call);

#endif
