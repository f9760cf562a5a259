/* SPDX-License-Identifier: MIT */
/*
 * The schema: the table of every key, a table per section. Loading walks it and
 * docs/configuration.md is printed from it, so that the two cannot disagree. Pure.
 *
 *	schema           the file, nat           types      texts, numbers, times, addresses
 *	schema_agent     agent                   types_bgp  AS numbers, peers, communities
 *	schema_bgp       bgp, peers              types_app  the parts of an app
 *	schema_apps      apps
 *	schema_monitors  a monitor as a mapping
 */
#ifndef AGENT_CONFIG_SCHEMA_H
#define AGENT_CONFIG_SCHEMA_H

#include "agent/config/key.h"

/* The file: into a struct config_draft. */
extern const struct config_section config_schema;
extern const struct config_section config_nat_section;

/* The sections in the order of the page; ends with NULL. */
extern const struct config_section *const config_sections[];

#endif
