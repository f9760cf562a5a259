/* SPDX-License-Identifier: MIT */
/* Apps against each other and against the addresses of `bgp`. Pure. */
#ifndef AGENT_CONFIG_CHECK_APPS_H
#define AGENT_CONFIG_CHECK_APPS_H

#include <stdbool.h>
#include <stddef.h>

#include "agent/config/draft.h"
#include "agent/config/findings.h"
#include "agent/config/tree.h"

/* In steps. The draft has to outlive it. */
struct config_apps_check;
struct config_apps_check *config_apps_check_new(const struct config_draft *draft,
						struct config_findings *findings);
/* About `n` apps; false when all is done. */
bool config_apps_check_step(struct config_apps_check *c, size_t n);
void config_apps_check_free(struct config_apps_check *c);

#endif
