/* SPDX-License-Identifier: MIT */
#include "agent/status/metrics_of_fleet.h"

static void gauge(struct metric_page *page, const char *name, const char *help, uint64_t value)
{
	metric_head(page, name, "gauge", help);
	metric_sample(page, name, NULL, value);
}

static void of_app(struct metric_page *page, const char *name, const struct metrics_fleet_app *app,
		   uint64_t value)
{
	const struct metric_label labels[] = { { "app", app->name }, { 0 } };
	metric_sample(page, name, labels, value);
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
	gauge(page, "fleet_waiting", "Apps that wait in line to be withdrawn.", fleet->waiting);
	if (fleet->n == 0)
		return;
	metric_head(
		page, "fleet_up", "gauge",
		"Of an app that is kept: other agents that announce its VIP, by the last answer "
		"of Consul; of several VIPs the one that is shortest of them. Else 0.");
	for (size_t i = 0; i < fleet->n; i++)
		of_app(page, "fleet_up", &fleet->apps[i], fleet->apps[i].up);
	metric_head(page, "fleet_min_up", "gauge",
		    "Of an app that is kept: agents that must stay announced. Else 0.");
	for (size_t i = 0; i < fleet->n; i++)
		of_app(page, "fleet_min_up", &fleet->apps[i], fleet->apps[i].min_up);
}
