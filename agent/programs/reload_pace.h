/* SPDX-License-Identifier: MIT */
/*
 * When a reload that programs ask for begins: at once, but not within RELOAD_PACE of the one
 * before. However many ask meanwhile, one follows. Zeroed memory is a pace without any. Pure.
 */
#ifndef AGENT_PROGRAMS_RELOAD_PACE_H
#define AGENT_PROGRAMS_RELOAD_PACE_H

#include <stdbool.h>

#include "lib/mono.h"

#define RELOAD_PACE (10 * USEC_PER_SEC)

struct reload_pace {
	mono_t next; /* the earliest */
	bool waits;  /* one was asked for and has not begun */
};

/* When it is to begin; USEC_NEVER: with the one that waits already. */
mono_t reload_pace_ask(struct reload_pace *p, mono_t now);
/* It begins. */
void reload_pace_begin(struct reload_pace *p, mono_t now);

#endif
