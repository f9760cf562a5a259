/* SPDX-License-Identifier: MIT */
/* Work with thousands of apps is done in steps of about a millisecond, a few of them in a turn of
 * the loop. */
#ifndef AGENT_DAEMON_TURN_H
#define AGENT_DAEMON_TURN_H

#include <stdbool.h>

#include "lib/mono.h"
#include "process/loop.h"

#define TURN_MAX      (4 * USEC_PER_MSEC)
#define CHECKED_STEP  200 /* apps */
#define COMPARED_STEP 500

static inline mono_t turn_end(void)
{
	return usec_add(loop_clock(), TURN_MAX);
}

static inline bool turn_is_over(mono_t end)
{
	return loop_clock() >= end;
}

#endif
