/* SPDX-License-Identifier: MIT */
/* The keys of `agent.api`. The targets are struct config_agent and struct api_grant. Pure. */
#ifndef AGENT_CONFIG_SCHEMA_API_H
#define AGENT_CONFIG_SCHEMA_API_H

#include "agent/config/key.h"

extern const struct config_section config_api_section;              /* agent.api */
extern const struct config_section config_api_tokens_section;       /* agent.api.tokens[] */
extern const struct config_section config_api_vips_section;         /* of one of them */
extern const struct config_section config_api_tls_section;          /* agent.api.tls */
extern const struct config_section config_api_certificates_section; /* agent.api.certificates[] */

#endif
