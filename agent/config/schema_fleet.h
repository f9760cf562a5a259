/* SPDX-License-Identifier: MIT */
/* The keys of `fleet` (agent/config/schema.h), into a struct fleet_spec. Pure. */
#ifndef AGENT_CONFIG_SCHEMA_FLEET_H
#define AGENT_CONFIG_SCHEMA_FLEET_H

#include "agent/config/key.h"

extern const struct config_section config_fleet_section;
extern const struct config_section config_fleet_vip_section; /* into a struct fleet_spec_vip */

#endif
