/* SPDX-License-Identifier: MIT */
#include "agent/config/check_host.h"

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
		c->node = c->node->next;
	}
	return c->node && c->next < c->draft->n_apps;
}

void config_host_check_done(struct config_host_check *c)
{
	subnets_done(&c->own);
}
