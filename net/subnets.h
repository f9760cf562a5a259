/* SPDX-License-Identifier: MIT */
/* The subnets of this host's interfaces, but for lo: what its neighbours consider on the link. */
#ifndef NET_SUBNETS_H
#define NET_SUBNETS_H

#include <net/if.h>
#include <stddef.h>

#include "lib/addr.h"

struct subnet {
	struct prefix prefix;
	char ifname[IF_NAMESIZE];
};

struct subnets {
	struct subnet *list;
	size_t n, room;
};

/* Empty when the kernel cannot be asked. Host routes (/32, /128), link-local ones and interfaces
 * without ARP are left out. */
void subnets_load(struct subnets *ret);
void subnets_done(struct subnets *s);
/* One that contains all of the VIP; NULL if none does. */
const struct subnet *subnets_around(const struct subnets *s, const struct prefix *vip);

/* The consequence for a VIP inside a subnet, and what to do; a constant. */
const char *subnets_advice(const struct prefix *vip);

#endif
