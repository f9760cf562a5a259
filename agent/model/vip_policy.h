/* SPDX-License-Identifier: MIT */
/*
 * Which VIPs and communities may be asked for over HTTP and by Consul's tags (`agent.vips`). Pure.
 *
 * A VIP that is bound to lo makes the host answer for it: one that another host already has cuts
 * the host off from it, and with NAT takes its traffic. So without a list these sources may have
 * host routes only, and never what this host or a neighbour uses. A list opens more, in two steps:
 *
 *	an entry that contains the VIP   wider VIPs, down to min_length
 *	an entry that is the VIP itself  that VIP, whatever is known against it
 *	an entry inside a special range  what it contains of that range
 *
 * `bind: none`, with which nothing on the host answers, needs an entry that contains the VIP; so
 * does `bind: present`, with which the VIP may be an address of this host that is not part of a
 * subnet.
 */
#ifndef AGENT_MODEL_VIP_POLICY_H
#define AGENT_MODEL_VIP_POLICY_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/model/app_spec.h"
#include "bgp/config.h"
#include "lib/addr.h"
#include "lib/err.h"

struct prefix_list {
	struct prefix *items;
	size_t n;
};

struct vip_lengths {
	uint8_t v4, v6;
};

/* Additional limits of one principal; zero and empty: none. */
struct vip_limits {
	struct prefix_list allow; /* in place of agent.vips.allow */
	uint16_t max;
	struct vip_lengths min_length;
	struct bgp_communities communities;
};

bool vip_limits_any(const struct vip_limits *limits); /* is one set? */
void vip_limits_done(struct vip_limits *limits);

struct vip_policy {
	struct prefix_list allow;
	const char *allow_key; /* the key of `allow`, for refusals; NULL: agent.vips.allow */
	uint16_t max;          /* VIPs of both sources together; 0: no limit of its own */
	struct vip_lengths min_length;
	struct bgp_communities communities; /* empty: all but BLACKHOLE */
	bool strict;                        /* the configuration is bound by it, too */
	const struct vip_limits
		*own;        /* of the principal, the stricter of both counts; NULL: none */
	const char *own_key; /* where they are, for refusals */
	size_t own_others;   /* VIPs that other apps of the principal have */
};

/* From now on for the principal that has these limits. They must outlive it, as must the key. */
void vip_policy_limit(struct vip_policy *policy, const struct vip_limits *own, const char *key);

/* An address of an interface, with the length of its subnet, or a connected route. */
struct vip_host_net {
	struct prefix prefix; /* of an address: host bits may be set */
	char ifname[IF_NAMESIZE];
};

/* Addresses and routes that this host has and uses, its VIPs excepted. */
struct vip_host {
	const struct vip_host_net *addresses;
	size_t n_addresses;
	const struct vip_host_net *connected; /* routes without a next hop, but the default */
	size_t n_connected;
	const struct addr *next_hops; /* of any route */
	size_t n_next_hops;
	struct addr consul; /* family 0: none, or a name */
};

/* 0; or -EACCES with a text that names the value, the reason and the key that allows it.
 * `n_others`: VIPs that other apps of HTTP and Consul have. `warning` is filled when a VIP is
 * allowed and likely does not work: the subnet of an interface contains it. */
int vip_policy_check(const struct vip_policy *policy, const struct vip_host *host,
		     const struct app_spec *spec, size_t n_others, struct err *err,
		     struct err *warning);
/* Is the app bound by the policy? */
bool vip_policy_binds(const struct vip_policy *policy, enum app_source source);

#endif
