/* SPDX-License-Identifier: MIT */
/* The users that programs of `processes` run as, found by name at the start: the launcher is given
 * them (process/launcher.h). */
#ifndef AGENT_DAEMON_PROGRAM_USERS_H
#define AGENT_DAEMON_PROGRAM_USERS_H

#include <stdbool.h>
#include <stddef.h>

#include "agent/model/program_spec.h"
#include "lib/err.h"
#include "process/spawn.h"

struct program_users {
	struct program_user *items;
	size_t n;
};

/* -ENOENT and a text for a name that is unknown. */
int program_users_find(const struct program_list *programs, struct program_users *ret,
		       struct err *err);
void program_users_done(struct program_users *users);
/* False: this one was not configured at the start. *ret NULL: the agent's own. */
bool program_users_get(const struct program_users *users, const char *name,
		       const struct child_user **ret);
const struct child_user *program_users_at(const struct program_users *users, size_t i);

#endif
