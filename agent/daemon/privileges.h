/* SPDX-License-Identifier: MIT */
/* The capabilities that the agent needs, has and gives up (agent/config/capabilities.h). */
#ifndef AGENT_DAEMON_PRIVILEGES_H
#define AGENT_DAEMON_PRIVILEGES_H

#include "agent/config/capabilities.h"
#include "agent/config/config.h"
#include "agent/daemon/program_users.h"

/* `user`: the user that the agent will run as; NULL: the present one. */
void privileges_find(const struct config *c, const char *user, struct capability_needs *ret);
/* The same of the present one, in the loop: a lookup of a user may wait for a directory service,
 * so those that were found at the start are passed. `exec_user` NULL: none is configured. */
void privileges_find_again(const struct config *c, const struct child_user *exec_user,
			   const struct program_users *users, struct capability_needs *ret);
/* As agent.user and agent.drop_privileges say; to be called before anything is opened. `ret_needs`
 * has what is missing afterwards. */
int privileges_drop(const struct config *c, struct capability_needs *ret_needs, struct err *err);
/* Warns of what a reload reads again and agent.user cannot: the files of the configuration,
 * of passwords and tokens, keys and certificates. */
void privileges_check_files(const struct config *c, const char *file);
/* The warning for a process of root whose commands would run as root; NULL: there is none. Commands
 * that only proved administrators can register are not warned of. */
const char *privileges_root_commands(const struct config *c);
/* Logs each missing capability, with what does not work without it. */
void privileges_report(const struct capability_needs *needs);

#endif
