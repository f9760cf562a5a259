/* SPDX-License-Identifier: MIT */
/* The section `bgp` of the schema (agent/config/schema.h). Pure. */
#ifndef AGENT_CONFIG_SCHEMA_BGP_H
#define AGENT_CONFIG_SCHEMA_BGP_H

#include "agent/config/key.h"

extern const struct config_section config_bgp_section;  /* into a struct config_draft_bgp */
extern const struct config_section config_peer_section; /* into a struct bgp_peer_config */

#endif
