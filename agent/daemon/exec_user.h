/* SPDX-License-Identifier: MIT */
/* agent.exec.user: the user that commands of monitors run as. */
#ifndef AGENT_DAEMON_EXEC_USER_H
#define AGENT_DAEMON_EXEC_USER_H

#include "lib/err.h"
#include "process/child.h"

/* With all groups of the user. Fails when there is no such user. *ret is NULL when the agent runs
 * as that user already. Free with exec_user_free(). */
int exec_user_find(const char *name, struct child_user **ret, struct err *err);
void exec_user_free(struct child_user *user);

#endif
