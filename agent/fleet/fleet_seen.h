/* SPDX-License-Identifier: MIT */
/*
 * State of the fleet as seen by this agent, by VIP, from views that it reads anyway, and those that
 * it reads with a report. For metrics and people only: the guard judges each view on its own.
 */
#ifndef AGENT_FLEET_FLEET_SEEN_H
#define AGENT_FLEET_FLEET_SEEN_H

#include <stdbool.h>
#include <stdint.h>

#include "fleet/guard.h"
#include "fleet/tally.h"
#include "lib/mono.h"

/* So many agents of a VIP read with their reports, on average: each one of a fleet that is
 * smaller. */
#define FLEET_READERS 32

struct fleet_seen {
	struct fleet_tally tally;
	mono_t at; /* USEC_NEVER: not yet */
};

struct fleet_seen *fleet_seen_new(size_t n);
/* `views` and `rules` by VIP. */
void fleet_seen_note(struct fleet_seen *seen, size_t n, const struct fleet_view *views,
		     const struct fleet_rule *rules, wall_t wall, mono_t now);
/* Whether a report, sent every `refresh` at most, is to read what there is. */
bool fleet_seen_is_due(const struct fleet_seen *seen, size_t n, span_t refresh, uint32_t random,
		       mono_t now);

#endif
