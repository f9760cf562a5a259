/* SPDX-License-Identifier: MIT */
/* The samples of one figure, and their statistics. */
#ifndef BENCH_SAMPLES_H
#define BENCH_SAMPLES_H

#include <stddef.h>

#define SAMPLES_MAX 1024

struct samples {
	double values[SAMPLES_MAX];
	size_t n;
};

void samples_add(struct samples *s, double value);
/* The smallest value that at least `percent` of all do not exceed (nearest rank): 50 is the
 * median, and below 100 values 99 is the largest. */
double samples_percentile(const struct samples *s, unsigned percent);

/* Milliseconds of CLOCK_MONOTONIC. */
double clock_ms(void);

#endif
