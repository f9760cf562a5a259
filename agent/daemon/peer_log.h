/* SPDX-License-Identifier: MIT */
/*
 * What the log says about peers: sessions that come and go, why one does not come up, and VIPs
 * that a peer cannot be told of. Each once, when it changes.
 */
#ifndef AGENT_DAEMON_PEER_LOG_H
#define AGENT_DAEMON_PEER_LOG_H

#include <stddef.h>

#include "bgp/speaker.h"

struct peer_log;

/* `speaker` must outlive it. */
struct peer_log *peer_log_new(const struct bgp_speaker *speaker);
void peer_log_free(struct peer_log *l);
/* A peer changed, or the number of VIPs of a family did. */
void peer_log_look(struct peer_log *l, size_t vips4, size_t vips6);

#endif
