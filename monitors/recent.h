/* SPDX-License-Identifier: MIT */
/* The last checks of a monitor: how each ended and how long it took, in 80 octets. Pure. */
#ifndef MONITORS_RECENT_H
#define MONITORS_RECENT_H

#include <stddef.h>
#include <stdint.h>

#include "lib/mono.h"
#include "monitors/verdict.h"

#define RECENT_CHECKS 16

/* Zeroed: none yet. */
struct recent_checks {
	uint32_t took[RECENT_CHECKS]; /* microseconds */
	uint8_t health[RECENT_CHECKS];
	uint8_t n, next;
};

/* UNKNOWN: it could not be made. More than an hour counts as an hour. */
void recent_checks_add(struct recent_checks *r, enum health health, span_t took);
/* Number `i` of `n`, the oldest first. */
enum health recent_checks_at(const struct recent_checks *r, size_t i, span_t *ret_took);

#endif
