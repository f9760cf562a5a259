/* SPDX-License-Identifier: MIT */
/*
 * What the service manager is told (sd_notify(3)), when there is one:
 *
 *	READY=1        the API answers, all apps of the configuration are registered, and the
 *	               sessions are being opened. Neither routers nor checks are waited for: a host
 *	               whose router is away has to come up all the same. Who wants to know more
 *	               asks /readyz.
 *	STATUS=…       the numbers in a line, when they change, once a second at most
 *	STOPPING=1     a stop has begun
 *	WATCHDOG=1     three times in each WATCHDOG_USEC. The ping has the lowest priority that
 *there is, so it says that the loop turns and that its turns reach everybody.
 *
 * Nothing here waits; what nobody takes is said again later.
 */
#ifndef AGENT_DAEMON_SERVICE_H
#define AGENT_DAEMON_SERVICE_H

#include <systemd/sd-event.h>

#include "agent/status/status_sources.h"

struct service;

/* Reads NOTIFY_SOCKET and WATCHDOG_USEC and takes them out of the environment, so that commands of
 * monitors do not speak for us. NULL when nobody wants to be told, which is fine below. Starts the
 * watchdog's pings. */
struct service *service_new(sd_event *loop);
void service_free(struct service *s);
/* What `in` points to must outlive the service. */
void service_ready(struct service *s, const struct status_sources *in);
/* `longest`: how long the stop may take; the manager's own limit is extended to that. */
void service_stopping(struct service *s, usec_t longest, const char *status);

#endif
