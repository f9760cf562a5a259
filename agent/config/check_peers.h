/* SPDX-License-Identifier: MIT */
/* Peers against each other. Pure. */
#ifndef AGENT_CONFIG_CHECK_PEERS_H
#define AGENT_CONFIG_CHECK_PEERS_H

#include "agent/config/draft.h"
#include "agent/config/findings.h"
#include "agent/config/tree.h"

/* The peers of `list`, that of the file, and NULL for the older form. */
void config_check_peers(const struct config_draft_bgp *d, const struct config_node *list,
			struct config_findings *findings);
/* `item`: its mapping; NULL: the older form. */
void config_check_vrf(const struct config_draft *draft, const struct bgp_peer_config *p,
		      const struct config_node *item, struct config_findings *findings);
/* Two different ones, the second of which is another than the file's. `listen`: of bgp. */
void config_check_peer_pair(const struct bgp_peer_config *a, const struct bgp_peer_config *b,
			    bool listen, const struct config_node *item_of_b,
			    struct config_findings *findings);

#endif
