/* SPDX-License-Identifier: MIT */
/* BFD with a peer, as JSON. */
#ifndef AGENT_STATUS_VIEW_BFD_H
#define AGENT_STATUS_VIEW_BFD_H

#include <jansson.h>

#include "agent/status/status_sources.h"

/* `bfd` of /v1/peers; null: the peer is configured without. */
json_t *view_bfd(const struct status_sources *in, const struct bgp_peer_status *peer,
		 const struct view_clock *clock);
/* `bfd` of /v1/status; null: no peer is configured with it. */
json_t *view_bfd_summary(const struct status_sources *in, const struct view_clock *clock);

#endif
