/* SPDX-License-Identifier: MIT */
/* agent.exec.user, looked up: who the commands of monitors run as. */
#ifndef AGENT_EXEC_USER_H
#define AGENT_EXEC_USER_H

#include "lib/err.h"
#include "net/child.h"

/* With all groups of that user. Fails when there is no such user, and when we are not allowed to
 * become it; the text says which capability is missing. Free with exec_user_free(). */
int exec_user_find(const char *name, struct child_user **ret, struct err *err);
void exec_user_free(struct child_user *user);

#endif
