/* SPDX-License-Identifier: MIT */
/* Logs when checks cost more than they should or run late, and when that is over. */
#ifndef AGENT_DAEMON_LOAD_LOG_H
#define AGENT_DAEMON_LOAD_LOG_H

#include "monitors/runner.h"

/* For runner_config.load_changed. */
void load_log(enum monitor_lane lane, const struct load *load, void *userdata);
/* For runner_config.port_filter_changed. */
void load_log_port_filter(int error, void *userdata);

#endif
