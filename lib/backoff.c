/* SPDX-License-Identifier: MIT */
#include "lib/backoff.h"

span_t jitter(span_t span, uint32_t random)
{
	return span - span / 4 * (random % 1024) / 1024;
}

span_t backoff_next(struct backoff *b, uint32_t random)
{
	span_t wait = b->first;
	for (uint32_t i = 0; i < b->tries && wait < b->max; i++)
		wait = usec_add(wait, wait);
	if (wait >= b->max)
		wait = b->max;
	else
		b->tries++;
	return jitter(wait, random);
}
