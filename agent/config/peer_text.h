/* SPDX-License-Identifier: MIT */
/* The `bgp` of a file as text, without its peers. Pure. */
#ifndef AGENT_CONFIG_PEER_TEXT_H
#define AGENT_CONFIG_PEER_TEXT_H

#include "agent/config/tree.h"

/* The mapping `bgp`, without the peers in it of either form, as a JSON object: what a peer of the
 * API gets its defaults from. Free it. */
char *config_bgp_text(const struct config_node *bgp);

#endif
