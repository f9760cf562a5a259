/* SPDX-License-Identifier: MIT */
/* Runs a verb: asks the agent and shows what it answers. */
#ifndef AGENT_CLI_CMD_VERB_H
#define AGENT_CLI_CMD_VERB_H

#include "agent/cli/verb.h"

/* `argv` begins behind the verb. Returns the exit status. */
int cmd_verb(const struct verb *verb, int argc, char *const argv[]);

#endif
