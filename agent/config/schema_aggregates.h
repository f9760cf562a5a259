/* SPDX-License-Identifier: MIT */
/* The keys of bgp.aggregates. Pure. */
#ifndef AGENT_CONFIG_SCHEMA_AGGREGATES_H
#define AGENT_CONFIG_SCHEMA_AGGREGATES_H

#include "agent/config/key.h"

extern const struct config_section config_aggregates_section;

/* The list, for comparisons; and how an item is added to it. */
extern const struct config_type config_type_aggregates; /* struct aggregate_list */
void *config_add_aggregate(void *aggregate_list);

#endif
