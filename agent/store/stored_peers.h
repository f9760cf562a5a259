/* SPDX-License-Identifier: MIT */
/* The peers of the API as the state file has them, for a configuration that is loaded while no
 * agent runs, or before the agent has opened that file. */
#ifndef AGENT_STORE_STORED_PEERS_H
#define AGENT_STORE_STORED_PEERS_H

#include "agent/config/config.h"

/* A config_added_fn. None when there is no such file, or it cannot be read or used. */
void stored_peers_find(const struct config_agent *agent, struct config_added_peers *ret,
		       void *userdata);
/* config_load(), with those peers. */
int stored_peers_load_config(const char *file, struct config **ret,
			     struct config_findings *findings);

#endif
