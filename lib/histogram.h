/* SPDX-License-Identifier: MIT */
/* Spans counted by length, as Prometheus' histograms want them. Pure. */
#ifndef LIB_HISTOGRAM_H
#define LIB_HISTOGRAM_H

#include <stdint.h>

#include "lib/mono.h"

#define HISTOGRAM_BOUNDS 7

extern const span_t histogram_bounds[HISTOGRAM_BOUNDS];

struct histogram {
	uint64_t up_to[HISTOGRAM_BOUNDS]; /* each holds those of the smaller bounds as well */
	uint64_t count;
	span_t sum;
};

void histogram_add(struct histogram *h, span_t span);

#endif
