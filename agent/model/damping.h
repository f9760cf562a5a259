/* SPDX-License-Identifier: MIT */
/*
 * Flap damping: an app that goes down again soon after it recovered stays withdrawn for a while,
 * each time twice as long.
 *
 *	goes down                              must stay down for
 *	first time, or after `max` or longer   0: it may go up at once
 *	within `max` of its last recovery      first, 2 × first, 4 × first … max
 *
 * Withdrawals are never delayed. Pure.
 */
#ifndef AGENT_MODEL_DAMPING_H
#define AGENT_MODEL_DAMPING_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/mono.h"

/* `first` 0: no damping. */
struct damping_config {
	span_t first, max;
};

/* Zeroed memory is an app that was never up. */
struct damping {
	mono_t returned_at; /* recovered; 0: never */
	mono_t until;       /* may go up again; 0: at once */
	uint32_t flaps;     /* in a row */
	bool fell;
};

void damping_went_up(struct damping *d, mono_t now);
void damping_went_down(struct damping *d, const struct damping_config *config, mono_t now);
/* The app must not go up before d->until. */
bool damping_is_on(const struct damping *d, mono_t now);

#endif
