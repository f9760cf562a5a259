/* SPDX-License-Identifier: MIT */
/*
 * Do checks begin when they are due? On an overloaded host they wait for each other, and what
 * should run every second runs every two. No single check shows it; this averages their lateness
 * over a window. Pure.
 */
#ifndef MONITORS_LOAD_H
#define MONITORS_LOAD_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/mono.h"

struct load {
	/* Of the last whole window. */
	bool behind;
	mono_t since;     /* of `behind` */
	span_t late;      /* on average */
	unsigned percent; /* of their interval: at 100 they run half as often as configured */
	/* Of the present one. */
	mono_t window_began;
	uint64_t n;
	span_t sum_late, sum_interval;
};

/* A check with this interval began, `late` after it was due. True when `behind` changed. */
bool load_add(struct load *l, span_t late, span_t interval, mono_t now);

#endif
