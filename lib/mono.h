/* SPDX-License-Identifier: MIT */
/*
 * Time as values, in microseconds. Nothing here reads a clock: pure code is handed `now`, which the
 * event loop reads (process/loop.h). C does not keep the two types apart; they say what a value is.
 * Wall-clock time is a wall_t (lib/wallclock.h).
 */
#ifndef LIB_MONO_H
#define LIB_MONO_H

#include <stdint.h>

typedef uint64_t mono_t; /* an instant of CLOCK_MONOTONIC */
typedef uint64_t span_t; /* a length of time */

#define USEC_PER_MSEC ((span_t)1000)
#define USEC_PER_SEC  ((span_t)1000000)
#define USEC_NEVER    UINT64_MAX /* an instant that never comes, an unlimited span */

/* Saturates at USEC_NEVER, so that "never" plus something stays never. */
static inline uint64_t usec_add(uint64_t a, uint64_t b)
{
	return a > USEC_NEVER - b ? USEC_NEVER : a + b;
}

/* 0 when `b` is later. */
static inline uint64_t usec_sub(uint64_t a, uint64_t b)
{
	return a > b ? a - b : 0;
}

static inline uint64_t usec_min(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static inline uint64_t usec_max(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

#endif
