/* SPDX-License-Identifier: MIT */
/* A VIP of the fleet as stored in Consul, as JSON: who announces it, who waits, who does rolling
 * work. */
#ifndef AGENT_STATUS_VIEW_FLEET_VIP_H
#define AGENT_STATUS_VIEW_FLEET_VIP_H

#include <jansson.h>

#include "agent/model/fleet_spec.h"
#include "agent/status/status_sources.h"
#include "agent/status/view_json.h"

/* With more nodes than `room` "nodes" is null. `spec` says how many have to stay. */
json_t *view_fleet_vip(const struct fleet_spec *spec, const struct prefix *vip,
		       const struct fleet_view *v, const struct view_clock *clock, size_t room);
/* This agent's own view of the VIP, for when Consul does not answer. */
json_t *view_fleet_vip_own(const struct status_sources *in, const struct fleet_spec *spec,
			   const struct prefix *vip);

#endif
