/* SPDX-License-Identifier: MIT */
/* What only shows when one looks at several keys together. Pure. */
#ifndef AGENT_CONFIG_CHECK_H
#define AGENT_CONFIG_CHECK_H

#include "agent/config/config.h"
#include "agent/config/draft.h"
#include "agent/config/tree.h"

/*
 * Settles whom we talk to: the list, or the older form as a list of one; and fills in what depends
 * on several keys. Then reports contradictions and dangers in it. `draft->bgp.peers` is final
 * afterwards.
 */
void config_check_bgp(struct config_draft *draft, const struct config_node *root,
		      struct config_findings *findings);
/* The keys of `agent` among themselves. */
void config_check_agent(const struct config_draft *draft, const struct config_node *root,
			struct config_findings *findings);
/* Apps among themselves and against the addresses of bgp, and what this version does not do. */
void config_check_apps(const struct config_draft *draft, const struct config_node *root,
		       struct config_findings *findings);

/* What apps say about their states, groups and drains. */
void config_check_announce(const struct config_draft *draft, const struct config_node *root,
			   struct config_findings *findings);

#endif
