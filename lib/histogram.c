/* SPDX-License-Identifier: MIT */
#include "lib/histogram.h"

#define MSEC(n) ((n)*USEC_PER_MSEC)

const struct histogram_scale histogram_of_stalls = {
	7,
	{ MSEC(100), MSEC(250), MSEC(500), MSEC(1000), MSEC(2500), MSEC(5000), MSEC(10000) },
};

const struct histogram_scale histogram_of_checks = {
	13,
	{ MSEC(1), 2500, MSEC(5), MSEC(10), MSEC(25), MSEC(50), MSEC(100), MSEC(250), MSEC(500),
	  MSEC(1000), MSEC(2500), MSEC(5000), MSEC(10000) },
};

const struct histogram_scale histogram_of_latencies = {
	14,
	{ 50, 100, 250, 500, MSEC(1), 2500, MSEC(5), MSEC(10), MSEC(25), MSEC(50), MSEC(100),
	  MSEC(250), MSEC(500), MSEC(1000) },
};

void histogram_add(struct histogram *h, span_t span)
{
	for (size_t i = 0; i < h->scale->n; i++)
		h->up_to[i] += span <= h->scale->bounds[i];
	h->count++;
	h->sum = usec_add(h->sum, span);
}
