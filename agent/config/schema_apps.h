/* SPDX-License-Identifier: MIT */
/* The section `apps` of the schema (agent/config/schema.h). Pure. */
#ifndef AGENT_CONFIG_SCHEMA_APPS_H
#define AGENT_CONFIG_SCHEMA_APPS_H

#include "agent/config/key.h"

extern const struct config_section config_app_section; /* into a struct app_spec */
extern const struct config_section config_vip_config_section;
extern const struct config_section config_states_section; /* a struct announce_specs */
extern const struct config_section config_up_section;     /* a struct announce_spec, and below */
extern const struct config_section config_down_section;
extern const struct config_section config_drain_section;
extern const struct config_section config_join_section;

#endif
