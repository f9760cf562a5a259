/* SPDX-License-Identifier: MIT */
#include "agent/config/schema_metrics.h"

#include "agent/config/config.h"
#include "agent/config/format.h"

static int add_app(const struct config_key *key, const char *text, void *target, struct err *err)
{
	return app_selection_add(config_field(key, target), text, err);
}

static const struct config_type type_apps = { "`true`, `false`, or names of apps", add_app,
					      config_format_app_selection };

static const struct config_key metrics_keys[] = {
	{ .name = "per_app",
	  .shape = CONFIG_VALUES,
	  .type = &type_apps,
	  .offset = offsetof(struct config_agent, metrics_of),
	  .default_words = "`true`",
	  .doc = "Which apps have series of their own in `/metrics`, and their VIPs and monitors: "
		 "all, none, or those that are named, of whatever source. Totals count all. How "
		 "many series that is: [metrics.md](metrics.md#how-many-samples)." },
	{ 0 },
};

const struct config_section config_metrics_section = {
	.path = "agent.metrics",
	.doc = "Contents of `/metrics`.",
	.keys = metrics_keys,
};
