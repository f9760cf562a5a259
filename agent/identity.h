/* SPDX-License-Identifier: MIT */
/*
 * What the configuration leaves to the host: the router identifier, and the default gateway as
 * the peer. Asks the kernel's routing; changes nothing.
 */
#ifndef AGENT_IDENTITY_H
#define AGENT_IDENTITY_H

#include "agent/config.h"
#include "bgp/config.h"
#include "lib/err.h"

struct identity {
	struct bgp_config
		bgp; /* complete; its strings and lists are views into the configuration */
	struct bgp_peer_config *peers; /* what bgp.peers points to; owned */
};

/* Warns in the log about peers that cannot be reached as configured. */
int identity_find(const struct config *config, struct identity *ret, struct err *err);
void identity_done(struct identity *id);

#endif
