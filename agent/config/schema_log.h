/* SPDX-License-Identifier: MIT */
/* The sections `agent.log` and below of the schema (agent/config/schema.h). Pure. */
#ifndef AGENT_CONFIG_SCHEMA_LOG_H
#define AGENT_CONFIG_SCHEMA_LOG_H

#include "agent/config/key.h"

extern const struct config_section config_log_section; /* into a struct config_agent */
extern const struct config_section config_log_modules_section;

#endif
