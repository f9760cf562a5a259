/* SPDX-License-Identifier: MIT */
/* Logs when checks can no longer run as often as configured, and when they can again. */
#ifndef AGENT_DAEMON_LOAD_LOG_H
#define AGENT_DAEMON_LOAD_LOG_H

#include "monitors/runner.h"

/* For runner_config.load_changed. */
void load_log(enum monitor_lane lane, const struct load *load, void *userdata);

#endif
