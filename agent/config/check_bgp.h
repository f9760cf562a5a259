/* SPDX-License-Identifier: MIT */
/* The keys of `bgp` against each other. Pure. */
#ifndef AGENT_CONFIG_CHECK_BGP_H
#define AGENT_CONFIG_CHECK_BGP_H

#include "agent/config/draft.h"
#include "agent/config/findings.h"
#include "agent/config/tree.h"

/*
 * Makes the list of peers final: the list of the file, or the older form as a list of one, with the
 * defaults that depend on several keys. Then reports what contradicts or endangers a session.
 */
void config_check_bgp(struct config_draft *draft, const struct config_node *root,
		      struct config_findings *findings);

#endif
