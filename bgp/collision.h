/* SPDX-License-Identifier: MIT */
/* Connection collision, RFC 4271 section 6.8 and RFC 6286 section 2.3. Pure. */
#ifndef BGP_COLLISION_H
#define BGP_COLLISION_H

#include <stdbool.h>

#include "bgp/fsm.h"

enum bgp_collision {
	BGP_COLLISION_NONE, /* keep both for now */
	BGP_COLLISION_DROP_THIS,
	BGP_COLLISION_DROP_OTHER,
};

/* For `self` that has just accepted an OPEN (is in OpenConfirm). */
enum bgp_collision bgp_collision_check(const struct bgp_fsm *self, const struct bgp_fsm *other);

#endif
