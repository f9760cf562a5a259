/* SPDX-License-Identifier: MIT */
/*
 * A neighbor: its configuration, its adj-RIB-out, and its connections: the one that we make, the
 * one that the peer may make, and one by which the peer may replace a session (peer_challenger.c).
 *
 *	conn (3) ── state changed ──> pair (pure): which of the two goes on
 *	         ── session up, down ──> adj_out, graceful (pure), next_hop
 *	host changed ──> path, next_hop
 *	peer_change, peer_admin: what is changed and ordered while it runs
 *	peer_status, hint: a peer as operators see it
 */
#ifndef BGP_PEER_H
#define BGP_PEER_H

#include <stdbool.h>

#include "bgp/config.h"
#include "bgp/discovery.h"
#include "bgp/msg.h"
#include "bgp/peer_env.h"
#include "bgp/rib.h"
#include "bgp/sent_log.h"
#include "bgp/status.h"

/* Copies the configuration. A guest is a peer without configuration that connected to us: it is
 * never connected to, and is over when its connection ends. */
struct bgp_peer *bgp_peer_new(const struct bgp_peer_env *env, const struct bgp_peer_config *config,
			      bool guest);
void bgp_peer_free(struct bgp_peer *p);

void bgp_peer_start(struct bgp_peer *p);
/* Ends its connections and stays down. A peer that would keep our routes gets a Hard Reset (RFC
 * 8538). */
void bgp_peer_stop(struct bgp_peer *p, const struct bgp_notification *why);
/* Likewise, but a peer that can keep our routes over a restart does so. */
void bgp_peer_leave(struct bgp_peer *p, const struct bgp_notification *why);
/* After that: connects to a peer that keeps our routes, so that they can be withdrawn. */
void bgp_peer_return(struct bgp_peer *p);
/* The configuration changed, that of this peer or that of the speaker (bgp_peer_env.config, whose
 * former communities are still there). `reset` ends the session (Cease/Other Configuration Change)
 * and opens another one; else it goes on, and the peer is sent what differs. */
void bgp_peer_change(struct bgp_peer *p, const struct bgp_peer_config *config, bool reset);
/* The peer was added while the agent runs: it has no routes of a previous instance. Before the
 * start. */
void bgp_peer_has_no_past(struct bgp_peer *p);
/* All routes of the previous instance that are still valid are announced. */
void bgp_peer_restored(struct bgp_peer *p);
/* ---- Orders of the operator. ---- */

/* Ends its connections with Cease/Administrative Shutdown, a Hard Reset for a peer that would keep
 * our routes, and stays down; a connection of the peer gets the same. `text` for its operator (RFC
 * 9003): cut at 255 octets, "" for none. Of a peer that is disabled already: another text. */
void bgp_peer_disable(struct bgp_peer *p, const char *text);
/* Connects at once. Nothing happens when it is not disabled. */
void bgp_peer_enable(struct bgp_peer *p);
/* Cease/Administrative Reset, and connects at once. A peer with RFC 8538 keeps our routes
 * meanwhile, unless it is `hard`. Nothing happens when it is stopped or disabled. */
void bgp_peer_reset(struct bgp_peer *p, const char *text, bool hard);
/* Sends all routes again, as after a ROUTE-REFRESH. False: there is no session. */
bool bgp_peer_refresh(struct bgp_peer *p);

/* The peer connected to us; takes the fd over. */
void bgp_peer_accept(struct bgp_peer *p, int fd);

const struct bgp_peer_config *bgp_peer_config(const struct bgp_peer *p);
void bgp_peer_mark(struct bgp_peer *p, struct rib_route *route);
/* The host's interfaces, addresses or routes changed: ends a session whose path is lost, and
 * connects at once when there is another path. */
void bgp_peer_update_path(struct bgp_peer *p);
/* BFD reports: the path is up, which a peer with bfd.required waits for; or it went down, which
 * ends the session in this turn of the loop (RFC 5882 4.1, RFC 9384). */
void bgp_peer_path_up(struct bgp_peer *p);
void bgp_peer_path_down(struct bgp_peer *p, const char *why);
/* Nothing is known of it any more: a session goes on. */
void bgp_peer_path_unknown(struct bgp_peer *p);
/* bfd.required, and the path is not up. */
bool bgp_peer_awaits_path(const struct bgp_peer *p);
/* An unnumbered peer whose router is not known. */
bool bgp_peer_lacks_router(const struct bgp_peer *p);
/* Result of router discovery on the link of an unnumbered peer. A session with another router ends.
 */
void bgp_peer_set_router(struct bgp_peer *p, const struct bgp_found *found);
bool bgp_peer_is_established(const struct bgp_peer *p);
/* For its path, or for its router: nothing is opened or accepted. */
bool bgp_peer_must_wait(const struct bgp_peer *p);
/* The path or the router that it waits for may have changed: ends attempts, or begins one. */
void bgp_peer_settle_wait(struct bgp_peer *p);
/* The host's addresses changed. */
void bgp_peer_recheck_next_hops(struct bgp_peer *p);
/* The kernel could not be asked for path or next hop: they are as they were, ask again later. */
bool bgp_peer_is_unsure(const struct bgp_peer *p);
/* Tells one entry of what it was sent. False: there was none. */
bool bgp_peer_tell_sent(struct bgp_peer *p, sent_log_cb *tell, void *userdata);
/* Everything is sent again: bgp_peer_flush() follows. */
void bgp_peer_mark_all(struct bgp_peer *p);
/* Sends what was marked. */
void bgp_peer_flush(struct bgp_peer *p);
/* Up to date, and its host has acknowledged everything; without a session: it holds none of our
 * routes. */
bool bgp_peer_flushed(const struct bgp_peer *p);
/* Neither connected nor about to be. */
bool bgp_peer_over(const struct bgp_peer *p);
enum bgp_route_state bgp_peer_route_state(const struct bgp_peer *p, const struct rib_route *route);
/* As adj_out_state_of_new(). */
enum bgp_route_state bgp_peer_new_route_state(const struct bgp_peer *p, uint8_t family,
					      const struct addr *own_next_hop);

#endif
