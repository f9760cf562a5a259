/* SPDX-License-Identifier: MIT */
/* Checks across the keys of BFD. */
#ifndef AGENT_CONFIG_CHECK_BFD_H
#define AGENT_CONFIG_CHECK_BFD_H

#include "agent/config/findings.h"
#include "agent/config/tree.h"
#include "bgp/config.h"

/* A mapping is BFD that is on. `own` has the keys of the peer, or is `bgp` in the older form. */
void config_settle_bfd(const struct config_node *bgp, const struct config_node *own,
		       struct bgp_peer_config *p);
void config_check_bfd(const struct config_node *bgp, const struct config_node *own,
		      const struct bgp_peer_config *p, const struct bgp_config *bgp_config,
		      struct config_findings *findings);
/* Two peers of one address with different ports, which have one BFD session. */
void config_check_bfd_pair(const struct bgp_peer_config *a, const struct bgp_peer_config *b,
			   const struct config_node *own_of_b, struct config_findings *findings);

#endif
