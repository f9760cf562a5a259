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

/* The host's own address of this family, never a VIP: what NAT translates to. local_ip or
 * local_ip6, else what the host has towards a peer, the first peer first. -EADDRNOTAVAIL, and a
 * text that says what to set. */
int identity_own_address(const struct identity *id, uint8_t family, struct addr *ret,
			 struct err *err);
/* Warns in the log about peers that cannot be reached as configured. */
int identity_find(const struct config *config, struct identity *ret, struct err *err);
void identity_done(struct identity *id);

#endif
