/* SPDX-License-Identifier: MIT */
#include "lib/clock.h"

#include <time.h>

#include "lib/mono.h"

wall_t wall_now(void)
{
	struct timespec ts;
	clock_gettime(CLOCK_REALTIME, &ts);
	return (wall_t)ts.tv_sec * USEC_PER_SEC + (wall_t)ts.tv_nsec / 1000;
}
