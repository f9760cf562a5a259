/* SPDX-License-Identifier: MIT */
/* `vipherald listen`: accepts BGP sessions and prints the routes received. */
#ifndef AGENT_CLI_CMD_LISTEN_H
#define AGENT_CLI_CMD_LISTEN_H

#include <stdbool.h>
#include <stdint.h>

/* `where` NULL: :1790, as port 179 needs a privilege; `as` 0: 65000. Runs until SIGTERM or SIGINT.
 * Returns the exit status. */
int cmd_listen(const char *where, uint32_t as, bool json);

#endif
