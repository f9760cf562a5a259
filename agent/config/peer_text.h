/* SPDX-License-Identifier: MIT */
/* Peers as text: the `bgp` of a file without its peers, and peers of the API as the file has them.
 * Pure. */
#ifndef AGENT_CONFIG_PEER_TEXT_H
#define AGENT_CONFIG_PEER_TEXT_H

#include <jansson.h>
#include <stdio.h>

#include "agent/config/tree.h"
#include "agent/model/peer_orders.h"

/* The mapping `bgp`, without the peers in it of either form, as a JSON object: what a peer of the API
 * gets its defaults from. Free it. */
char *config_bgp_text(const struct config_node *bgp);

/* The peers that were added over the API, as items of bgp.peers to be pasted into the file. */
void config_print_api_peers(const struct peer_orders *orders, FILE *out);
/* The same as an array. */
json_t *config_api_peers_json(const struct peer_orders *orders);

#endif
