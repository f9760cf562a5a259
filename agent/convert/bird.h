/* SPDX-License-Identifier: MIT */
/* The BGP sessions of a BIRD, of version 1.6 or 2, as peers. Pure. */
#ifndef AGENT_CONVERT_BIRD_H
#define AGENT_CONVERT_BIRD_H

#include "agent/convert/bird_files.h"

/* Adds the peers of all files that were read. */
void bird_carry(struct bird *b);

#endif
