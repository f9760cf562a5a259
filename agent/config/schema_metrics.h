/* SPDX-License-Identifier: MIT */
/* The keys of agent.metrics. Pure. */
#ifndef AGENT_CONFIG_SCHEMA_METRICS_H
#define AGENT_CONFIG_SCHEMA_METRICS_H

#include "agent/config/key.h"

extern const struct config_section config_metrics_section;

#endif
