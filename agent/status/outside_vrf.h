/* SPDX-License-Identifier: MIT */
/*
 * VIPs that a peer in a VRF is sent, and that are bound outside of it (agent/model/vrf_reach.h).
 * VIPs that another program binds (`bind: present`), or that are bound nowhere (`none`), are not
 * known here.
 */
#ifndef AGENT_STATUS_OUTSIDE_VRF_H
#define AGENT_STATUS_OUTSIDE_VRF_H

#include "agent/model/app_spec.h"
#include "agent/status/status_sources.h"

struct outside_vrf_place;

/* Asks for each interface once. `peers` and `host` must outlive it; `host` NULL: the kernel is
 * asked. */
struct outside_vrf {
	const struct peer_list *peers;
	const struct host_changes *host;
	struct outside_vrf_place *places; /* that were asked for */
};

void outside_vrf_init(struct outside_vrf *o, const struct peer_list *peers,
		      const struct host_changes *host);
void outside_vrf_done(struct outside_vrf *o);
/* The first peer whose clients do not reach the VIP. NULL: none. */
const struct bgp_peer_status *outside_vrf_vip(struct outside_vrf *o, const struct vip *vip);
/* The same of the VIPs of an app, which need not be registered. */
const struct bgp_peer_status *outside_vrf_app(const struct app_spec *spec,
					      const struct peer_list *peers,
					      const struct host_changes *host);

#endif
