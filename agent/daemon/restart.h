/* SPDX-License-Identifier: MIT */
/*
 * A restart that is asked for by a signal: the configuration file is checked first, a few
 * milliseconds a turn of the loop, because the agent that is started next could not run with a
 * broken one. After an error the agent goes on.
 *
 * The service manager is not refused anything: it would kill the agent after its time limit.
 */
#ifndef AGENT_DAEMON_RESTART_H
#define AGENT_DAEMON_RESTART_H

#include <stdbool.h>
#include <sys/types.h>

struct agent;
struct restart;

struct restart *restart_new(struct agent *a);
void restart_free(struct restart *r);
/* `sender` as in siginfo_t; `signal` is its name, for the log. */
void restart_ask(struct restart *r, const char *signal, pid_t sender);
/* The file is being checked. */
bool restart_is_checking(const struct restart *r);
/* Is it the service manager? `manager` is $MANAGERPID, which systemd sets for units of a user;
 * NULL: it is not set. */
bool restart_is_manager(pid_t sender, const char *manager);

#endif
