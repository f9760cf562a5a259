/* SPDX-License-Identifier: MIT */
/* The verbs events and history. */
#ifndef AGENT_CLI_CMD_EVENTS_H
#define AGENT_CLI_CMD_EVENTS_H

#include "agent/cli/client.h"
#include "agent/cli/verb.h"

/* Returns the exit status. */
int cmd_events(const struct client *client, const struct verb_call *call);

#endif
