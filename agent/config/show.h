/* SPDX-License-Identifier: MIT */
/*
 * A configuration in effect as JSON, by the schema: the reverse of loading. JSON is YAML, so that
 * what is shown can be loaded again, and is the same configuration then.
 *
 * Defaults for all peers under `bgp` are shown at each of them, and included apps among the apps.
 * Keys that have their default are left out. Pure.
 */
#ifndef AGENT_CONFIG_SHOW_H
#define AGENT_CONFIG_SHOW_H

#include <jansson.h>

#include "agent/config/config.h"

enum config_show {
	/* Secrets are CONFIG_HIDDEN, which is not accepted as one, and in other texts ***
	 * (lib/redact.h). */
	CONFIG_SHOW = 0,
	CONFIG_SHOW_DEFAULTS = 1 << 0, /* keys with a value of their own that is the default, too */
	CONFIG_SHOW_ALL = 1 << 1, /* nothing is hidden: for a file that the agent reads itself */
	/* For who may not see the configuration: also what a check sends is hidden. */
	CONFIG_SHOW_TO_READERS = 1 << 2,
	CONFIG_SHOW_API_PEERS = 1 << 3, /* those that were added over the API, too */
};

/* agent, bgp with its peers, nat and processes: all but the apps. */
json_t *config_show(const struct config *c, unsigned flags);
/* One of bgp.peers[]. */
json_t *config_show_peer(const struct bgp_peer_config *p, unsigned flags);
/* One of apps[], wherever the app is from. */
json_t *config_show_app(const struct app_spec *spec, unsigned flags);

#endif
