/* SPDX-License-Identifier: MIT */
#include "agent/config/gocast.h"

#include <stdbool.h>
#include <sys/socket.h>

#include "lib/array.h"
#include "lib/str.h"

static const char *const agent_keys[] = { "listen_addr", "monitor_interval",      "cleanup_timer",
					  "consul_addr", "consul_query_interval", "consul_token" };
static const char *const bgp_keys[] = { "local_as", "peer_as",     "remote_as", "local_ip",
					"peer_ip",  "communities", "origin" };
static const char *const app_keys[] = { "name", "vip", "vip_config", "monitors", "nats" };

/* Keys of `agent` with a different meaning here. Without listen_addr the API listens all the same.
 */
static const char listen_addr[] = "listen_addr";
static const struct {
	const char *key, *text;
} agent_notes[] = {
	{ listen_addr, "clients on other hosts may only read (GoCast lets them register): "
		       "agent.api.remote: register, a token or a certificate lets them" },
	{ listen_addr, "changes at the address of a VIP or through a proxy are answered with 403: "
		       "agent.api.on_vips, agent.api.proxied" },
	{ listen_addr, "over HTTP and by tags a VIP is a single address, and their number is "
		       "limited: agent.vips.allow, agent.vips.max, agent.api.max_vips" },
	{ listen_addr, "apps registered over HTTP survive a restart, in agent.state_file (GoCast "
		       "forgets them; 'off' does too); their exec monitors are accepted from "
		       "administrators only, see agent.exec.allow_from" },
	{ "cleanup_timer",
	  "an app that is down for this long loses its VIP on lo, is checked on and "
	  "returns (GoCast forgets it)" },
	{ "consul_addr",
	  "Consul unreachable: its services keep their last state (GoCast unregisters "
	  "them); exec monitors in tags are refused unless agent.exec.allow_from "
	  "contains consul" },
	{ "consul_query_interval", "changes are received at once, this is the time between full "
				   "reads" },
};

static bool has_only(const struct config_node *mapping, const char *const *keys, size_t n)
{
	for (const struct config_node *c = mapping ? mapping->first : NULL; c; c = c->next) {
		bool known = false;
		for (size_t i = 0; i < n && c->key; i++)
			known |= str_equal(c->key, keys[i]);
		if (!known)
			return false;
	}
	return true;
}

/* GoCast's form of a peer, a section `agent`, and no key that GoCast does not have. */
static bool is_gocast(const struct config_node *root)
{
	static const char *const sections[] = { "agent", "bgp", "apps" };
	const struct config_node *agent = config_node_get(root, "agent");
	const struct config_node *apps = config_node_get(root, "apps");
	if (!config_node_get(agent, "monitor_interval") && !config_node_get(agent, "cleanup_timer"))
		return false;
	if (!has_only(root, sections, ARRAY_SIZE(sections)) ||
	    !has_only(agent, agent_keys, ARRAY_SIZE(agent_keys)) ||
	    !has_only(config_node_get(root, "bgp"), bgp_keys, ARRAY_SIZE(bgp_keys)))
		return false;
	for (const struct config_node *a = apps ? apps->first : NULL; a; a = a->next)
		if (!has_only(a, app_keys, ARRAY_SIZE(app_keys)))
			return false;
	return true;
}

static bool has_network(const struct app_spec *app)
{
	for (size_t i = 0; i < app->n_vips; i++)
		if (app->vips[i].addr.family == AF_INET && app->vips[i].len < 32)
			return true;
	return false;
}

static bool has_monitor(const struct app_spec *app, const char *kind)
{
	for (size_t i = 0; i < app->n_monitors; i++)
		if (str_starts(app->monitors[i].text, kind))
			return true;
	return false;
}

static bool has_port(const struct app_spec *app)
{
	return has_monitor(app, "port:");
}

static bool has_exec(const struct app_spec *app)
{
	return has_monitor(app, "exec:");
}

static bool has_nats(const struct app_spec *app)
{
	return app->n_nats > 0;
}

/* Differences of apps; each is reported once, at the first app that has it. */
static const struct {
	bool (*has)(const struct app_spec *app);
	const char *key, *text;
} app_notes[] = {
	{ has_network, "vip",
	  "a network is a local route, not an address on lo: ip route show table local proto 118" },
	{ has_port, "monitors",
	  "port asks the kernel whether a socket serves the VIP (GoCast binds the port, and passes "
	  "with a listener on any address)" },
	{ has_exec, "monitors",
	  "exec has a time-out, monitor_interval unless agent.timeout is set (GoCast has none)" },
	{ has_exec, "monitors",
	  "commands see PATH, LANG and HOME of the environment alone (agent.exec.env names more), "
	  "and cannot use setuid programs as sudo (agent.drop_privileges)" },
	{ has_nats, "nats",
	  "also for IPv6 and the host's own traffic; in nftables unless legacy iptables is in "
	  "use" },
};

static void note_apps(const struct config_draft *draft, const struct config_node *apps, size_t n,
		      struct config_findings *findings)
{
	const struct config_node *node = apps ? apps->first : NULL;
	for (size_t i = 0; node && i < draft->n_apps; i++, node = node->next)
		if (app_notes[n].has(&draft->apps[i])) {
			config_note(findings, config_at(config_node_get(node, app_notes[n].key)),
				    "%s", app_notes[n].text);
			return;
		}
}

void config_check_gocast(const struct config_draft *draft, const struct config_node *root,
			 struct config_findings *findings)
{
	const struct config_node *apps = config_node_get(root, "apps");
	const struct config_node *agent = config_node_get(root, "agent");
	if (findings->n_errors > 0 || !is_gocast(root))
		return;
	for (size_t i = 0; i < ARRAY_SIZE(agent_notes); i++) {
		const struct config_node *node = config_node_get(agent, agent_notes[i].key);
		if (!node && agent_notes[i].key == listen_addr)
			node = agent;
		if (node)
			config_note(findings, config_at(node), "%s", agent_notes[i].text);
	}
	for (size_t i = 0; i < ARRAY_SIZE(app_notes); i++)
		note_apps(draft, apps, i, findings);
	config_note(findings, (struct config_place){ 0 },
		    "written for GoCast: what vipherald does differently with these keys; "
		    "docs/migrating-from-gocast.md has all differences");
}
