/* SPDX-License-Identifier: MIT */
/* Sysctls without which the kernel drops packets of other hosts that are translated to an
 * address. */
#ifndef NET_FORWARDING_H
#define NET_FORWARDING_H

#include "lib/addr.h"

/* The sysctl that is off, as `sysctl -w` takes it; NULL when none stands in the way, or when that
 * cannot be known. An IPv4 one counts as on when it is on for some interface but lo. */
const char *forwarding_lacks(const struct addr *to);

#endif
