/* SPDX-License-Identifier: MIT */
/*
 * The keys of a monitor in its mapping form (agent/config/schema.h). Those that name a kind or an
 * option of one come from the descriptors of the kinds. Pure.
 */
#ifndef AGENT_CONFIG_SCHEMA_MONITORS_H
#define AGENT_CONFIG_SCHEMA_MONITORS_H

#include "agent/config/key.h"

extern const struct config_section config_monitor_section; /* into a struct monitor_draft */
extern const struct config_item config_item_monitor;       /* the same, into a struct app_spec */

#endif
