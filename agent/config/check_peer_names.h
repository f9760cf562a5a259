/* SPDX-License-Identifier: MIT */
/* `peers` and `except_peers` against the peers that there are. Pure. */
#ifndef AGENT_CONFIG_CHECK_PEER_NAMES_H
#define AGENT_CONFIG_CHECK_PEER_NAMES_H

#include "agent/config/draft.h"
#include "agent/config/findings.h"
#include "agent/config/tree.h"
#include "bgp/peer_filter.h"

/* `filter` may be NULL; `node` is the mapping that has the two keys. */
void config_check_peer_names(const struct config_draft_bgp *bgp,
			     const struct bgp_peer_filter *filter, const struct config_node *node,
			     struct config_findings *findings);

#endif
