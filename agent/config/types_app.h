/* SPDX-License-Identifier: MIT */
/* Types of keys of an app; the parsers are those of agent/model/app_spec_parse.h. Pure. */
#ifndef AGENT_CONFIG_TYPES_APP_H
#define AGENT_CONFIG_TYPES_APP_H

#include "agent/config/key.h"

/* Into a struct app_spec, all of them. */
extern const struct config_type config_type_app_name; /* struct app_spec, here and below */
extern const struct config_type config_type_app_vips;
extern const struct config_type config_type_app_communities;
extern const struct config_type config_type_app_ext_communities;
extern const struct config_type config_type_app_large_communities;
extern const struct config_type config_type_app_weight;  /* struct bgp_number of announce_specs */
extern const struct config_type config_type_app_u32;     /* struct bgp_number of announce_specs */
extern const struct config_type config_type_app_prepend; /* likewise */
extern const struct config_type config_type_app_monitors;
extern const struct config_type config_type_app_quorum;
extern const struct config_type config_type_app_nats;
extern const struct config_type config_type_app_group;
extern const struct config_type config_type_app_interface;
extern const struct config_type config_type_app_nonlocal;
extern const struct config_type config_type_app_peers;
extern const struct config_type config_type_app_except_peers;

#endif
