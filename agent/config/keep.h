/* SPDX-License-Identifier: MIT */
/* Keys that need a restart keep their value until then. Pure. */
#ifndef AGENT_CONFIG_KEEP_H
#define AGENT_CONFIG_KEEP_H

#include "agent/config/config.h"

/* Exchanges the values of all keys whose change needs a restart: `next` has those of `present`
 * afterwards, by the same pointers, and the other way round. */
void config_keep(struct config *present, struct config *next);
/* The same for all keys of Consul, whose client has views of them. */
void config_keep_consul(struct config *present, struct config *next);
void config_keep_nomad(struct config *present, struct config *next);

#endif
