/* SPDX-License-Identifier: MIT */
/* A configuration in the log: what was found in it. */
#ifndef AGENT_DAEMON_CONFIG_LOG_H
#define AGENT_DAEMON_CONFIG_LOG_H

#include "agent/config/findings.h"
#include "agent/config/set.h"

/* Errors and warnings. */
void config_log_findings(const struct config_findings *findings, const char *path);
/* Of a configuration that is in effect: included files whose apps are not those of the file. */
void config_log_included(const struct config_set *set);

#endif
