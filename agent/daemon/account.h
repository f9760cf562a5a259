/* SPDX-License-Identifier: MIT */
/* Users named by the configuration: agent.user, agent.exec.user. */
#ifndef AGENT_DAEMON_ACCOUNT_H
#define AGENT_DAEMON_ACCOUNT_H

#include "lib/err.h"
#include "process/child.h"

/* With all groups of the user. `key` is for the error, which says that there is no such user. *ret
 * is NULL when the agent runs as that user already. Free with account_free(). */
int account_find(const char *key, const char *name, struct child_user **ret, struct err *err);
void account_free(struct child_user *user);

#endif
