/* SPDX-License-Identifier: MIT */
/* The agent: runs until it is told to stop, and leaves the host as it found it. */
#ifndef AGENT_DAEMON_AGENT_H
#define AGENT_DAEMON_AGENT_H

/* Returns the exit status: 0 after a clean stop, 1 when it could not start (the log says why). */
int agent_run(const char *config_file);

#endif
