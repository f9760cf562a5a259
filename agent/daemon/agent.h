/* SPDX-License-Identifier: MIT */
/* The agent: runs until a signal, and removes from the host all that it added. */
#ifndef AGENT_DAEMON_AGENT_H
#define AGENT_DAEMON_AGENT_H

/* Returns the exit status: 0 after a clean stop, 1 when it could not start (the log says why). */
int agent_run(const char *config_file);

#endif
