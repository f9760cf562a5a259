/* SPDX-License-Identifier: MIT */
/* Another list of peers for the running agent: the speaker, and the addresses of the host that
 * follow from it. */
#ifndef AGENT_DAEMON_PEER_CONFIG_H
#define AGENT_DAEMON_PEER_CONFIG_H

#include "agent/vip/host_addresses.h"
#include "lib/err.h"

struct agent;

/* The speaker gets the peers of `next`, which stays the caller's. With -errno nothing changed. */
int peer_config_change(struct agent *a, struct host_addresses *next, struct err *err);
/* After that: *next takes the place of the addresses in effect, and is taken over. */
void peer_config_adopt(struct agent *a, const struct host_addresses *next);

#endif
