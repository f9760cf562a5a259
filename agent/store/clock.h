/* SPDX-License-Identifier: MIT */
/*
 * The two clocks of the store: deadlines count by CLOCK_MONOTONIC while the agent runs, and are
 * written as dates. Pure.
 */
#ifndef AGENT_STORE_CLOCK_H
#define AGENT_STORE_CLOCK_H

#include "lib/mono.h"
#include "lib/wallclock.h"

/* Both at the same instant. */
struct store_clock {
	mono_t mono;
	wall_t wall;
};

/* USEC_NEVER stays what it is, here and below. */
static inline wall_t store_clock_to_wall(struct store_clock c, mono_t at)
{
	if (at == USEC_NEVER)
		return USEC_NEVER;
	return at > c.mono ? usec_add(c.wall, at - c.mono) : usec_sub(c.wall, c.mono - at);
}

/* A date that has passed is now. */
static inline mono_t store_clock_to_mono(struct store_clock c, wall_t at)
{
	if (at == USEC_NEVER)
		return USEC_NEVER;
	return usec_add(c.mono, usec_sub(at, c.wall));
}

#endif
