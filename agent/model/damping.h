/* SPDX-License-Identifier: MIT */
/*
 * Withdraw fast, return calmly: an app that goes down again soon after it came back is flapping,
 * and is held down, each time twice as long.
 *
 * "Soon" is within the longest hold. The first fall after a quiet time costs nothing. Pure.
 */
#ifndef AGENT_MODEL_DAMPING_H
#define AGENT_MODEL_DAMPING_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/mono.h"

/* `first` 0: nothing is ever held. */
struct damping_config {
	span_t first, max;
};

/* Zeroed memory is an app that was never up. */
struct damping {
	mono_t returned_at; /* went up after a fall; 0: never */
	mono_t until;       /* of the last hold; 0: none since it went up */
	uint32_t flaps;     /* falls in a row, each soon after a return */
	bool fell;
};

void damping_went_up(struct damping *h, mono_t now);
void damping_went_down(struct damping *h, const struct damping_config *config, mono_t now);
/* It must not go up before h->until. */
bool damping_is_on(const struct damping *h, mono_t now);

#endif
