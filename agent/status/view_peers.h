/* SPDX-License-Identifier: MIT */
/* GET /v1/peers and GET /info: all peers. Each of them is shown by view_peer.h. */
#ifndef AGENT_STATUS_VIEW_PEERS_H
#define AGENT_STATUS_VIEW_PEERS_H

#include <jansson.h>

#include "agent/status/status_sources.h"

json_t *view_peers(const struct status_sources *in); /* {"peers": [ … ]} */
json_t *view_info(const struct status_sources *in);  /* GoCast's array */

/* One of them, as in the list. */
json_t *view_peer_at(const struct status_sources *in, size_t i);

/* For explain_app(). */
json_t *view_peer_ages(const struct status_sources *in);

#endif
