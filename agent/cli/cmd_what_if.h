/* SPDX-License-Identifier: MIT */
/* `vipherald what-if`: what would change if monitors failed, peers were down, or by another
 * configuration. */
#ifndef AGENT_CLI_CMD_WHAT_IF_H
#define AGENT_CLI_CMD_WHAT_IF_H

#include "agent/cli/client.h"
#include "agent/cli/verb.h"

enum what_if_exit {
	WHAT_IF_KEPT = 0, /* every VIP and aggregate that is announced stays so */
	WHAT_IF_LOST =
		1, /* one would be announced to no peer; in a fleet by fewer than min_up agents */
	WHAT_IF_ERROR = 2,
};

int cmd_what_if(const struct client *client, const struct verb_call *call);

#endif
