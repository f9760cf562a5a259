/* SPDX-License-Identifier: MIT */
/* Restricts a compromised process to what the agent needs (docs/decisions/sandbox.md). */
#ifndef AGENT_DAEMON_SANDBOX_H
#define AGENT_DAEMON_SANDBOX_H

#include "agent/config/config.h"
#include "agent/daemon/program_users.h"
#include "agent/status/sandbox_status.h"
#include "lib/err.h"
#include "process/child.h"

/* Starts the launcher of commands, once the privileges are dropped. Where the configuration accepts
 * no command from anywhere, none can be started from now on. */
int sandbox_start_launcher(const struct config *c, const struct child_user *exec_user,
			   const struct program_users *programs, struct err *err);

struct sandbox;

/* Closes it, for good: when files and sockets are open, before the first octet of the network.
 * Never fails: what the kernel does not have, or refuses, is said in the log, and the agent goes
 * on. */
struct sandbox *sandbox_enter(sd_event *loop, const struct config *c);
void sandbox_free(struct sandbox *s);

struct sandbox_status sandbox_status(const struct sandbox *s);

#endif
