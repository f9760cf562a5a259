/* SPDX-License-Identifier: MIT */
/*
 * The default gateways of this host, in whatever form its routes name them: one route or several, a
 * multipath route, a next-hop object or a group of those. Reads only.
 */
#ifndef NET_GATEWAYS_H
#define NET_GATEWAYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/addr.h"
#include "lib/err.h"

struct gateway {
	struct addr addr; /* IPv6 also for IPv4 (RFC 5549) */
	uint32_t ifindex;
};

struct gateways {
	struct gateway *list; /* each once, in the kernel's order */
	size_t n, room;
};

/* Those of the default routes of lowest metric in the main table, IPv4 before IPv6. Those that the
 * kernel does not use (dead) are left out, and those on a link without carrier are the last.
 * -ENOENT if there is none. */
int gateways_find(struct gateways *ret, struct err *err);
void gateways_done(struct gateways *g);
/* The same address is another gateway on another interface if it is link-local. */
bool gateways_contain(const struct gateways *g, const struct gateway *one);
bool gateway_equal(const struct gateway *a, const struct gateway *b);

#endif
