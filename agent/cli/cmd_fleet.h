/* SPDX-License-Identifier: MIT */
/*
 * vipherald fleet status [VIP]             what Consul holds of the VIPs
 * vipherald fleet drain … -- COMMAND       COMMAND with the apps drained, on a few hosts at a time
 * vipherald fleet release NODE             frees the slot of a host that does not come back
 */
#ifndef AGENT_CLI_CMD_FLEET_H
#define AGENT_CLI_CMD_FLEET_H

#include "agent/cli/client.h"
#include "agent/cli/verb.h"

/* Of `fleet drain`; else the exit status of the command. As those of timeout(1). */
enum fleet_exit {
	FLEET_TIMEOUT = 124,
	FLEET_NOT_RUN = 125, /* or its result not reported */
	FLEET_CANNOT_RUN = 126,
	FLEET_NOT_FOUND = 127,
};

/* Return the exit status. */
int cmd_fleet(const struct client *client, const struct verb_call *call);
int cmd_fleet_drain(const struct client *client, const struct verb_call *call);

#endif
