/* SPDX-License-Identifier: MIT */
/* `fleet` against the rest of the file. Pure. */
#ifndef AGENT_CONFIG_CHECK_FLEET_H
#define AGENT_CONFIG_CHECK_FLEET_H

#include "agent/config/draft.h"
#include "agent/config/findings.h"
#include "agent/config/tree.h"

void config_check_fleet(const struct config_draft *draft, const struct config_node *root,
			struct config_findings *findings);

#endif
