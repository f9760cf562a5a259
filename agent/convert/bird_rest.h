/* SPDX-License-Identifier: MIT */
/* Parts of a BIRD configuration other than BGP sessions. Pure. */
#ifndef AGENT_CONVERT_BIRD_REST_H
#define AGENT_CONVERT_BIRD_REST_H

#include "agent/convert/bird_files.h"

/* A statement of the file that is not a session: says why it is dropped, if it does something. */
void bird_rest_carry(const struct bird *b, const struct statement *s);

#endif
