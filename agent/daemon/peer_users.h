/* SPDX-License-Identifier: MIT */
/* Who names a peer of the API in `peers` or `except_peers`, when that peer goes or gets another
 * name. */
#ifndef AGENT_DAEMON_PEER_USERS_H
#define AGENT_DAEMON_PEER_USERS_H

#include <jansson.h>

#include "agent/config/config.h"

struct agent;

/* With the peers of `next`, every name in the configuration file that is that of a peer now still
 * is: else the next start would take the file for broken. -EBUSY, and a text that names the app. */
int peer_users_check(const struct agent *a, const struct config *next, struct err *err);
/* Warnings, an array: apps of HTTP and Consul that name the peer that is gone. */
json_t *peer_users_warn(const struct agent *a, const struct bgp_peer_config *gone);

#endif
