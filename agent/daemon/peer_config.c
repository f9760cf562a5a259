/* SPDX-License-Identifier: MIT */
#include "agent/daemon/peer_config.h"

#include "agent/daemon/parts.h"

int peer_config_change(struct agent *a, struct host_addresses *next, struct err *err)
{
	peer_orders_mark(&a->peer_orders, next->peers, next->bgp.n_peers);
	a->changing_peers = true;
	int rc = bgp_speaker_change(a->speaker, &next->bgp, err);
	a->changing_peers = false;
	if (rc < 0)
		return rc;
	peer_log_change(a->peer_log);
	peer_bfd_update(a->bfd);
	return 0;
}

void peer_config_adopt(struct agent *a, const struct host_addresses *next)
{
	struct host_address_change change;
	host_addresses_replace(&a->identity, next, &change);
	if (change.own[0] || change.own[1])
		reconcile_remap(actuator_reconcile(a->actuator));
}
