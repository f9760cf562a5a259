/* SPDX-License-Identifier: MIT */
/* What a value can be: the types that agent/config/schema.c is made of. Pure. */
#ifndef AGENT_CONFIG_TYPES_H
#define AGENT_CONFIG_TYPES_H

#include "agent/config/schema.h"

/* The type of the field that key->offset points at stands behind each. */
extern const struct config_type config_type_text;            /* char *, owned; "" is NULL */
extern const struct config_type config_type_path;            /* the same, absolute */
extern const struct config_type config_type_path_or_off;     /* the same; off is "" */
extern const struct config_type config_type_password;        /* the same, at most 80 bytes */
extern const struct config_type config_type_consul_addr;     /* the same, a URL */
extern const struct config_type config_type_consul_warning;  /* bool: fails */
extern const struct config_type config_type_monitors_from;   /* unsigned, MONITORS_FROM_…; adds */
extern const struct config_type config_type_bool;            /* bool */
extern const struct config_type config_type_duration;        /* span_t */
extern const struct config_type config_type_seconds;         /* span_t, whole seconds */
extern const struct config_type config_type_count;           /* uint16_t */
extern const struct config_type config_type_port;            /* uint16_t */
extern const struct config_type config_type_as;              /* uint32_t */
extern const struct config_type config_type_router_id;       /* uint32_t, host order */
extern const struct config_type config_type_family;          /* uint8_t, AF_… */
extern const struct config_type config_type_addr;            /* struct addr, of this host */
extern const struct config_type config_type_addr6;           /* the same, IPv6 only */
extern const struct config_type config_type_peer_ip;         /* struct bgp_peer_config */
extern const struct config_type config_type_nat_backend;     /* enum nat_choice */
extern const struct config_type config_type_origin;          /* enum bgp_origin */
extern const struct config_type config_type_endpoint;        /* struct endpoint */
extern const struct config_type config_type_listen;          /* struct bgp_config */
extern const struct config_type config_type_communities;     /* struct bgp_communities */
extern const struct config_type config_type_ext_communities; /* struct bgp_ext_… */
extern const struct config_type config_type_large_communities; /* struct bgp_large_… */
extern const struct config_type config_type_u32;               /* struct announce_number */
extern const struct config_type config_type_prepend;           /* the same, a few */
extern const struct config_type config_type_app_name;          /* struct app_spec, here and below */
extern const struct config_type config_type_app_vips;
extern const struct config_type config_type_app_communities;
extern const struct config_type config_type_app_monitors;
extern const struct config_type config_type_app_quorum;
extern const struct config_type config_type_app_nats;
extern const struct config_type config_type_app_group;
extern const struct config_type config_type_app_ext_communities;
extern const struct config_type config_type_app_large_communities;

#endif
