/* SPDX-License-Identifier: MIT */
/* Aggregates against each other and against the apps of the file. Pure. */
#ifndef AGENT_CONFIG_CHECK_AGGREGATES_H
#define AGENT_CONFIG_CHECK_AGGREGATES_H

#include "agent/config/draft.h"
#include "agent/config/findings.h"
#include "agent/config/tree.h"

void config_check_aggregates(const struct config_draft *draft, const struct config_node *root,
			     struct config_findings *findings);

#endif
