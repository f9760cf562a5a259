/* SPDX-License-Identifier: MIT */
/* The states, groups and drains of apps. Pure. */
#ifndef AGENT_CONFIG_CHECK_ANNOUNCE_H
#define AGENT_CONFIG_CHECK_ANNOUNCE_H

#include "agent/config/draft.h"
#include "agent/config/findings.h"
#include "agent/config/tree.h"

void config_check_announce(const struct config_draft *draft, struct config_findings *findings);

#endif
