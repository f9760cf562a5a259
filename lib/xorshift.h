/* SPDX-License-Identifier: MIT */
/* Numbers for jitter: they need not be unpredictable, and a seed repeats a run. Pure. */
#ifndef LIB_XORSHIFT_H
#define LIB_XORSHIFT_H

#include <stdint.h>

/* `*state` is a seed other than 0, which it never becomes. */
static inline uint32_t xorshift32(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

#endif
