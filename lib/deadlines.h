/* SPDX-License-Identifier: MIT */
/*
 * Deadlines, earliest first: a binary heap whose entries are members of the objects that are due.
 * Setting, moving and removing one is O(log n); only the array of the heap is allocated. Entries
 * of the same time leave in no particular order. Pure.
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
/* Removes the earliest and returns it if it is due, else NULL. */
struct deadline *deadlines_pop(struct deadlines *s, mono_t now);

/* When something periodic is due first: anywhere within one interval after `now`, so that 10,000
 * monitors that begin together are not due together. `random` is any 32 random bits. */
mono_t deadline_spread(mono_t now, span_t interval, uint32_t random);
/* The one after `due`: one interval later; or, when that is past, one interval from now: missed
 * ones are not made up for. */
mono_t deadline_advance(mono_t due, mono_t now, span_t interval);
/* The first multiple of the interval after `now`, so that all with one interval are due together;
 * `now` when the interval is 0. */
mono_t deadline_align(mono_t now, span_t interval);

#endif
