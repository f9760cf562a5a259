/* SPDX-License-Identifier: MIT */
/* Reads the wall clock; lib/wallclock.h, which is pure, has what its values are. */
#ifndef LIB_CLOCK_H
#define LIB_CLOCK_H

#include "lib/wallclock.h"

/* CLOCK_REALTIME at this instant. */
wall_t wall_now(void);

#endif
