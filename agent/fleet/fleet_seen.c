/* SPDX-License-Identifier: MIT */
#include "agent/fleet/fleet_seen.h"

#include "lib/mem.h"

struct fleet_seen *fleet_seen_new(size_t n)
{
	struct fleet_seen *seen = mem_new(n, sizeof(*seen));
	for (size_t i = 0; i < n; i++)
		seen[i].at = USEC_NEVER;
	return seen;
}

void fleet_seen_note(struct fleet_seen *seen, size_t n, const struct fleet_view *views,
		     const struct fleet_rule *rules, wall_t wall, mono_t now)
{
	for (size_t i = 0; i < n; i++) {
		fleet_tally(&views[i], &rules[i], wall, &seen[i].tally);
		seen[i].at = now;
	}
}

/* A report that comes soon after a view, such as one of another configuration, reads nothing. */
bool fleet_seen_is_due(const struct fleet_seen *seen, size_t n, span_t refresh, uint32_t random,
		       mono_t now)
{
	size_t agents = 0;
	for (size_t i = 0; i < n; i++) {
		if (seen[i].at != USEC_NEVER && now - seen[i].at < refresh / 2)
			return false;
		if (seen[i].tally.agents > agents)
			agents = seen[i].tally.agents;
	}
	return agents <= FLEET_READERS || random % agents < FLEET_READERS;
}
