/* SPDX-License-Identifier: MIT */
/*
 * From single results to a health that does not flap: so many passes in a row make UP, so many
 * failures in a row make DOWN. A result that says nothing (the check could not run) changes
 * nothing: neither the health nor what was counted so far. Pure.
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
	enum health last;    /* the last result that said something */
	uint16_t streak;     /* how many of it in a row */
	uint16_t rise, fall; /* how many it takes; 0 is 1 */
};

/* Takes one result; true when the health changed. */
bool verdict_step(struct verdict *v, enum health result);
/* Results are at odds with the health, but too few in a row yet to change it. */
bool verdict_is_pending(const struct verdict *v);

/* How many monitors of an app have which health. */
struct health_tally {
	size_t n[3]; /* by enum health */
};

/* The health of an app of which `quorum` monitors must be UP; 0 or more than there are: all of
 * them. DOWN only when the unknown ones could not make it UP. Without monitors it is UP. */
enum health health_of_quorum(const struct health_tally *t, size_t quorum);

#endif
