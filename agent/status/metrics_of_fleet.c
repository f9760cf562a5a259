/* SPDX-License-Identifier: MIT */
#include "agent/status/metrics_of_fleet.h"

static void gauge(struct metric_page *page, const char *name, const char *help, uint64_t value)
{
	metric_head(page, name, "gauge", help);
	metric_sample(page, name, NULL, value);
}

void metrics_of_fleet(struct metric_page *page, const struct metrics_fleet *fleet)
{
	if (!fleet)
		return;
	gauge(page, "fleet_session", "1 while the agent has a session in Consul for its fleet.",
	      fleet->has_session);
	gauge(page, "fleet_guarded", "Apps that the guard of the fleet is for.", fleet->guarded);
	gauge(page, "fleet_kept", "Apps that are down and kept announced by the guard.",
	      fleet->kept);
	gauge(page, "fleet_joining", "Apps that stand in the line of those that join.",
	      fleet->joining);
	gauge(page, "fleet_waiting", "Apps that wait in line to be withdrawn.", fleet->waiting);
	gauge(page, "fleet_rolling", "1 while this host has a slot for rolling work.",
	      fleet->rolls);
	gauge(page, "fleet_rolling_waiting", "1 while this host waits for a slot for rolling work.",
	      fleet->roll_waits);
	gauge(page, "fleet_rolling_stuck",
	      "1 while rolling work of this host has failed or takes longer than it should: the "
	      "alarm "
	      "fleet-roll.",
	      fleet->roll_is_stuck);
}
