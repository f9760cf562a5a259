/* SPDX-License-Identifier: MIT */
/* Notes about a file that was written for GoCast: what vipherald does differently. Pure. */
#ifndef AGENT_CONFIG_GOCAST_H
#define AGENT_CONFIG_GOCAST_H

#include "agent/config/draft.h"
#include "agent/config/findings.h"
#include "agent/config/tree.h"

/* Only where all keys of the file are GoCast's, and only about keys that are in the file; see
 * docs/migrating-from-gocast.md for all differences. */
void config_check_gocast(const struct config_draft *draft, const struct config_node *root,
			 struct config_findings *findings);

#endif
