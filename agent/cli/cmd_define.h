/* SPDX-License-Identifier: MIT */
/* `vipherald define`: an app as a JSON object of a file, PUT /v1/apps/NAME. */
#ifndef AGENT_CLI_CMD_DEFINE_H
#define AGENT_CLI_CMD_DEFINE_H

#include "agent/cli/client.h"
#include "agent/cli/verb.h"

/* Returns the exit status. */
int cmd_define(const struct client *client, const struct verb_call *call);

#endif
