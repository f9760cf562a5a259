/* SPDX-License-Identifier: MIT */
/*
 * Do checks begin when they are due? When more is to be done than the machine can do, they wait for
 * each other, and what is to run every second runs every two. Nobody notices by looking at one
 * check; this adds up how late they are. Pure.
 */
#ifndef MONITORS_LOAD_H
#define MONITORS_LOAD_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/mono.h"

struct load {
	/* Of the last whole window. */
	bool behind;
	usec_t since;     /* of `behind` */
	usec_t late;      /* on average */
	unsigned percent; /* of their interval: at 100 they run half as often as they should */
	/* Of the present one. */
	usec_t window_began;
	uint64_t n;
	usec_t sum_late, sum_interval;
};

/* A check that is made every `interval` began, `late` after it was due. True when `behind` is not
 * what it was. */
bool load_take(struct load *l, usec_t late, usec_t interval, usec_t now);

#endif
