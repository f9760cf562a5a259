/* SPDX-License-Identifier: MIT */
/* Lookups in the kernel's routing: the path to a peer, its source address, its link. Reads only.
 */
#ifndef NET_FIB_H
#define NET_FIB_H

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

#include "lib/addr.h"
#include "lib/err.h"

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
/* The error of one of these functions says nothing about routes or addresses: the kernel could not
 * be asked (no descriptor, no memory, a table that changed all the time). To be asked again. */
bool fib_is_unavailable(int error);
/* A global (not link-local, not tentative, not deprecated, not on lo) address of `family` on the
 * interface, not one of our VIPs; the next hop for VIPs of another family than the session.
 * -ENOENT if none. */
int fib_interface_address(uint32_t ifindex, uint8_t family, struct addr *ret, struct err *err);
/* The link-local address of the interface that can be sent from, or `wanted`, if that is one (NULL:
 * any). -ENOENT if none, also while duplicate address detection is under way. */
int fib_interface_link_local(uint32_t ifindex, const struct addr *wanted, struct addr *ret);
/* Is the address on this interface? False also when the kernel cannot tell. */
bool fib_interface_has(uint32_t ifindex, const struct addr *addr);
/* Is this an address of this host that it can send from now? `ifindex` is the scope of a link-local
 * one, the VRF that it is looked for in, or 0. True also when the kernel cannot tell. */
bool fib_has_address(const struct addr *addr, uint32_t ifindex);

enum fib_link_state {
	FIB_LINK_UP,
	FIB_LINK_NO_CARRIER,
	FIB_LINK_DOWN, /* administratively */
	FIB_LINK_GONE,
};
/* "is down", "has no carrier"; NULL when it is up. */
const char *fib_link_words(enum fib_link_state state);

#define FIB_MAC_MAX 6

struct fib_link {
	enum fib_link_state state;
	uint8_t mac[FIB_MAC_MAX];
	uint8_t mac_len;        /* 0: it has none, or one of another size */
	char name[IF_NAMESIZE]; /* "" when it is gone */
	uint32_t master;        /* the VRF or bridge that it belongs to; 0: none */
	bool is_in_vrf;         /* master is a VRF */
};
/* 0: there is no interface of that name, or the kernel could not be asked, and `*unsure` becomes
 * true (NULL: it does not matter). if_nametoindex() says ENOENT when the process is out of
 * descriptors. */
uint32_t fib_interface_index(const char *name, bool *unsure);
/* An error: the kernel could not be asked, and the state is UP. */
int fib_link(uint32_t ifindex, struct fib_link *ret);
/* The VRF that the interface belongs to. "": none, or the one that all sockets of this process are
 * in (`ip vrf exec`). An error: the kernel could not be asked. */
int fib_link_vrf(uint32_t ifindex, char ret_name[static IF_NAMESIZE]);
/* Without a route in the VRF, the kernel looks into the main table: does what it has found there
 * lead out through another interface than those of the VRF? Then that is *ret_link. */
bool fib_leaves_vrf(const struct fib_path *path, uint32_t vrf, struct fib_link *ret_link);
/* Is there a default route of IPv4, in the VRF, or with 0 in whatever table the rules lead to? True
 * also when the kernel cannot tell; then *ret_unavailable, if not NULL: to be asked again. */
bool fib_has_default4(uint32_t vrf, bool *ret_unavailable);
/* Would the kernel deliver packets for `dst` to this host? */
int fib_is_local(const struct addr *dst, bool *ret, struct err *err);

#endif
