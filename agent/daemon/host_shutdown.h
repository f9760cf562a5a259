/* SPDX-License-Identifier: MIT */
/*
 * The shutdown of the host. Services are stopped beside the agent, or before it; so logind is asked
 * to wait (process/inhibitor.h), and when a reboot or poweroff is announced, the agent begins to do
 * as for SIGTERM: all apps are drained, for drain_time with shutdown_drain, else withdrawn at once.
 * The lock is released when routers have the withdrawals. A shutdown that is cancelled is undone.
 */
#ifndef AGENT_DAEMON_HOST_SHUTDOWN_H
#define AGENT_DAEMON_HOST_SHUTDOWN_H

#include <stdbool.h>

#include "agent/daemon/parts.h"

struct host_shutdown;

/* NULL: there is no system bus. To be called when all apps are registered. */
struct host_shutdown *host_shutdown_new(struct agent *a);
/* logind has announced it, and it was not cancelled. */
bool host_shutdown_is_near(const struct agent *a);
/* The agent itself stops: the lock stays until it is freed. `h` may be NULL. */
void host_shutdown_leave(struct host_shutdown *h);
void host_shutdown_free(struct host_shutdown *h);

#endif
