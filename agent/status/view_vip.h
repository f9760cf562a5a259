/* SPDX-License-Identifier: MIT */
/* GET /v1/routes, and the VIPs of an app: is it announced, in which form, to which peer, and if
 * not, why not. */
#ifndef AGENT_STATUS_VIEW_VIP_H
#define AGENT_STATUS_VIEW_VIP_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "agent/status/json_out.h"
#include "agent/status/status_sources.h"
#include "agent/status/stream.h"
#include "agent/status/view_route.h"
#include "bgp/reach.h"
#include "lib/str.h"

/* All that is shown of a VIP and is not in struct vip. */
struct view_vip_context {
	const struct bgp_config *bgp;
	mono_t retry_at; /* when a VIP with an error is tried again */
	struct peer_list peers;
	struct view_route *routes; /* of the VIP that was set, one a peer */
	const struct vip *vip;     /* it */
};

/* How far its route got. Without a route, nowhere. */
struct bgp_reach view_vip_reach(const struct vip *vip, const struct view_vip_context *c);
/* The reason why it is not announced, on one line; false: there is none. */
bool view_vip_reason(const struct vip *vip, const struct view_vip_context *c, struct strbuf *ret);
void view_vip_context_init(struct view_vip_context *c, const struct status_sources *in);
void view_vip_context_set(struct view_vip_context *c, const struct status_sources *in,
			  const struct vip *vip);
void view_vip_context_done(struct view_vip_context *c);

json_t *view_vip(const struct vip *vip, const struct view_vip_context *c,
		 const struct view_clock *clock);
/* The same, in a context of its own. */
json_t *view_vip_alone(const struct status_sources *in, const struct vip *vip);
/* In the list of apps: routes are counted, not listed. */
void view_vip_add_summary(struct json_out *o, const struct vip *vip,
			  const struct view_vip_context *c);
/* The member announced_to, as view_announced_to() makes it. */
void view_add_announced_to(struct json_out *o, size_t sent, size_t peers);
/* Adds "announcement errors: [peer 10.10.10.1: …, peer 10.10.10.2: …", of one VIP after the other.
 */
void view_vip_add_errors(const struct vip *vip, const struct view_vip_context *c,
			 struct strbuf *errors);

/* {"aggregates": [ … ], "routes": [ … ]} of all VIPs; the sources must outlive it. */
struct stream *view_routes(const struct status_sources *in);

#endif
