/* SPDX-License-Identifier: MIT */
/* Apps against each other and against the addresses of `bgp`. Pure. */
#ifndef AGENT_CONFIG_CHECK_APPS_H
#define AGENT_CONFIG_CHECK_APPS_H

#include "agent/config/draft.h"
#include "agent/config/findings.h"
#include "agent/config/tree.h"

void config_check_apps(const struct config_draft *draft, struct config_findings *findings);

#endif
