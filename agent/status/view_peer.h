/* SPDX-License-Identifier: MIT */
/* A peer as JSON: for /v1/peers, and for /info with GoBGP's field names, as GoCast has it. Pure. */
#ifndef AGENT_STATUS_VIEW_PEER_H
#define AGENT_STATUS_VIEW_PEER_H

#include <jansson.h>

#include "agent/status/view_json.h"
#include "bgp/status.h"

/* An element of /info. Enums are numbers, as encoding/json prints GoBGP's api.Peer; fields that are
 * 0 are there, which GoBGP leaves out. */
json_t *view_peer_info(const struct bgp_peer_status *peer, const struct view_clock *clock);
/* An element of /v1/peers; without the password. */
json_t *view_peer(const struct bgp_peer_status *peer, const struct view_clock *clock);
/* The outcome of an order for a peer. */
json_t *view_peer_result(const char *peer, const char *result);

#endif
