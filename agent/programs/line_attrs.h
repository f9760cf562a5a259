/* SPDX-License-Identifier: MIT */
/* The attributes of a line, in any order. Of one that is there twice the first counts, as with
 * ExaBGP. Pure. */
#ifndef AGENT_PROGRAMS_LINE_ATTRS_H
#define AGENT_PROGRAMS_LINE_ATTRS_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/model/route_spec.h"
#include "agent/programs/tokens.h"

struct line_attrs {
	struct route_spec *spec; /* filled; of the caller */
	uint32_t seen;
	bool has_next_hop;
	bool has_path_id; /* which is ignored */
	uint8_t split;    /* 0: none */
};

/* The next attribute. -EINVAL with a text for a word that is none, one that cannot be sent, or a
 * value that is wrong. */
int line_attrs_next(struct tokens *t, struct line_attrs *a, struct err *err);

#endif
