/* SPDX-License-Identifier: MIT */
/* Next-hop objects of the kernel (Linux 5.3): RTM_GETNEXTHOP and its answer. Pure. */
#ifndef NET_NLNEXTHOP_H
#define NET_NLNEXTHOP_H

#include <libmnl/libmnl.h>
#include <stddef.h>
#include <stdint.h>

#include "net/nlroute.h"

struct nlnexthop {
	uint32_t id;
	struct nlroute_hop hop; /* without a gateway: of a group or a blackhole, or a device only */
	size_t n_members;       /* of a group; those beyond the caller's room are left out */
};

/* Asks for one object. */
struct nlmsghdr *nlnexthop_build_get(void *buf, uint32_t id);
/* Asks for all of them. */
struct nlmsghdr *nlnexthop_build_dump(void *buf);
/* `members`: room for the objects of a group, by number. -EBADMSG when the message is not a
 * well-formed one. */
int nlnexthop_parse(const struct nlmsghdr *msg, struct nlnexthop *ret, uint32_t *members,
		    size_t room);

#endif
