/* SPDX-License-Identifier: MIT */
/* Spans counted by length, as Prometheus' histograms want them. Pure. */
#ifndef LIB_HISTOGRAM_H
#define LIB_HISTOGRAM_H

#include <stddef.h>
#include <stdint.h>

#include "lib/mono.h"

#define HISTOGRAM_BOUNDS_MAX 14

struct histogram_scale {
	size_t n;
	span_t bounds[HISTOGRAM_BOUNDS_MAX]; /* rising */
};

extern const struct histogram_scale histogram_of_stalls;    /* 100 ms to 10 s */
extern const struct histogram_scale histogram_of_checks;    /* 1 ms to 10 s */
extern const struct histogram_scale histogram_of_latencies; /* 50 us to 1 s */

/* Zeroed but for `scale`. */
struct histogram {
	const struct histogram_scale *scale;
	uint64_t up_to[HISTOGRAM_BOUNDS_MAX]; /* each holds those of the smaller bounds as well */
	uint64_t count;
	span_t sum;
};

void histogram_add(struct histogram *h, span_t span);

#endif
