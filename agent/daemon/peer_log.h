/* SPDX-License-Identifier: MIT */
/*
 * Logs what changes about the peers: sessions that go up and down, why a session does not come up,
 * and VIPs that cannot be announced to a peer.
 */
#ifndef AGENT_DAEMON_PEER_LOG_H
#define AGENT_DAEMON_PEER_LOG_H

#include "agent/vip/reconcile.h"
#include "bgp/speaker.h"

struct peer_log;

/* Both must outlive it. */
struct peer_log *peer_log_new(const struct bgp_speaker *speaker, const struct reconcile *reconcile);
void peer_log_free(struct peer_log *l);
/* The speaker has other peers; what was logged about those that it still has is not again. */
void peer_log_change(struct peer_log *l);
/* A peer or the VIPs may have changed. */
void peer_log_update(struct peer_log *l);
/* The sessions are about to be closed for a restart: warns of routers that drop the routes. */
void peer_log_restart(const struct peer_log *l);

#endif
