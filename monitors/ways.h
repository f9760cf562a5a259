/* SPDX-License-Identifier: MIT */
/* Where the clients of an app arrive on this host: what a `port` monitor looks at. Pure. */
#ifndef MONITORS_WAYS_H
#define MONITORS_WAYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/addr.h"

/* Traffic to the VIP reaches `port` of `at`: the VIP itself, or what NAT makes of it. */
struct monitor_way {
	struct prefix vip, at;
	uint16_t port;
};

/* A growing list; zeroed is empty. */
struct monitor_ways {
	struct monitor_way *items;
	size_t n, cap;
};

void monitor_ways_done(struct monitor_ways *w);
/* Unless there is one to the same place already. */
void monitor_ways_add(struct monitor_ways *w, const struct monitor_way *way);
bool monitor_ways_equal(const struct monitor_ways *a, const struct monitor_ways *b);
bool monitor_way_is_nat(const struct monitor_way *way);

#endif
