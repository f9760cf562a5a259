/* SPDX-License-Identifier: MIT */
/* Applies the configuration to the parts of the agent, at the start and at a reload. */
#ifndef AGENT_DAEMON_SETTINGS_H
#define AGENT_DAEMON_SETTINGS_H

#include "agent/daemon/parts.h"

/* Views into the configuration and the agent. */
struct runner_config settings_of_runner(struct agent *a);
/* All that the registry has of `agent`. */
void settings_apply_to_registry(struct agent *a);
/* agent.log */
void settings_apply_log(const struct agent *a);
/* Rights of the API, with the tokens, which it takes over, and the keys for TLS. */
void settings_apply_api(const struct agent *a, struct tokens *tokens);
/* The facts about the host, which have a view of consul_addr. */
void settings_apply_to_facts(struct agent *a);
/* disable_file; drains at once if the file exists. */
void settings_apply_disable_file(struct agent *a);

/* Counts the traffic of VIPs, or ceases to. */
void settings_apply_traffic(struct agent *a);

#endif
