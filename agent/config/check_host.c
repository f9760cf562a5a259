/* SPDX-License-Identifier: MIT */
#include "agent/config/check_host.h"

#include "net/subnets.h"

#define WIDE4 8
#define WIDE6 16

static void check_vip(const struct subnets *s, const struct prefix *vip,
		      const struct config_node *node, struct config_findings *findings)
{
	char text[PREFIX_TEXT_MAX];
	bool v4 = vip->addr.family == AF_INET;
	const struct subnet *subnet = subnets_around(s, vip);
	prefix_format(vip, text);
	if (subnet)
		config_warn(findings, config_at(node),
			    "'%s' is inside the subnet of interface %s: %s", text, subnet->ifname,
			    subnets_advice(vip));
	if (vip->len <= (v4 ? WIDE4 : WIDE6))
		config_warn(findings, config_at(node),
			    "'%s' is very wide: this host will consider all its addresses its own",
			    text);
}

void config_check_host(const struct config_draft *draft, struct config_findings *findings)
{
	const struct config_node *node = draft->first_app;
	struct subnets s;
	subnets_load(&s);
	for (size_t i = 0; node && i < draft->n_apps; i++, node = node->next) {
		const struct config_node *vip = config_node_get(node, "vip");
		for (size_t j = 0; j < draft->apps[i].n_vips; j++)
			check_vip(&s, &draft->apps[i].vips[j], vip ? vip : node, findings);
	}
	subnets_done(&s);
}
