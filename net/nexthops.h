/* SPDX-License-Identifier: MIT */
/*
 * The next-hop objects of the kernel (Linux 5.3), read at once: what routes that name one by its
 * number only lead to (net.ipv4.nexthop_compat_mode=0). Reads only.
 */
#ifndef NET_NEXTHOPS_H
#define NET_NEXTHOPS_H

#include <stddef.h>
#include <stdint.h>

#include "net/nlroute.h"
#include "net/nlsock.h"

struct nexthop_object;

struct nexthops {
	struct nexthop_object *items; /* by number */
	size_t n, cap;
};

/* None on kernels without them. *ret is to be freed after an error, too. */
int nexthops_load(struct nlsock *sock, struct nexthops *ret);
void nexthops_done(struct nexthops *n);
/* The hops of an object, or of the members of a group. Returns how many there are in `ret`; 0:
 * there is no such object. */
size_t nexthops_find(const struct nexthops *n, uint32_t id, struct nlroute_hop *ret, size_t room);

#endif
