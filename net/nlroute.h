/* SPDX-License-Identifier: MIT */
/* RTM_NEWROUTE, RTM_DELROUTE and RTM_GETROUTE messages, built and read. Pure. */
#ifndef NET_NLROUTE_H
#define NET_NLROUTE_H

#include <libmnl/libmnl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/addr.h"

struct nlroute {
	struct prefix dst;
	uint32_t table;
	uint8_t type;        /* RTN_* */
	uint8_t protocol;    /* who put it there */
	uint32_t flags;      /* RTNH_F_* */
	uint32_t metric;     /* 0 when absent */
	struct addr source;  /* RTA_PREFSRC; family 0 when absent */
	struct addr gateway; /* of the first hop of a multipath route; family 0 when absent, and not
				always of the family of the destination (RFC 5549) */
	uint32_t ifindex;    /* likewise of the first hop */
	uint32_t nexthop_id; /* of a next-hop object; 0: none. Such a route shows its hops besides,
				unless net.ipv4.nexthop_compat_mode is 0 */
};

struct nlroute_hop {
	struct addr gateway; /* family 0: none */
	uint32_t ifindex;
	uint32_t flags; /* RTNH_F_* */
};

/* Room that is enough for any message built here; aligned as struct nlmsghdr. */
#define NLROUTE_MSG_MAX 256

/* A `local` route that makes this host answer for all of a prefix; tagged as ours. For IPv4 it
 * stands beside those of others for the same prefix; -EEXIST then means that ours is there. */
struct nlmsghdr *nlroute_build_add_local(void *buf, const struct prefix *p, uint32_t ifindex);
/* -EEXIST when there is one for the same prefix, whoever's, as far as its metric is that of
 * ours. */
struct nlmsghdr *nlroute_build_claim_local(void *buf, const struct prefix *p, uint32_t ifindex);
/* Removes only one that carries our tag. */
struct nlmsghdr *nlroute_build_del_local(void *buf, const struct prefix *p, uint32_t ifindex);
/* The path to one destination; `ifindex` 0: over any interface. */
struct nlmsghdr *nlroute_build_get(void *buf, const struct addr *dst, const struct addr *source,
				   uint32_t ifindex);
/* The route that the address of the prefix is looked up in. */
struct nlmsghdr *nlroute_build_match(void *buf, const struct prefix *p);
struct nlmsghdr *nlroute_build_dump(void *buf, uint8_t family, uint32_t table);
/* Those of the table `local` that carry our tag; kernels before 4.20 send others as well. */
struct nlmsghdr *nlroute_build_dump_local(void *buf, uint8_t family);
/* Is it one that nlroute_build_add_local() makes? */
bool nlroute_is_our_local(const struct nlroute *r);
/* -EBADMSG when the message is not a well-formed route message. */
int nlroute_parse(const struct nlmsghdr *msg, struct nlroute *ret);
/* The hops of a message that nlroute_parse() accepts: several of a multipath route, else one.
 * Returns how many there are; those beyond `room` are left out. */
size_t nlroute_hops(const struct nlmsghdr *msg, struct nlroute_hop *ret, size_t room);

#endif
