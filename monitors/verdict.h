/* SPDX-License-Identifier: MIT */
/*
 * From single results to a health: `rise` passes in a row make UP, `fall` failures in a row make
 * DOWN. An unknown result (the check could not be made) changes neither the health nor the count.
 * Pure.
 */
#ifndef MONITORS_VERDICT_H
#define MONITORS_VERDICT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum health { HEALTH_UNKNOWN, HEALTH_UP, HEALTH_DOWN };
const char *health_name(enum health h); /* "unknown", "up", "down" */

struct verdict {
	enum health health;
	enum health last;    /* the last result that was not unknown */
	uint16_t streak;     /* how many in a row */
	uint16_t rise, fall; /* 0 is 1 */
};

/* Counts one result; true when the health changed. */
bool verdict_step(struct verdict *v, enum health result);
/* Results contradict the health, but too few in a row yet to change it. */
bool verdict_is_pending(const struct verdict *v);

/* The number of monitors by health. */
struct health_tally {
	size_t n[3]; /* by enum health */
};

/* UP when at least `quorum` monitors are; 0, or more than there are, means all. DOWN only when the
 * unknown ones could not make it UP. UP without monitors. */
enum health health_of_quorum(const struct health_tally *t, size_t quorum);

#endif
