/* SPDX-License-Identifier: MIT */
/* `attribute [ 0xTYPE 0xFLAGS 0xDATA ]`: an attribute as its octets, of the types that we send.
 * Pure. */
#ifndef AGENT_PROGRAMS_LINE_GENERIC_H
#define AGENT_PROGRAMS_LINE_GENERIC_H

#include <stdbool.h>

#include "agent/model/route_spec.h"
#include "agent/programs/tokens.h"

/* Behind the word `attribute`. Attributes that the spec already has stay. */
int line_generic_parse(struct tokens *t, struct route_spec *spec, bool *ret_has_next_hop,
		       struct err *err);

#endif
