/* SPDX-License-Identifier: MIT */
/* An address with the interface that it belongs to, as people write it: "fe80::1%eth0" (RFC 4007
 * 11). */
#ifndef LIB_SCOPED_ADDR_H
#define LIB_SCOPED_ADDR_H

#include <net/if.h>
#include <stdbool.h>

#include "lib/addr.h"

#define SCOPED_ADDR_TEXT_MAX (ADDR_TEXT_MAX + 1 + IF_NAMESIZE)

/* A name that the kernel takes, and that cannot be mistaken for an address. */
bool ifname_is_valid(const char *name);
/* `ifname`, of IF_NAMESIZE, is "" where the text has none, and zero behind its end. -EINVAL: the
 * part in front of '%' is not an address; -ENODEV: the part behind it cannot be an interface. The
 * outputs are untouched then. */
int scoped_addr_parse(const char *text, struct addr *ret, char *ret_ifname);

#endif
