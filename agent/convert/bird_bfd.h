/* SPDX-License-Identifier: MIT */
/* BFD of a BIRD: `bfd` of sessions, and the protocol of that name, as keys of peers. Pure. */
#ifndef AGENT_CONVERT_BIRD_BFD_H
#define AGENT_CONVERT_BIRD_BFD_H

#include "agent/convert/bird_files.h"

/* `bfd` of a peer as a mapping; it is made of `bfd: true`. */
json_t *bird_bfd_of(json_t *peer);
/* "bfd { interval 200 ms; multiplier 4; }" of a session. Options that the peer already has take
 * precedence. */
void bird_bfd_options(const struct bird *b, const struct statement *block, json_t *peer);
/* `protocol bfd`: what its blocks say becomes that of the peers that they are for. Call it when all
 * peers are there. */
void bird_bfd_carry(const struct bird *b);

#endif
