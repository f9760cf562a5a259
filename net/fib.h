/* SPDX-License-Identifier: MIT */
/* Lookups in the kernel's routing: the path to a peer and its source address. Reads only.
 *
 * Where err_is_unavailable() (lib/err.h) holds, the kernel could not be asked.
 */
#ifndef NET_FIB_H
#define NET_FIB_H

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

#include "lib/addr.h"
#include "lib/err.h"
#include "net/iface.h"

struct fib_path {
	struct addr source;  /* never one of our VIPs, nor a temporary or deprecated address where
			      * there is another; family 0 if the kernel names none */
	struct addr gateway; /* family 0: on the link (or local); IPv6 also for IPv4 */
	uint32_t ifindex;
	bool corrected; /* the source is not the one the kernel would choose: bind to it */
};

/* The path to `dst` of a socket that is bound to `source`, which rules of policy routing may ask
 * for (NULL: not bound; one that the host does not have counts as NULL); `ifindex` 0, the scope of
 * a link-local destination, or the VRF that the socket is bound to. -ENETUNREACH (or another error
 * of the kernel) if none. -EADDRNOTAVAIL when one of our VIPs is the only source there is. */
int fib_lookup(const struct addr *dst, const struct addr *source, uint32_t ifindex,
	       struct fib_path *ret, struct err *err);
/* Is this an address of this host that it can send from now? `ifindex` is the scope of a link-local
 * one, the VRF that it is looked for in, or 0. True also when the kernel cannot tell. */
bool fib_has_address(const struct addr *addr, uint32_t ifindex);

/* Without a route in the VRF, the kernel looks into the main table: does what it has found there
 * lead out through another interface than those of the VRF? Then that is *ret_link. */
bool fib_leaves_vrf(const struct fib_path *path, uint32_t vrf, struct iface *ret_link);
/* Is there a default route of IPv4, in the VRF, or with 0 in whatever table the rules lead to? True
 * also when the kernel cannot tell; then *ret_unavailable, if not NULL: to be asked again. */
bool fib_has_default4(uint32_t vrf, bool *ret_unavailable);
/* Would the kernel deliver packets for `dst` to this host? */
int fib_is_local(const struct addr *dst, bool *ret, struct err *err);

#endif
