/* SPDX-License-Identifier: MIT */
/* The section `agent` of the schema (agent/config/schema.h). Pure. */
#ifndef AGENT_CONFIG_SCHEMA_AGENT_H
#define AGENT_CONFIG_SCHEMA_AGENT_H

#include "agent/config/key.h"

extern const struct config_section config_agent_section; /* into a struct config_agent */
extern const struct config_section config_vips_section;  /* the same, and below */
extern const struct config_section config_exec_section;  /* the same, and below */
extern const struct config_section config_agent_monitors_section;

#endif
