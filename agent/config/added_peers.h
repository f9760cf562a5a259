/* SPDX-License-Identifier: MIT */
/* The names of peers that were added over the API, which apps and aggregates of the file may use.
 * Pure. */
#ifndef AGENT_CONFIG_ADDED_PEERS_H
#define AGENT_CONFIG_ADDED_PEERS_H

#include <stddef.h>

#include "agent/model/peer_orders.h"
#include "bgp/config.h"

/* Address, interface, port and description of each; owned. */
struct config_added_peers {
	struct bgp_peer_config *items;
	size_t n;
};

void config_added_peers_of(const struct peer_orders *orders, struct config_added_peers *ret);
void config_added_peers_done(struct config_added_peers *peers);

#endif
