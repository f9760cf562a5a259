/* SPDX-License-Identifier: MIT */
/* What the kernel's routing says about the way to a peer. Reads only. */
#ifndef NET_FIB_H
#define NET_FIB_H

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

#include "lib/addr.h"
#include "lib/err.h"

struct fib_path {
	struct addr source;  /* what to send from, never a VIP of ours; family 0 if the kernel says
				nothing */
	struct addr gateway; /* family 0: on a connected network (or local); IPv6 also for IPv4 */
	uint32_t ifindex;
};

/* The way to `dst`; `ifindex` 0 or the scope of a link-local destination. -ENETUNREACH (or what
 * else the kernel says) if none. -EADDRNOTAVAIL when a VIP of ours is the only source there is. */
int fib_lookup(const struct addr *dst, uint32_t ifindex, struct fib_path *ret, struct err *err);
/* The error of one of these functions says nothing about routes or addresses: the kernel could not
 * be asked (no descriptor, no memory, a table that changed all the time). To be asked again. */
bool fib_is_unavailable(int error);
/* The gateway of the default route of lowest metric in the main table (the first hop of a
 * multipath route), IPv4 before IPv6. -ENOENT if there is none. */
int fib_default_gateway(struct addr *ret, uint32_t *ret_ifindex, struct err *err);
/* A global (not link-local, not tentative, not deprecated, not on lo) address of `family` on the
 * interface, not one of ours; the next hop for VIPs of another family than the session.
 * -ENOENT if none. */
int fib_interface_address(uint32_t ifindex, uint8_t family, struct addr *ret, struct err *err);
/* Is this an address of this host that it can send from now? `ifindex` is the scope of a link-local
 * one, else 0. True also when the kernel cannot tell. */
bool fib_has_address(const struct addr *addr, uint32_t ifindex);

enum fib_link_state {
	FIB_LINK_UP,
	FIB_LINK_NO_CARRIER,
	FIB_LINK_DOWN, /* somebody set it down */
	FIB_LINK_GONE,
};
struct fib_link {
	enum fib_link_state state;
	char name[IF_NAMESIZE]; /* "" when it is gone */
};
/* UP also when the kernel does not say. */
void fib_link(uint32_t ifindex, struct fib_link *ret);
/* Would the kernel deliver to this host what is sent to `dst`? */
int fib_is_local(const struct addr *dst, bool *ret, struct err *err);

#endif
