/* SPDX-License-Identifier: MIT */
/* VIPs against the networks around this host, which is asked for them. */
#ifndef AGENT_CONFIG_CHECK_HOST_H
#define AGENT_CONFIG_CHECK_HOST_H

#include "agent/config/draft.h"
#include "agent/config/findings.h"
#include "agent/config/tree.h"

void config_check_host(const struct config_draft *draft, struct config_findings *findings);

#endif
