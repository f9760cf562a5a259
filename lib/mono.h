/* SPDX-License-Identifier: MIT */
/*
 * Time as values: microseconds of CLOCK_MONOTONIC, or a span of them. Nothing here reads a clock;
 * pure code is handed `now`, and the loop is who reads it (process/loop.h).
 */
#ifndef LIB_MONO_H
#define LIB_MONO_H

#include <stdint.h>

typedef uint64_t usec_t;

#define USEC_PER_MSEC ((usec_t)1000)
#define USEC_PER_SEC  ((usec_t)1000000)
#define USEC_NEVER    UINT64_MAX /* a deadline that is not set */

/* Saturates at USEC_NEVER, so that "never" plus something stays never. */
static inline usec_t usec_add(usec_t a, usec_t b)
{
	return a > USEC_NEVER - b ? USEC_NEVER : a + b;
}

static inline usec_t usec_sub(usec_t a, usec_t b)
{
	return a > b ? a - b : 0;
}

static inline usec_t usec_min(usec_t a, usec_t b)
{
	return a < b ? a : b;
}

#endif
