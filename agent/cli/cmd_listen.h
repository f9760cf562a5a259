/* SPDX-License-Identifier: MIT */
/* `vipherald listen`: accepts BGP sessions and prints what they bring. */
#ifndef AGENT_CLI_CMD_LISTEN_H
#define AGENT_CLI_CMD_LISTEN_H

#include <stdbool.h>
#include <stdint.h>

/* `where` NULL: :1790, as port 179 takes a privilege that a debugging tool need not have; `as` 0:
 * 65000. Runs until SIGTERM or SIGINT; returns the exit status. */
int cmd_listen(const char *where, uint32_t as, bool json);

#endif
