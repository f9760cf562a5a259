/* SPDX-License-Identifier: MIT */
/* The graceful restart capability of a peer (RFC 4724), as text and as JSON. Pure. */
#ifndef AGENT_STATUS_VIEW_GRACEFUL_H
#define AGENT_STATUS_VIEW_GRACEFUL_H

#include <jansson.h>

#include "bgp/msg.h"

/* null when the capability was not sent. */
json_t *view_graceful(const struct bgp_graceful *g);

/* "graceful restart 120s, notification, restarted, ipv4 forwarding, ipv6 not forwarding"; "" when
 * the capability was not sent. Returns `buf`. */
#define VIEW_GRACEFUL_MAX 96
const char *view_graceful_text(const struct bgp_graceful *g, char buf[static VIEW_GRACEFUL_MAX]);

#endif
