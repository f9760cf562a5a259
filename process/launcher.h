/* SPDX-License-Identifier: MIT */
/*
 * A small process of our own that starts commands, so that the agent itself never has to: the
 * agent's filter of system calls (process/sandbox.h) allows no execve(). It is forked before the
 * agent reads an octet from the network, ends with it, and reads nothing but the agent's requests
 * (process/launch_message.h).
 *
 * A command is a child of the agent (CLONE_PARENT), which waits for it and kills it. It runs as one
 * of the users that the launcher was given at its start, whatever the request.
 * docs/decisions/sandbox.md has the reasons.
 *
 * One for each process, so its functions have no handle.
 */
#ifndef PROCESS_LAUNCHER_H
#define PROCESS_LAUNCHER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "lib/err.h"
#include "process/marks.h"
#include "process/spawn.h"

/* `users`: those that commands may run as, copied; NULL: ours. At most LAUNCH_USERS_MAX. */
int launcher_start(const struct child_user *const users[], size_t n_users, struct err *err);
/* From now on no command can be started. */
void launcher_forbid(void);
/* Commands are started by it or not at all: it was started, and may have ended, or is forbidden. */
bool launcher_is_in_charge(void);
bool launcher_is_forbidden(void);
/* No child that anything else should reap, or end; 0: there is none. */
pid_t launcher_pid(void);
/* False while it is late with an answer: a command that it is asked for then is not started, or too
 * late, and killed. Waits for 200 ms at most, and only the first time. */
bool launcher_answers(void);
/* Capabilities that it was started with: the agent itself may have given them up since. */
uint64_t launcher_capabilities(void);
/* Ends it. */
void launcher_stop(void);

/* As spawn_start(). Besides, -EPERM after launcher_forbid(), -EACCES for a user that is none of
 * those that it was started with, -E2BIG for a command that is longer than a
 * request may be, -ECHILD when the launcher has ended, -ETIMEDOUT when it does not answer
 * within 200 ms, and at once from then on, until it does. */
int launcher_spawn(const char *const argv[], char *const env[], const struct spawn_fds *fds,
		   const struct child_user *user, pid_t *ret);
/* As marks_read(), which a sandboxed agent cannot do itself; before launcher_start() it is that.
 * -EPERM after launcher_forbid(). */
ssize_t launcher_marks(pid_t pid, char ret[static MARKS_MAX]);

#endif
