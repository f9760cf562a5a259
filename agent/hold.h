/* SPDX-License-Identifier: MIT */
/*
 * Withdraw fast, return calmly: an app that goes down again soon after it came back is flapping,
 * and is held down, each time twice as long.
 *
 * "Soon" is within the longest hold. The first fall after a quiet time costs nothing. Pure.
 */
#ifndef AGENT_HOLD_H
#define AGENT_HOLD_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/mono.h"

/* `first` 0: nothing is ever held. */
struct hold_config {
	usec_t first, max;
};

/* Zeroed memory is an app that was never up. */
struct hold {
	usec_t returned_at; /* went up after a fall; 0: never */
	usec_t until;       /* of the last hold; 0: none since it went up */
	uint32_t flaps;     /* falls in a row, each soon after a return */
	bool fell;
};

void hold_went_up(struct hold *h, usec_t now);
void hold_went_down(struct hold *h, const struct hold_config *config, usec_t now);
/* It must not go up before h->until. */
bool hold_is_on(const struct hold *h, usec_t now);

#endif
