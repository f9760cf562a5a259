/* SPDX-License-Identifier: MIT */
/*
 * Exponential back-off with jitter, as a value: the waits are first, 2 × first, 4 × first … max,
 * each shortened by up to a quarter, so that hosts that lost a router together do not return
 * together (RFC 4271 section 10 asks for the same range, 0.75 to 1.0).
 */
#ifndef LIB_BACKOFF_H
#define LIB_BACKOFF_H

#include <stdint.h>

#include "lib/mono.h"

struct backoff {
	span_t first, max;
	uint32_t tries; /* waits handed out since the last reset */
};

/* The next wait; `random` is any 32 random bits. */
span_t backoff_next(struct backoff *b, uint32_t random);
static inline void backoff_reset(struct backoff *b)
{
	b->tries = 0;
}
/* `span` shortened by up to a quarter. */
span_t jitter(span_t span, uint32_t random);

#endif
