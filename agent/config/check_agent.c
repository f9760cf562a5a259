/* SPDX-License-Identifier: MIT */
#include "agent/config/check_agent.h"

#include "agent/model/admission.h"
#include "lib/array.h"
#include "lib/str.h"

/* The keys of a catalog, Consul or Nomad. */
struct catalog_keys {
	const char *name, *addr, *ca_cert, *client_cert, *client_key, *tls_verify;
};
static const struct catalog_keys consul_keys = { "Consul",
						 "consul_addr",
						 "consul_ca_cert",
						 "consul_client_cert",
						 "consul_client_key",
						 "consul_tls_verify" };
static const struct catalog_keys nomad_keys = {
	"Nomad",           "nomad_addr", "nomad_ca_cert", "nomad_client_cert", "nomad_client_key",
	"nomad_tls_verify"
};

/* An incomplete client certificate, and TLS keys without effect. */
static void check_tls(const struct consul_config *c, const struct catalog_keys *k,
		      const struct config_node *agent, struct config_findings *findings)
{
	const char *const keys[] = { k->ca_cert, k->client_cert, k->client_key, k->tls_verify };
	const struct config_node *cert = config_node_get(agent, k->client_cert);
	const struct config_node *key = config_node_get(agent, k->client_key);
	if (!cert != !key)
		config_error(findings, config_at(cert ? cert : key), "requires %s",
			     cert ? k->client_key : k->client_cert);
	if (!c->tls_verify)
		config_warn(findings, config_at(config_node_get(agent, k->tls_verify)),
			    "%s's certificate is not verified: a man in the middle can "
			    "register services on this host",
			    k->name);
	for (size_t i = 0; c->addr && i < ARRAY_SIZE(keys); i++) {
		const struct config_node *node = config_node_get(agent, keys[i]);
		if (node && !str_starts(c->addr, "https://"))
			config_warn(findings, config_at(node), "has no effect: %s is not https://",
				    k->addr);
	}
}

/* An empty list is ambiguous: it may be meant as none, but an absent key is the default. */
static void check_allow_from(unsigned from, const struct config_node *section,
			     struct config_findings *findings)
{
	const struct config_node *list = config_node_get(section, "allow_from");
	if (list && list->kind == CONFIG_SEQUENCE && !list->first)
		config_error(findings, config_at(list),
			     "empty list, specify 'none' to accept none");
	if (from & MONITORS_FROM_NONE && from != MONITORS_FROM_NONE)
		config_error(findings, config_at(list),
			     "'none' cannot be combined with other sources");
}

static void check_grant_names(const struct api_grants *grants, const struct config_node *list,
			      struct config_findings *findings)
{
	const struct config_node *node = list->first;
	for (size_t i = 0; node && i < grants->n; i++, node = node->next)
		for (size_t j = 0; j < i; j++)
			if (grants->items[i].name && grants->items[j].name &&
			    str_equal(grants->items[i].name, grants->items[j].name))
				config_error(findings, config_at(node), "duplicate name '%s'",
					     grants->items[i].name);
}

/* TLS that no socket speaks, and rights of clients that are never verified. */
static void check_api_tls(const struct config_agent *agent, const struct config_node *api,
			  struct config_findings *findings)
{
	const struct config_tls *tls = &agent->tls;
	const struct config_node *section = config_node_get(api, "tls");
	const struct config_node *certificates = config_node_get(api, "certificates");
	if (section && agent->listen_addr.unix_path[0] &&
	    (agent->read_addr.unix_path[0] || agent->read_addr.port == 0))
		config_warn(findings, config_at(section),
			    "has no effect: the API listens on unix sockets only");
	if (certificates && !tls->client_ca)
		config_error(findings, config_at(certificates),
			     "requires agent.api.tls.client_ca, which verifies them");
}

/* Rights that prove nothing but where a packet came from. */
static void check_role(enum role role, const char *key, const char *who,
		       const struct config_node *api, struct config_findings *findings)
{
	const struct config_node *node = config_node_get(api, key);
	if (node && role == ROLE_ADMIN)
		config_warn(findings, config_at(node), "%s may do everything", who);
	else if (node && role == ROLE_REGISTER && str_equal(key, "remote"))
		config_warn(findings, config_at(node),
			    "every host that reaches the API may register and withdraw: prefer "
			    "agent.api.tokens");
}

static void check_api(const struct config_agent *agent, const struct config_node *api,
		      struct config_findings *findings)
{
	const struct config_node *tokens = config_node_get(api, "tokens");
	const struct config_node *certificates = config_node_get(api, "certificates");
	if (tokens)
		check_grant_names(&agent->api.tokens, tokens, findings);
	if (certificates)
		check_grant_names(&agent->api.certificates, certificates, findings);
	check_api_tls(agent, api, findings);
	check_role(agent->api.local, "local", "every process on this host", api, findings);
	check_role(agent->api.remote, "remote", "every host that reaches the API", api, findings);
}

/* A loopback address is not an identity. */
static void check_exec_sources(unsigned from, const struct config_node *exec,
			       struct config_findings *findings)
{
	const struct config_node *list = exec ? config_node_get(exec, "allow_from") : NULL;
	if (list && from & (MONITORS_FROM_HTTP | MONITORS_FROM_HTTP_LOCAL))
		config_warn(findings, config_at(list),
			    "%s may run commands with the rights of the agent; http-admin is for "
			    "administrators only",
			    from & MONITORS_FROM_HTTP ? "every host that may register"
						      : "every process on this host");
}

/* Where no command may be run, there is nothing that could start one. */
static void check_hooks(const struct config_agent *agent, const struct config_node *section,
			struct config_findings *findings)
{
	const struct config_node *hooks = config_node_get(section, "hooks");
	if (hooks && agent->hooks.n > 0 && agent->admission.exec == MONITORS_FROM_NONE)
		config_error(findings, config_at(hooks),
			     "no command is run with agent.exec.allow_from: none, specify 'config' "
			     "there");
}

static void check_drain(const struct config_agent *agent, const struct config_node *section,
			struct config_findings *findings)
{
	const struct config_node *until = config_node_get(section, "drain_until");
	if (until && agent->drain_until > 0 && !agent->traffic)
		config_error(findings, config_at(until),
			     "requires agent.traffic: true, which counts");
}

void config_check_agent(const struct config_draft *draft, const struct config_node *root,
			struct config_findings *findings)
{
	const struct config_node *agent = config_node_get(root, "agent");
	if (!agent)
		return;
	if (draft->agent.user && !draft->agent.drop_privileges)
		config_error(findings, config_at(config_node_get(agent, "drop_privileges")),
			     "must be true with agent.user");
	check_tls(&draft->agent.consul, &consul_keys, agent, findings);
	check_tls(&draft->agent.nomad, &nomad_keys, agent, findings);
	check_allow_from(draft->agent.admission.exec, config_node_get(agent, "exec"), findings);
	check_exec_sources(draft->agent.admission.exec, config_node_get(agent, "exec"), findings);
	check_hooks(&draft->agent, agent, findings);
	check_drain(&draft->agent, agent, findings);
	if (config_node_get(agent, "api"))
		check_api(&draft->agent, config_node_get(agent, "api"), findings);
	check_allow_from(draft->agent.admission.others, config_node_get(agent, "monitors"),
			 findings);
}
