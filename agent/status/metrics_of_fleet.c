/* SPDX-License-Identifier: MIT */
#include "agent/status/metrics_of_fleet.h"

static void gauge(struct metric_page *page, const char *name, const char *help, uint64_t value)
{
	metric_head(page, name, "gauge", help);
	metric_sample(page, name, NULL, value);
}

void metrics_of_fleet(struct metric_page *page, const struct fleet_agent_status *fleet,
		      const struct roll *roll, wall_t now)
{
	bool waits = roll && roll->phase == ROLL_WAITING;
	if (!fleet)
		return;
	gauge(page, "fleet_session", "1 while the agent has a session in Consul for its fleet.",
	      fleet->session[0] != 0);
	gauge(page, "fleet_guarded", "Apps that the guard of the fleet is for.", fleet->n_apps);
	gauge(page, "fleet_kept", "Apps that are down and kept announced by the guard.",
	      fleet->n_kept);
	gauge(page, "fleet_joining", "Apps that stand in the line of those that join.",
	      fleet->n_joining);
	gauge(page, "fleet_waiting", "Apps that wait in line to be withdrawn.", fleet->n_waiting);
	gauge(page, "fleet_rolling", "1 while this host has a slot for rolling work.",
	      roll && !waits);
	gauge(page, "fleet_rolling_waiting", "1 while this host waits for a slot for rolling work.",
	      waits);
	gauge(page, "fleet_rolling_stuck",
	      "1 while rolling work of this host has failed or takes longer than it should: the "
	      "alarm fleet-roll.",
	      roll && roll_is_stuck(roll, now));
}
