/* SPDX-License-Identifier: MIT */
/*
 * Due times, earliest first: a binary heap of entries that are members of what is due. Setting,
 * moving and removing one is O(log n); no allocation but the heap's array. Pure.
 */
#ifndef LIB_DEADLINES_H
#define LIB_DEADLINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/mono.h"

struct deadline {
	mono_t due;
	size_t slot; /* 1 + place in the heap; 0 (zeroed memory) when not scheduled */
};

struct deadlines {
	struct deadline **heap;
	size_t n, cap;
};

void deadlines_done(struct deadlines *s); /* the entries are not touched */
/* Schedules, or moves what is scheduled already. */
void deadlines_set(struct deadlines *s, struct deadline *e, mono_t due);
/* Does nothing when it is not scheduled. */
void deadlines_remove(struct deadlines *s, struct deadline *e);
/* USEC_NEVER when nothing is scheduled. */
mono_t deadlines_next_due(const struct deadlines *s);
/* Takes out the earliest if it is due, else NULL. */
struct deadline *deadlines_pop(struct deadlines *s, mono_t now);

/* The first due time: anywhere within one interval, so that 10,000 things that begin together are
 * not due together. `random` is any 32 random bits. */
mono_t deadline_spread(mono_t now, span_t interval, uint32_t random);
/* The next after `due`: keeps the rhythm, but does not catch up on what was missed. */
mono_t deadline_advance(mono_t due, mono_t now, span_t interval);
/* The next multiple of the interval after `now`: what has the same interval is due together. */
mono_t deadline_align(mono_t now, span_t interval);

#endif
