/* SPDX-License-Identifier: MIT */
/* The section agent.log as lib/log.h takes it. Pure. */
#ifndef AGENT_CONFIG_LOG_LEVELS_H
#define AGENT_CONFIG_LOG_LEVELS_H

#include "agent/config/config.h"

void config_log_levels(const struct config_log *c, struct log_levels *ret);

#endif
