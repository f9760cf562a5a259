/* SPDX-License-Identifier: MIT */
/*
 * The addresses of an interface, our VIPs told from the others: what the host may send from. Reads
 * only.
 */
#ifndef NET_IFACE_ADDR_H
#define NET_IFACE_ADDR_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/addr.h"
#include "lib/err.h"
#include "net/nlsock.h"

/* A global (not link-local, not tentative, not deprecated, not on lo) address of `family` on the
 * interface, not one of our VIPs; the next hop for VIPs of another family than the session.
 * -ENOENT if none. */
int iface_addr_global(uint32_t ifindex, uint8_t family, struct addr *ret, struct err *err);
/* The link-local address of the interface that can be sent from, or `wanted`, if that is one (NULL:
 * any). -ENOENT if none, also while duplicate address detection is under way. */
int iface_addr_link_local(uint32_t ifindex, const struct addr *wanted, struct addr *ret);
/* Is the address on this interface? False also when the kernel cannot tell. */
bool iface_addr_is_on(uint32_t ifindex, const struct addr *addr);

struct routed_vips;

/* One walk over the addresses of an interface tells both what an address is and which other one
 * would do. */
struct iface_addr_search {
	uint32_t ifindex;
	struct addr wanted; /* family 0: none in particular */
	/* Found: */
	bool found;       /* `wanted` is there … */
	bool ours;        /* … and is a VIP */
	bool passing;     /* … and is temporary or deprecated */
	bool any_ours;    /* there is a VIP */
	struct addr best; /* usable as a source; family 0 when there is none */
	bool best_is_temporary;
	int rank;                       /* of `best`; lower is better */
	const struct routed_vips *vips; /* inner; NULL: the tag of an address tells whose it is */
};
/* `sock` is of NETLINK_ROUTE. -errno of the kernel. */
int iface_addr_search(struct nlsock *sock, uint8_t family, struct iface_addr_search *s);
/* Of lo, also where the kernel keeps no tag on addresses. */
int iface_addr_search_lo(struct nlsock *sock, uint8_t family, struct iface_addr_search *s);

#endif
