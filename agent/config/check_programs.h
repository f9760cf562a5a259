/* SPDX-License-Identifier: MIT */
/* Checks of processes[]. Pure. */
#ifndef AGENT_CONFIG_CHECK_PROGRAMS_H
#define AGENT_CONFIG_CHECK_PROGRAMS_H

#include "agent/config/draft.h"
#include "agent/config/findings.h"
#include "agent/config/tree.h"

/* Also marks those whose `run` is a line for the shell. */
void config_check_programs(struct config_draft *draft, const struct config_node *root,
			   struct config_findings *findings);

#endif
