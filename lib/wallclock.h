/* SPDX-License-Identifier: MIT */
/* Dates, from CLOCK_REALTIME values. Pure: lib/clock.h reads the clock. */
#ifndef LIB_WALLCLOCK_H
#define LIB_WALLCLOCK_H

#include <stdint.h>

typedef uint64_t wall_t; /* microseconds since 1970, UTC */

/* "2026-01-02T03:04:05.678Z" (RFC 3339), UTC. Returns `buf`. */
#define DATE_TEXT_MAX 48
const char *date_format(wall_t at, char buf[static DATE_TEXT_MAX]);

#endif
