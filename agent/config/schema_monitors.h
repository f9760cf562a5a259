/* SPDX-License-Identifier: MIT */
/*
 * The part of the schema (agent/config/schema.h) that a monitor in its mapping form is made of. The
 * keys that name a kind or an option of one come from the descriptors of the kinds. Pure.
 */
#ifndef AGENT_CONFIG_SCHEMA_MONITORS_H
#define AGENT_CONFIG_SCHEMA_MONITORS_H

#include "agent/config/schema.h"

extern const struct config_section config_monitor_section; /* into a struct monitor_draft */
extern const struct config_item config_item_monitor;       /* the same, into a struct app_spec */

#endif
