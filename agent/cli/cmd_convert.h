/* SPDX-License-Identifier: MIT */
/* `vipherald convert TOOL FILE…`: the configuration of another tool as ours, to stdout. */
#ifndef AGENT_CLI_CMD_CONVERT_H
#define AGENT_CLI_CMD_CONVERT_H

#include "agent/cli/verb.h"

enum convert_exit {
	CONVERT_WHOLE = 0,
	CONVERT_PARTLY = 1,
	CONVERT_FAILED = 2, /* usage, or a file that is not of that tool */
};

int cmd_convert(const struct verb_call *call);

#endif
