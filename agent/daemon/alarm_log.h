/* SPDX-License-Identifier: MIT */
/*
 * Alarms as events: alarm.on and alarm.off. An alarm is a view of the state, which may change
 * whenever something ran in the loop; they are collected after that, once a second at most, and
 * less often when it takes long.
 */
#ifndef AGENT_DAEMON_ALARM_LOG_H
#define AGENT_DAEMON_ALARM_LOG_H

#include <jansson.h>
#include <systemd/sd-event.h>

struct alarm_log;

/* A new list, as agent/status/alarms.h has it. */
typedef json_t *alarm_collect_cb(void *userdata);

struct alarm_log *alarm_log_new(sd_event *loop, alarm_collect_cb *collect, void *userdata);
void alarm_log_free(struct alarm_log *l);

#endif
