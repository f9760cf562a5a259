/* SPDX-License-Identifier: MIT */
/* The section `bfd` of a peer, and of `bgp`, in the schema (agent/config/schema.h). Pure. */
#ifndef AGENT_CONFIG_SCHEMA_BFD_H
#define AGENT_CONFIG_SCHEMA_BFD_H

#include "agent/config/key.h"

extern const struct config_section config_bfd_section; /* into a struct bgp_bfd_config */

#endif
