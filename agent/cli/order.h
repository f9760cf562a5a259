/* SPDX-License-Identifier: MIT */
/* Verbs that change something: register, unregister, drain, undrain. */
#ifndef AGENT_CLI_ORDER_H
#define AGENT_CLI_ORDER_H

#include "agent/cli/client.h"
#include "agent/cli/verb.h"

/* Returns the exit status. */
int order_give(const struct client *client, const struct verb_call *call);
/* Prints why the agent refused, and returns the exit status. */
int order_refused(const struct client_reply *reply);

#endif
