/* SPDX-License-Identifier: MIT */
/* Values of keys as text, the reverse of the types' `set` (agent/config/key.h). Pure. */
#ifndef AGENT_CONFIG_FORMAT_H
#define AGENT_CONFIG_FORMAT_H

#include <stdio.h>

#include "agent/config/key.h"

typedef void config_format_fn(const struct config_key *key, const void *target, FILE *out);

config_format_fn config_format_text, config_format_path_or_off, config_format_consul_warning,
	config_format_monitors_from, config_format_env_names, config_format_bool,
	config_format_duration, config_format_count, config_format_addr, config_format_endpoint,
	config_format_nat_backend, config_format_bind, config_format_log_level,
	config_format_log_format, config_format_prefixes, config_format_lengths,
	config_format_app_selection, config_format_rate;

config_format_fn config_format_as, config_format_peer_as, config_format_interface,
	config_format_device, config_format_router_id, config_format_family, config_format_peer_ip,
	config_format_ttl, config_format_bfd_hops, config_format_families, config_format_bgp_role,
	config_format_origin, config_format_listen, config_format_communities,
	config_format_ext_communities, config_format_large_communities, config_format_number;

config_format_fn config_format_app_name, config_format_app_vips, config_format_app_communities,
	config_format_app_ext_communities, config_format_app_large_communities,
	config_format_app_monitors, config_format_app_quorum, config_format_app_nats,
	config_format_app_group, config_format_app_interface, config_format_app_nonlocal,
	config_format_app_peers, config_format_app_number, config_format_app_except_peers;

#endif
