/* SPDX-License-Identifier: MIT */
#include "lib/histogram.h"

const span_t histogram_bounds[HISTOGRAM_BOUNDS] = {
	100 * USEC_PER_MSEC,  250 * USEC_PER_MSEC, 500 * USEC_PER_MSEC, USEC_PER_SEC,
	2500 * USEC_PER_MSEC, 5 * USEC_PER_SEC,    10 * USEC_PER_SEC,
};

void histogram_add(struct histogram *h, span_t span)
{
	for (int i = 0; i < HISTOGRAM_BOUNDS; i++)
		h->up_to[i] += span <= histogram_bounds[i];
	h->count++;
	h->sum = usec_add(h->sum, span);
}
