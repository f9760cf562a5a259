/* SPDX-License-Identifier: MIT */
/*
 * The environment of commands: PATH, LANG and HOME, and what agent.exec.env names. The agent's own
 * holds tokens, and whoever may define a command can have it print them.
 */
#ifndef AGENT_DAEMON_EXEC_ENV_H
#define AGENT_DAEMON_EXEC_ENV_H

#include "process/child.h"

/* `user` NULL: commands run as the agent. `names` ends with NULL, or is NULL; one that the agent's
 * environment lacks is logged. "NAME=VALUE", ends with NULL; free with exec_env_free(). */
char **exec_env_make(const struct child_user *user, char *const *names);
void exec_env_free(char **env);

#endif
