/* SPDX-License-Identifier: MIT */
/*
 * Who listens on the watched ports: the lookups, and what they found.
 *
 * An exact one takes a microsecond, one of all listeners on a port fifty; a dump of all listeners,
 * which answers for every port at once, takes 70 µs and 1 µs per listener. Many checks at once (the
 * runner's interval) share a dump.
 */
#ifndef MONITORS_PORT_LOOKUP_H
#define MONITORS_PORT_LOOKUP_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/err.h"
#include "lib/hash.h"
#include "lib/list.h"
#include "lib/mono.h"
#include "net/listeners.h"
#include "net/sockdiag.h"

/* A port of a protocol, with what was found there at the last lookup. */
struct port_group {
	uint8_t proto;
	uint16_t port;
	struct list entries;   /* the user's */
	struct list_node news; /* the user's */
	struct listeners listeners;
	uint64_t era;  /* of the lookup */
	bool complete; /* of one for this port alone */
	uint32_t key;
	UT_hash_handle hh;
};

struct port_lookup {
	struct sockdiag *diag;
	struct port_group *groups;
	uint64_t era;          /* listeners of a former one are not to be relied on */
	bool tcp_all, udp_all; /* all groups were dumped in this era */
	mono_t burst_ends;
	unsigned burst_lookups;
};

int port_lookup_init(struct port_lookup *l, struct err *err);
/* All groups must be gone. */
void port_lookup_done(struct port_lookup *l);

/* NULL: there is none. */
struct port_group *port_group_find(const struct port_lookup *l, uint8_t proto, uint16_t port);
struct port_group *port_group_new(struct port_lookup *l, uint8_t proto, uint16_t port);
void port_group_free(struct port_lookup *l, struct port_group *g);

/* Earlier results may be out of date. */
void port_lookup_forget(struct port_lookup *l);
/* A dump of all ports of the protocol. */
void port_lookup_all(struct port_lookup *l, uint8_t proto);
/* Whether the place of this group is served, by any means; `was_down`: it was not before, and that
 * a dump has not seen a listener is enough. -errno when the kernel could not be asked. */
int port_lookup_check(struct port_lookup *l, struct port_group *g,
		      const struct listener_place *place, bool was_down, bool *ret);
/* True when the place is served, as far as a dump has seen it or, with `exact`, the exact lookup:
 * false says nothing. */
bool port_lookup_glance(const struct port_lookup *l, const struct port_group *g,
			const struct listener_place *place, bool exact);
/* One that was found on the port; its address has family 0 when none was. */
struct listener port_lookup_first(const struct port_lookup *l, const struct port_group *g);

#endif
