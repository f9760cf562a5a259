/* SPDX-License-Identifier: MIT */
/* Events about the routes that peers were sent: what is in the messages, not what was meant to
 * be. */
#ifndef AGENT_DAEMON_ROUTE_LOG_H
#define AGENT_DAEMON_ROUTE_LOG_H

#include "bgp/config.h"
#include "bgp/sent_log.h"

void route_log_sent(const struct bgp_peer_config *peer, const struct bgp_sent *sent);

#endif
