/* SPDX-License-Identifier: MIT */
/* Sockets that listen on one port, and whom they serve. Pure. */
#ifndef NET_LISTENERS_H
#define NET_LISTENERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/addr.h"

/* Of every network namespace (include/net/flow.h: LOOPBACK_IFINDEX). */
#define LISTENER_LO_IFINDEX 1

struct listener {
	struct addr addr; /* a v4-mapped address as IPv4 */
	uint32_t ifindex; /* the device that it is bound to; 0: none */
	bool v6only;      /* of ::, no IPv4 */
};

/* Packets that a listener has to take: to `port` (host order) of an address in `at`. Hashed as
 * memory: no padding in it. */
struct listener_place {
	struct prefix at;
	uint8_t proto; /* IPPROTO_TCP or IPPROTO_UDP */
	bool local;    /* those of this host are enough: a listener bound to lo takes them */
	uint16_t port;
};
_Static_assert(sizeof(struct listener_place) == 22, "struct listener_place is hashed as memory");

bool listener_is_wildcard(const struct listener *l);
bool listener_serves(const struct listener *l, const struct listener_place *place);

/* A growing list; zeroed is empty. Call listeners_sort() after the last listeners_add(). */
struct listeners {
	struct listener *items;
	size_t n, cap;
};

void listeners_done(struct listeners *l);
void listeners_clear(struct listeners *l); /* keeps the memory */
void listeners_add(struct listeners *l, const struct listener *one);
void listeners_sort(struct listeners *l);
/* In logarithmic time: a name server may listen on each of thousands of addresses. */
bool listeners_serve(const struct listeners *l, const struct listener_place *place);

#endif
