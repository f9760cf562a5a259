/* SPDX-License-Identifier: MIT */
/* Types of the keys of agent.api. Pure. */
#ifndef AGENT_CONFIG_TYPES_API_H
#define AGENT_CONFIG_TYPES_API_H

#include "agent/config/key.h"

extern const struct config_type config_type_role;            /* enum role */
extern const struct config_type config_type_ids;             /* struct api_ids; adds */
extern const struct config_type config_type_hosts;           /* struct api_names; adds */
extern const struct config_type config_type_origins;         /* struct api_names; adds */
extern const struct config_type config_type_grant_name;      /* char *, owned */
extern const struct config_type config_type_credential_file; /* char *, owned; "%d/" in front */
extern const struct config_type config_type_grants;          /* struct api_grants; format only */

#endif
