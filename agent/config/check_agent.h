/* SPDX-License-Identifier: MIT */
/* The keys of `agent` against each other. Pure. */
#ifndef AGENT_CONFIG_CHECK_AGENT_H
#define AGENT_CONFIG_CHECK_AGENT_H

#include "agent/config/draft.h"
#include "agent/config/findings.h"
#include "agent/config/tree.h"

void config_check_agent(const struct config_draft *draft, const struct config_node *root,
			struct config_findings *findings);

#endif
