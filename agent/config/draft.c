/* SPDX-License-Identifier: MIT */
#include "agent/config/draft.h"

#include <stdlib.h>

static void peer_done(struct bgp_peer_config *peer)
{
	free((char *)peer->password);
	free(peer->communities.values);
}

void config_draft_done(struct config_draft *d)
{
	for (size_t i = 0; i < d->n_apps; i++)
		app_spec_done(&d->apps[i]);
	for (size_t i = 0; i < d->bgp.n_peers; i++)
		peer_done(&d->bgp.peers[i]);
	peer_done(&d->bgp.session);
	free(d->bgp.peers);
	free(d->bgp.bgp.communities.values);
	free(d->apps);
	free(d->agent.disable_file);
	free(d->agent.state_file);
	consul_config_done(&d->agent.consul);
	free(d->agent.exec_user);
	free(d->agent.tls_ca);
	*d = (struct config_draft){ 0 };
}
