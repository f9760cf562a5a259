/* SPDX-License-Identifier: MIT */
/*
 * A neighbour: its configuration, the connection we make to it and the one it may make to us,
 * what it was told, and what an operator asks about it.
 *
 * At most one of the two connections is established; collision.h says which one stays. While the
 * incoming one holds the session, the outgoing one rests; when it ends, the outgoing one starts.
 *
 * Collisions are avoided where that is possible, since not every peer survives one (ExaBGP 4 hangs
 * for good when a connection comes in while it is in OpenConfirm on its own). No attempt is made
 * while a connection of the peer is opening, as in RFC 4271 8.2.2, where it ends the wait in
 * Active; and while an attempt of ours is undecided, our OPEN on the peer's connection waits a
 * moment: the peer cannot come to OpenConfirm there before it has seen ours.
 *
 * Graceful restart is in graceful.h.
 */
#ifndef BGP_PEER_H
#define BGP_PEER_H

#include <systemd/sd-event.h>

#include "bgp/adj_out.h"
#include "bgp/config.h"
#include "bgp/conn.h"
#include "bgp/linger.h"
#include "bgp/msg.h"
#include "bgp/status.h"

struct bgp_peer;

/* What all peers of a speaker share. */
struct bgp_peer_env {
	sd_event *loop;
	const struct bgp_config *config; /* peers aside */
	struct rib *rib;
	struct bgp_linger *linger;
	void (*changed)(struct bgp_peer *peer, void *userdata);
	void (*update)(struct bgp_peer *peer, const struct bgp_update *update, void *userdata);
	void *userdata;
};

/* Copies the configuration. A guest is not configured: it came by itself, is never called back,
 * and is over when its connection ends. */
struct bgp_peer *bgp_peer_new(const struct bgp_peer_env *env, const struct bgp_peer_config *config,
			      bool guest);
void bgp_peer_free(struct bgp_peer *p);

void bgp_peer_start(struct bgp_peer *p);
/* Ends what is open and stays down. A peer that would keep our routes is told to drop them. */
void bgp_peer_stop(struct bgp_peer *p, const struct bgp_notification *why);
/* Likewise, but a peer that can keep our routes over a restart does so. */
void bgp_peer_leave(struct bgp_peer *p, const struct bgp_notification *why);
/* After that: connects to a peer that keeps our routes, so that they can be withdrawn. */
void bgp_peer_return(struct bgp_peer *p);
/* All that a former run announced and that still holds is announced. */
void bgp_peer_restored(struct bgp_peer *p);
/* The peer connected to us; takes the fd over. */
void bgp_peer_accept(struct bgp_peer *p, int fd);

const struct bgp_peer_config *bgp_peer_config(const struct bgp_peer *p);
void bgp_peer_mark(struct bgp_peer *p, struct rib_route *route);
/* The host's interfaces, addresses or routes changed: ends what cannot go on, and connects at once
 * where that may be possible now. */
void bgp_peer_update_path(struct bgp_peer *p);
/* The host's addresses changed. */
void bgp_peer_recheck_next_hops(struct bgp_peer *p);
/* The kernel could not be asked for some of that; all is as it was, and to be looked at again. */
bool bgp_peer_is_unsure(const struct bgp_peer *p);
/* Sends what was marked. */
void bgp_peer_flush(struct bgp_peer *p);
/* Up to date, and its host has it all; without a session: it holds no route of ours. */
bool bgp_peer_flushed(const struct bgp_peer *p);
bool bgp_peer_established(const struct bgp_peer *p);
/* Neither connected nor about to be. */
bool bgp_peer_over(const struct bgp_peer *p);
void bgp_peer_status(const struct bgp_peer *p, struct bgp_peer_status *ret);
enum bgp_route_state bgp_peer_route_state(const struct bgp_peer *p, const struct rib_route *route);

#endif
