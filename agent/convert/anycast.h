/* SPDX-License-Identifier: MIT */
/* anycast-healthchecker: its settings and checks, and the BGP sessions of the BIRD beside it.
 * Pure. */
#ifndef AGENT_CONVERT_ANYCAST_H
#define AGENT_CONVERT_ANYCAST_H

#include "agent/convert/document.h"

int convert_anycast(struct convert *c, const struct convert_input *inputs, size_t n,
		    const struct convert_options *options, struct err *err);

#endif
