/* SPDX-License-Identifier: MIT */
#ifndef NET_NONLOCAL_H
#define NET_NONLOCAL_H

#include <stdbool.h>

/* Whether sockets may have IPv6 addresses that are not addresses of an interface, as those of a
 * local route (net.ipv6.ip_nonlocal_bind of this network namespace). True also when it cannot be
 * read. */
bool nonlocal_bind6(void);

#endif
