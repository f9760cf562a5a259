/* SPDX-License-Identifier: MIT */
/*
 * The source address of the agent's own sockets. A VIP must not be one, as the answer might reach
 * another host that announces it. The kernel avoids IPv6 VIPs, which are deprecated, but for the
 * host that has no other address but link-local ones: RFC 6724 puts the scope first (rule 2, before
 * rule 3).
 */
#ifndef NET_SOURCE_H
#define NET_SOURCE_H

#include <stdbool.h>

#include "lib/addr.h"
#include "lib/err.h"

typedef bool source_is_vip_fn(const struct addr *a, void *userdata);

/* To be called before `fd` is connected to `to`, which is no VIP: binds it where the kernel would
 * choose one of our VIPs, as a last resort to the link-local address that it would choose without
 * VIPs. `is_vip` NULL: the kernel is asked, which costs more. -EADDRNOTAVAIL when there is only a
 * VIP. */
int source_avoid_vip(int fd, const struct addr *to, source_is_vip_fn *is_vip, void *userdata,
		     struct err *err);
/* Is one of our VIPs the only source towards `to`? False also when the kernel cannot tell. */
bool source_is_only_vip(const struct addr *to);

#endif
