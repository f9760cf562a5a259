/* SPDX-License-Identifier: MIT */
/* A configuration while it is read: what the schema's keys write to. Pure. */
#ifndef AGENT_CONFIG_DRAFT_H
#define AGENT_CONFIG_DRAFT_H

#include <stddef.h>
#include <stdint.h>

#include "agent/config/config.h"
#include "agent/config/tree.h"
#include "agent/model/app_spec.h"
#include "agent/model/program_spec.h"
#include "bgp/config.h"

/*
 * The keys of a session that stand directly under `bgp` are collected in `session`. They are the
 * defaults of the peers in the list; with peer_ip or peer_as they are the older form, a peer of
 * its own.
 */
struct config_draft_bgp {
	struct bgp_config bgp; /* without peers; the communities belong to this draft */
	struct bgp_peer_config session;
	struct bgp_peer_config *peers;
	size_t n_peers, cap_peers;
	uint8_t gateway_family;
	struct aggregate_list aggregates;
	struct config_added_peers added; /* of the API */
	bool lenient_names; /* a copy of one that was in effect: names were checked then */
};

struct config_draft {
	struct config_agent agent;
	struct config_nat nat;
	struct config_draft_bgp bgp;
	struct app_spec *apps;
	size_t n_apps, cap_apps;
	struct program_list programs;
	struct fleet_spec fleet;
	const char *file; /* the configuration file, for findings; a view */
	char *include;    /* NULL when not set */
	const struct config_node
		*first_app; /* of the list that is parallel to `apps`, over all files */
};

void config_draft_done(struct config_draft *d);
/* The parts that a struct config owns too. */
void config_agent_done(struct config_agent *agent);
void config_peer_done(struct bgp_peer_config *peer);
/* A link-local address that stands for all peers is for those that are link-local themselves. */
void config_peer_drop_inherited(struct bgp_peer_config *peer);

#endif
