/* SPDX-License-Identifier: MIT */
#include "agent/config/check_host.h"

#include "agent/config/nat_api.h"

#define WIDE4 8
#define WIDE6 16

static void check_vip(const struct subnets *s, const struct prefix *vip,
		      const struct config_node *node, struct config_findings *findings)
{
	char text[PREFIX_TEXT_MAX];
	bool v4 = vip->addr.family == AF_INET;
	const struct subnet *subnet = subnets_around(s, vip);
	bool wide = vip->len <= (v4 ? WIDE4 : WIDE6);
	if (subnet || wide)
		prefix_format(vip, text);
	if (subnet)
		config_warn(findings, config_at(node),
			    "'%s' is inside the subnet of interface %s: %s", text, subnet->ifname,
			    subnets_advice(vip));
	if (wide)
		config_warn(findings, config_at(node),
			    "'%s' is very wide: this host will consider all its addresses its own",
			    text);
}

/* As configured for the first peer that has it; the agent asks the kernel where none has. */
static bool find_own(uint8_t family, struct addr *ret, void *userdata)
{
	const struct config_draft_bgp *bgp = userdata;
	for (size_t i = 0; i < bgp->n_peers; i++) {
		const struct bgp_peer_config *peer = &bgp->peers[i];
		const struct addr *own =
			peer->local_ip.family == family ? &peer->local_ip : &peer->local_ip6;
		if (own->family != family)
			continue;
		*ret = *own;
		return true;
	}
	return false;
}

static void check_nats(struct config_host_check *c, const struct app_spec *app)
{
	struct err err;
	const struct config_node *nats = config_node_get(c->node, "nats");
	if (nat_api_check(&c->draft->agent, app, find_own, (void *)&c->draft->bgp, &err) < 0)
		config_error(c->findings, config_at(nats ? nats : c->node), "%s", err.text);
}

void config_host_check_begin(struct config_host_check *c, const struct config_draft *draft,
			     struct config_findings *findings, const struct subnets *subnets)
{
	*c = (struct config_host_check){ .findings = findings,
					 .draft = draft,
					 .node = draft->first_app };
	c->subnets = subnets ? subnets : &c->own;
	if (draft->n_apps > 0 && !subnets)
		subnets_load(&c->own);
}

bool config_host_check_step(struct config_host_check *c, size_t n)
{
	for (; n > 0 && c->node && c->next < c->draft->n_apps; n--, c->next++) {
		const struct app_spec *app = &c->draft->apps[c->next];
		const struct config_node *vip = config_node_get(c->node, "vip");
		for (size_t j = 0; j < app->n_vips; j++)
			check_vip(c->subnets, &app->vips[j], vip ? vip : c->node, c->findings);
		check_nats(c, app);
		c->node = c->node->next;
	}
	return c->node && c->next < c->draft->n_apps;
}

void config_host_check_done(struct config_host_check *c)
{
	subnets_done(&c->own);
}
