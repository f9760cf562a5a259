/* SPDX-License-Identifier: MIT */
/*
 * Messages to the service manager (sd_notify(3)), if there is one:
 *
 *	READY=1        the API answers, all apps of the configuration are registered, and the
 *	               sessions are being opened. Neither routers nor checks are waited for: a host
 *	               has to boot while its router is down. /readyz says more.
 *	STATUS=…       a summary, when it changes, once a second at most
 *	RELOADING=1    a reload has begun; READY=1 ends it
 *	STOPPING=1     a shutdown has begun
 *	WATCHDOG=1     three times in each WATCHDOG_USEC, at the lowest priority of the loop: so it
 *	               shows that no source of events is starved
 *
 * Nothing here blocks; a message that is not read is sent again later.
 */
#ifndef AGENT_DAEMON_SERVICE_H
#define AGENT_DAEMON_SERVICE_H

#include <systemd/sd-event.h>

#include "agent/status/status_line.h"
#include "lib/mono.h"

struct service;

/* Writes the summary, one line. */
typedef void service_summary_cb(char buf[static STATUS_LINE_MAX], void *userdata);

/* Reads NOTIFY_SOCKET and WATCHDOG_USEC and removes them from the environment, so that commands of
 * monitors do not notify in our name. NULL without a service manager, which is fine below. Starts
 * the watchdog pings. */
struct service *service_new(sd_event *loop, service_summary_cb *summary, void *userdata);
void service_free(struct service *s);
/* `summary` is called from here on. */
void service_ready(struct service *s);
/* Ended by service_ready(). */
void service_reloading(struct service *s);
/* `longest`: how long the shutdown may take; the manager's limit is extended to that. */
void service_stopping(struct service *s, span_t longest, const char *status);

#endif
