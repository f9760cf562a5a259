/* SPDX-License-Identifier: MIT */
/*
 * Due times, earliest first: a binary heap of entries that are members of what is due. Setting,
 * moving and removing one is O(log n); no allocation but the heap's array. Pure.
 */
#ifndef MONITORS_SCHED_H
#define MONITORS_SCHED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/mono.h"

struct sched_entry {
	usec_t due;
	size_t slot; /* 1 + place in the heap; 0 (zeroed memory) when not scheduled */
};

struct sched {
	struct sched_entry **heap;
	size_t n, cap;
};

void sched_done(struct sched *s); /* the entries are not touched */
/* Schedules, or moves what is scheduled already. */
void sched_set(struct sched *s, struct sched_entry *e, usec_t due);
/* Does nothing when it is not scheduled. */
void sched_remove(struct sched *s, struct sched_entry *e);
/* USEC_NEVER when nothing is scheduled. */
usec_t sched_next_due(const struct sched *s);
/* Takes out the earliest if it is due, else NULL. */
struct sched_entry *sched_pop(struct sched *s, usec_t now);

/* The first due time: anywhere within one interval, so that 10,000 things that begin together are
 * not due together. `random` is any 32 random bits. */
usec_t sched_spread(usec_t now, usec_t interval, uint32_t random);
/* The next after `due`: keeps the rhythm, but does not catch up on what was missed. */
usec_t sched_advance(usec_t due, usec_t now, usec_t interval);
/* The next multiple of the interval after `now`: what has the same interval is due together. */
usec_t sched_align(usec_t now, usec_t interval);

#endif
