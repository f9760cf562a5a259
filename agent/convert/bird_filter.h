/* SPDX-License-Identifier: MIT */
/* Changes that BIRD's filters make to the routes that they accept. Pure. */
#ifndef AGENT_CONVERT_BIRD_FILTER_H
#define AGENT_CONVERT_BIRD_FILTER_H

#include "agent/convert/bird_files.h"

/* The body of a filter or function, or a statement of it: attributes that it sets for all that is
 * announced become those of the peer; others are remarked. */
void bird_filter_carry(const struct bird *b, const struct statement *body, json_t *peer);

#endif
