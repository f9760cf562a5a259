/* SPDX-License-Identifier: MIT */
#include "agent/config/draft.h"

#include <stdlib.h>

void config_peer_done(struct bgp_peer_config *peer)
{
	free((char *)peer->password);
	free((char *)peer->password_file);
	free((char *)peer->description);
	bgp_lists_free(&peer->communities, &peer->ext_communities, &peer->large_communities);
}

void config_peer_drop_inherited(struct bgp_peer_config *p)
{
	bool near = p->unnumbered || addr_is_link_local(&p->addr);
	if (!near && addr_is_link_local(&p->local_ip6))
		p->local_ip6 = (struct addr){ 0 };
}

void config_agent_done(struct config_agent *agent)
{
	free(agent->disable_file);
	free(agent->state_file);
	consul_config_done(&agent->consul);
	consul_config_done(&agent->nomad);
	free(agent->user);
	free(agent->vips.allow.items);
	free(agent->vips.communities.values);
	free(agent->exec_user);
	for (char **name = agent->exec_env; name && *name; name++)
		free(*name);
	free(agent->exec_env);
	hook_list_done(&agent->hooks);
	app_selection_done(&agent->metrics_of);
	free(agent->tls_ca);
	free(agent->tls.cert);
	free(agent->tls.key);
	free(agent->tls.client_ca);
	api_rules_done(&agent->api);
}

void config_draft_done(struct config_draft *d)
{
	for (size_t i = 0; i < d->n_apps; i++)
		app_spec_done(&d->apps[i]);
	for (size_t i = 0; i < d->bgp.n_peers; i++)
		config_peer_done(&d->bgp.peers[i]);
	config_peer_done(&d->bgp.session);
	free(d->bgp.peers);
	aggregate_list_done(&d->bgp.aggregates);
	config_added_peers_done(&d->bgp.added);
	bgp_lists_free(&d->bgp.bgp.communities, &d->bgp.bgp.ext_communities,
		       &d->bgp.bgp.large_communities);
	free(d->apps);
	program_list_done(&d->programs);
	fleet_spec_done(&d->fleet);
	free(d->include);
	config_agent_done(&d->agent);
	*d = (struct config_draft){ 0 };
}
