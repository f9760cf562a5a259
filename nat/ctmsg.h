/* SPDX-License-Identifier: MIT */
/* Messages about tracked connections (ctnetlink), built and read. Pure. */
#ifndef NAT_CTMSG_H
#define NAT_CTMSG_H

#include <libmnl/libmnl.h>
#include <stdint.h>

#include "lib/addr.h"

/* A flow: the destination of its first packet, and the one that it was translated to, from which
 * the replies come. */
struct ct_flow {
	uint8_t proto;
	struct addr dst;
	uint16_t dst_port;
	struct addr answers_from;
	uint16_t answers_port;
};

/* Room that is enough for any message built here; aligned as struct nlmsghdr. */
#define CTMSG_MAX 512

struct nlmsghdr *ct_build_dump(void *buf, uint8_t family);
/* Deletes the flow of a dumped message. NULL when that has none. */
struct nlmsghdr *ct_build_delete(void *buf, const struct nlmsghdr *dumped);
/* -EBADMSG when it is not about a flow between ports. */
int ct_parse(const struct nlmsghdr *msg, struct ct_flow *ret);

#endif
