/* SPDX-License-Identifier: MIT */
/* Types of keys of BGP: AS numbers, peers, communities, attributes of a route. Pure. */
#ifndef AGENT_CONFIG_TYPES_BGP_H
#define AGENT_CONFIG_TYPES_BGP_H

#include <stdbool.h>

#include "agent/config/key.h"

/* Behind each: the type of the field that key->offset points at. */
extern const struct config_type config_type_password;          /* the same, at most 80 bytes */
extern const struct config_type config_type_password_file;     /* the same, a file name */
extern const struct config_type config_type_as;                /* uint32_t */
extern const struct config_type config_type_peer_as;           /* struct bgp_peer_config */
extern const struct config_type config_type_description;       /* char *, owned */
extern const struct config_type config_type_router_id;         /* uint32_t, host order */
extern const struct config_type config_type_family;            /* uint8_t, AF_… */
extern const struct config_type config_type_peer_ip;           /* struct bgp_peer_config */
extern const struct config_type config_type_device;            /* struct bgp_peer_config */
extern const struct config_type config_type_interface;         /* struct bgp_peer_config */
extern const struct config_type config_type_next_hop;          /* struct addr, IPv4 */
extern const struct config_type config_type_ttl;               /* uint8_t, 1 to 255 */
extern const struct config_type config_type_families;          /* unsigned, BGP_OFFER_…; adds */
extern const struct config_type config_type_bgp_role;          /* enum bgp_role */
extern const struct config_type config_type_origin;            /* enum bgp_origin */
extern const struct config_type config_type_listen;            /* struct bgp_config */
extern const struct config_type config_type_communities;       /* struct bgp_communities */
extern const struct config_type config_type_ext_communities;   /* struct bgp_ext_… */
extern const struct config_type config_type_large_communities; /* struct bgp_large_… */
extern const struct config_type config_type_weight;            /* struct bgp_number */
extern const struct config_type config_type_link_bandwidth;    /* enum bgp_link_bandwidth */
extern const struct config_type config_type_u32;               /* struct bgp_number */
extern const struct config_type config_type_prepend;           /* the same, a few */

#endif
