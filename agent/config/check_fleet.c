/* SPDX-License-Identifier: MIT */
#include "agent/config/check_fleet.h"

/* On this host, or on an address that only this host has. A name may be anywhere. */
static bool is_local(const struct monitor_spec *m, const struct app_spec *app)
{
	struct addr target;
	if (!m->kind->target)
		return true;
	if (!monitor_spec_target(m, &target))
		return false;
	for (size_t i = 0; i < app->n_vips; i++)
		if (prefix_contains(&app->vips[i], &target))
			return true;
	return addr_is_loopback(&target);
}

/* The place of monitor `n` in a list, or of the only one. */
static struct config_place at_monitor(const struct config_node *app, size_t n)
{
	const struct config_node *node = config_node_get(app, "monitors");
	const struct config_node *c = node ? node->first : NULL;
	if (!node || node->kind != CONFIG_SEQUENCE)
		return config_at(node ? node : app);
	while (c && n-- > 0)
		c = c->next;
	return config_at(c ? c : node);
}

static void check_monitors(const struct app_spec *app, const struct config_node *node,
			   struct config_findings *findings)
{
	for (size_t i = 0; i < app->n_monitors; i++) {
		const struct monitor_spec *m = &app->monitors[i];
		if (m->scope == SCOPE_UNKNOWN && !is_local(m, app))
			config_warn(findings, at_monitor(node, i),
				    "'%.100s' may fail on all hosts of the fleet at once: say "
				    "'scope: shared' if other hosts check the same service, "
				    "'scope: local' if not",
				    m->text);
	}
}

static void check_app(const struct fleet_spec *fleet, const struct app_spec *app,
		      const struct config_node *node, struct config_findings *findings)
{
	size_t n = 0;
	for (size_t i = 0; i < app->n_vips; i++)
		n += fleet_spec_min_up(fleet, &app->vips[i]) != NULL;
	if (n == 0)
		return;
	if (n > FLEET_VIPS_MAX)
		config_warn(findings, config_at(config_node_get(node, "vip")),
			    "%zu VIPs guarded by the fleet: with more than %d soft evidence never "
			    "withdraws the app, divide it",
			    n, FLEET_VIPS_MAX);
	if (n > FLEET_VIPS_MAX && announce_specs_announces(app->announce, ANNOUNCE_JOIN))
		config_warn(findings, config_at(config_node_get(node, "vip")),
			    "%zu VIPs guarded by the fleet: with more than %d the app is promoted "
			    "after join_time whether others join or not, divide it",
			    n, FLEET_VIPS_MAX);
	check_monitors(app, node, findings);
}

void config_check_fleet(const struct config_draft *draft, const struct config_node *root,
			struct config_findings *findings)
{
	const struct config_node *section = config_node_get(root, "fleet");
	const struct config_node *node = draft->first_app;
	if (!section || draft->fleet.engine == FLEET_OFF)
		return;
	if (!draft->agent.consul.addr)
		config_warn(findings, config_at(config_node_get(section, "engine")),
			    "agent.consul_addr is not set: the agent needs CONSUL_HTTP_ADDR in its "
			    "environment");
	if (draft->fleet.n == 0)
		config_error(findings, config_at(section),
			     "no VIP is guarded, specify 'vips: 50%%', or 'vips: { default: { "
			     "min_up: 50%% } }'");
	for (size_t i = 0; i < draft->n_apps; i++, node = node->next)
		if (node->kind == CONFIG_MAPPING)
			check_app(&draft->fleet, &draft->apps[i], node, findings);
}
