/* SPDX-License-Identifier: MIT */
#include "bench/samples.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench/scratch.h"

void samples_add(struct samples *s, double value)
{
	if (s->n == SAMPLES_MAX)
		fail("more than %d samples", SAMPLES_MAX);
	s->values[s->n++] = value;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

double samples_percentile(const struct samples *s, unsigned percent)
{
	double sorted[SAMPLES_MAX];
	if (s->n == 0)
		fail("nothing was measured");
	memcpy(sorted, s->values, s->n * sizeof(sorted[0]));
	qsort(sorted, s->n, sizeof(sorted[0]), compare);
	size_t rank = (s->n * percent + 99) / 100;
	return sorted[rank > 0 ? rank - 1 : 0];
}

double clock_ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}
