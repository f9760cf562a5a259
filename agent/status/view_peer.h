/* SPDX-License-Identifier: MIT */
/* Peers as JSON: /info in GoBGP's words, for GoCast's users, and /v1/peers in ours. Pure. */
#ifndef AGENT_STATUS_VIEW_PEER_H
#define AGENT_STATUS_VIEW_PEER_H

#include <jansson.h>

#include "agent/status/view_json.h"
#include "bgp/status.h"

/* One element of /info. Numbers are numbers and enums are numbers, as encoding/json prints
 * GoBGP's api.Peer; a field that is 0 is there all the same, which GoBGP leaves out. */
json_t *view_peer_info(const struct bgp_peer_status *peer, const struct view_clock *clock);
/* One element of /v1/peers. The password never shows. */
json_t *view_peer(const struct bgp_peer_status *peer, const struct view_clock *clock);

#endif
