/* SPDX-License-Identifier: MIT */
/*
 * VIPs that a peer in a VRF is sent, and that are bound outside of it (agent/model/vrf_reach.h).
 * What is bound by somebody else (`bind: present`) or nowhere (`none`) is not known here.
 */
#ifndef AGENT_STATUS_OUTSIDE_VRF_H
#define AGENT_STATUS_OUTSIDE_VRF_H

#include "agent/model/app_spec.h"
#include "agent/status/status_sources.h"

/* The first peer whose clients do not reach the VIP. NULL: none. `host` NULL: the kernel is asked. */
const struct bgp_peer_status *outside_vrf_vip(const struct vip *vip, const struct peer_list *peers,
					      const struct host_changes *host);
/* The same of the VIPs of an app, which need not be registered. */
const struct bgp_peer_status *outside_vrf_app(const struct app_spec *spec,
					      const struct peer_list *peers,
					      const struct host_changes *host);

#endif
