/* SPDX-License-Identifier: MIT */
/*
 * The addresses that the configuration leaves to the host: the router identifier, the default
 * gateway as the peer, the NAT target. Asks the kernel's routing; changes nothing.
 */
#ifndef AGENT_VIP_HOST_ADDRESSES_H
#define AGENT_VIP_HOST_ADDRESSES_H

#include <stdbool.h>

#include "agent/config/config.h"
#include "bgp/config.h"
#include "lib/err.h"
#include "lib/str.h"
#include "net/gateways.h"

/* Room for host_addresses_explain_gateways(); a longer list is cut. */
#define GATEWAYS_TEXT_MAX 600

/* An address that this host needs to reach a peer. */
struct vital {
	struct addr addr;
	const char *what; /* "the address of a peer" */
};

struct host_addresses {
	/* complete; its strings and lists are views into the configuration */
	struct bgp_config bgp;
	struct bgp_peer_config *peers; /* bgp.peers points here; owned */
	struct vital *vital;
	size_t n_vital, cap_vital;
	/* The NAT targets, IPv4 and IPv6; family 0: not needed yet, or none. */
	struct addr own[2];
	bool wants_own[2];           /* NAT has asked */
	struct addr known_own[2];    /* at the last update: NAT may have found a new one since */
	struct gateway gateway;      /* the default gateway that is the peer; family 0: it is not */
	struct gateways gateways;    /* where it is: all that are as good */
	struct gateway told_gateway; /* the one that the log named last in its place */
};

/* The host's own address of this family, never a VIP: the NAT target. local_ip or local_ip6, else
 * the source towards a peer, the first peer first; then the same for as long as the host has it.
 * -EADDRNOTAVAIL, and a text that says what to set. */
int host_addresses_own(struct host_addresses *h, uint8_t family, struct addr *ret, struct err *err);

/* Differences that an update has found. */
struct host_address_change {
	bool own[2];         /* the NAT targets, IPv4 and IPv6: ask again */
	bool vital;          /* the addresses that host_addresses_check_vip() compares with */
	struct addr gateway; /* the new default gateway, where the former one is the peer */
	bool gateways;       /* others beside the one that is the peer */
};
void host_addresses_update(struct host_addresses *h, struct host_address_change *ret);
/* Says which default gateway is the peer and which are not; false when there are no others. */
bool host_addresses_explain_gateways(const struct host_addresses *h, struct strbuf *text);
/* -EEXIST when a VIP covers an address that the path to a peer needs: bound to lo, it would
 * disconnect this host. */
int host_addresses_check_vip(const struct host_addresses *h, const struct prefix *vip,
			     struct err *err);
/* Logs a warning for peers that cannot be reached as configured. */
int host_addresses_find(const struct config *config, struct host_addresses *ret, struct err *err);
/* The same for a reload from `present`, for which `before` was found: the gateway and the router
 * identifier stay where both configurations leave them to the host. */
int host_addresses_find_again(const struct config *present, const struct host_addresses *before,
			      const struct config *next, struct host_addresses *ret,
			      struct err *err);
/* Puts `next` in the place of *h, which is freed; the places that refer to it need not know. */
void host_addresses_replace(struct host_addresses *h, const struct host_addresses *next,
			    struct host_address_change *ret);
/* Whether the addresses that no VIP may cover are the same. */
bool host_addresses_same_vital(const struct host_addresses *a, const struct host_addresses *b);
void host_addresses_done(struct host_addresses *h);

#endif
