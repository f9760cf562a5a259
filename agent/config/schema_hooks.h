/* SPDX-License-Identifier: MIT */
/* The keys of `agent.hooks`. Pure. */
#ifndef AGENT_CONFIG_SCHEMA_HOOKS_H
#define AGENT_CONFIG_SCHEMA_HOOKS_H

#include "agent/config/key.h"

extern const struct config_section config_hooks_section;
extern const struct config_type config_type_hooks; /* struct hook_list; format only */
void *config_add_hook(void *hook_list);

#endif
