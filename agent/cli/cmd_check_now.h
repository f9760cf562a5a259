/* SPDX-License-Identifier: MIT */
/* `vipherald check-now`: the monitors of an app, checked now. */
#ifndef AGENT_CLI_CMD_CHECK_NOW_H
#define AGENT_CLI_CMD_CHECK_NOW_H

#include "agent/cli/client.h"
#include "agent/cli/verb.h"

/* Returns the exit status: VERB_REFUSED also when a monitor does not pass. */
int cmd_check_now(const struct client *client, const struct verb_call *call);

#endif
