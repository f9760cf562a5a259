/* SPDX-License-Identifier: MIT */
/*
 * What the configuration leaves to the host: the router identifier, the default gateway as the
 * peer, the address that NAT translates to. Asks the kernel's routing; changes nothing.
 */
#ifndef AGENT_VIP_HOST_ADDRESSES_H
#define AGENT_VIP_HOST_ADDRESSES_H

#include <stdbool.h>

#include "agent/config/config.h"
#include "bgp/config.h"
#include "lib/err.h"

/* An address without which this host loses a router. */
struct vital {
	struct addr addr;
	const char *what; /* "the address of a peer" */
};

struct host_addresses {
	struct bgp_config
		bgp; /* complete; its strings and lists are views into the configuration */
	struct bgp_peer_config *peers; /* what bgp.peers points to; owned */
	struct vital *vital;
	size_t n_vital, cap_vital;
	struct addr
		own[2]; /* IPv4, IPv6: what NAT translates to; family 0: not needed yet, or none */
	bool wants_own[2];         /* NAT has asked */
	struct addr looked_own[2]; /* as at the last look: a retry may have found a new one since */
	struct addr
		gateway; /* the default gateway that stands in for a peer; family 0: none does */
};

/* The host's own address of this family, never a VIP: what NAT translates to. local_ip or
 * local_ip6, else what the host has towards a peer, the first peer first; then the same for as long
 * as the host has it. -EADDRNOTAVAIL, and a text that says what to set. */
int host_addresses_own(struct host_addresses *id, uint8_t family, struct addr *ret,
		       struct err *err);

/* What a look at the host has found to be another than before. */
struct host_address_change {
	bool own[2];         /* what NAT translates to, IPv4 and IPv6: ask again */
	bool vital;          /* what host_addresses_check_vip() goes by */
	struct addr gateway; /* the default gateway, where it stands in for a peer and is another */
};
void host_addresses_update(struct host_addresses *id, struct host_address_change *ret);
/* -EEXIST when a VIP covers an address that the way to a router needs: bound to lo, it
 * would cut this host off. */
int host_addresses_check_vip(const struct host_addresses *id, const struct prefix *vip,
			     struct err *err);
/* Warns in the log about peers that cannot be reached as configured. */
int host_addresses_find(const struct config *config, struct host_addresses *ret, struct err *err);
void host_addresses_done(struct host_addresses *id);

#endif
