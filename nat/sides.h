/* SPDX-License-Identifier: MIT */
/* Both back ends, and which of them is active. The other one may hold rules of a previous instance,
 * or of before a fall back. */
#ifndef NAT_SIDES_H
#define NAT_SIDES_H

#include <stdbool.h>

#include "nat/choice.h"
#include "nat/side.h"

enum { NAT_SIDE_IPTABLES, NAT_SIDE_NFTABLES, NAT_SIDES };

struct nat_sides {
	struct nat_side of[NAT_SIDES];
	struct nat_side *active; /* NULL: not needed yet */
	enum nat_choice choice, lacks;
	const char *why; /* the active one */
};

void nat_sides_init(struct nat_sides *s, enum nat_choice choice,
		    const struct nat_side_events *events);
void nat_sides_done(struct nat_sides *s);

/* Opens the back end that the configuration or the host asks for and makes it active. */
int nat_sides_choose(struct nat_sides *s, struct err *err);
/* The kernel lacks something that the active one needs: whether `auto` may use the other one. */
bool nat_sides_can_fall_back(const struct nat_sides *s);
/* Makes the other one active; on failure the active one stays. */
int nat_sides_fall_back(struct nat_sides *s, struct err *err);

/* Makes both what is wanted, of one VIP or (NULL) of all. */
int nat_sides_apply(struct nat_sides *s, const struct prefix *only, struct err *err);
void nat_sides_set_stale(struct nat_sides *s);

#endif
