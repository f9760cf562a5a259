/* SPDX-License-Identifier: MIT */
/* `vipherald top`: sessions, apps, rates and events on a terminal, kept up to date. */
#ifndef AGENT_CLI_CMD_TOP_H
#define AGENT_CLI_CMD_TOP_H

#include "agent/cli/client.h"
#include "agent/cli/verb.h"

/* Returns the exit status. */
int cmd_top(const struct client *client, const struct verb_call *call);

#endif
