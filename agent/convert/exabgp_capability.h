/* SPDX-License-Identifier: MIT */
/* The blocks `family` and `capability` of a neighbor of ExaBGP. Pure. */
#ifndef AGENT_CONVERT_EXABGP_CAPABILITY_H
#define AGENT_CONVERT_EXABGP_CAPABILITY_H

#include "agent/convert/document.h"
#include "agent/convert/statements.h"

void exabgp_family_carry(struct convert *c, json_t *peer, const struct statement *block);
/* `hold_time`: of the neighbor, in seconds; the restart time where none is said. */
void exabgp_capability_carry(struct convert *c, json_t *peer, const struct statement *block,
			     uint64_t hold_time);

#endif
