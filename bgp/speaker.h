/* SPDX-License-Identifier: MIT */
/*
 * The BGP speaker: announces routes of this host to all peers, and imports nothing.
 *
 *	speaker ── rib (each route once, attributes interned)
 *	   └─ peer (one per neighbour) ── adj-RIB-out (routes last sent)
 *	         └─ conn (a TCP connection and its fsm; two during a collision)
 *
 * announce/withdraw change the rib and mark the route at every peer; one flush per turn of the
 * loop packs what changed into UPDATEs. Peers never wait for one another. Routes stay in the
 * rib also while no session is up, so that a peer that comes up later gets all of them, followed by
 * End-of-RIB.
 *
 * After a restart, peers with graceful restart (RFC 4724) keep the routes of the previous instance
 * until End-of-RIB, which is deferred until bgp_speaker_restored(): docs/graceful-restart.md.
 */
#ifndef BGP_SPEAKER_H
#define BGP_SPEAKER_H

#include <systemd/sd-event.h>

#include "bgp/config.h"
#include "bgp/output.h"
#include "bgp/peer_filter.h"
#include "bgp/speaker_ops.h"
#include "bgp/status.h"
#include "lib/err.h"

struct bgp_speaker;

struct bgp_route {
	struct prefix prefix;
	struct bgp_route_attrs attrs;         /* copied */
	const struct bgp_peer_filter *filter; /* likewise; NULL: for every peer */
	/* Copied. For a peer that several are for, the first one counts, `attrs` before all of
	 * them. */
	const struct bgp_route_variant *variants;
	size_t n_variants;
	const char *tag; /* likewise; NULL: none. For bgp_speaker_ops.sent, as is `why`. */
	const char *why; /* it is announced, or otherwise than before: a literal, or NULL */
	bool suppressed; /* for no peer: an aggregate stands for it */
	bool aggregate;  /* for others, which bgp_speaker_count_routes() counts without it */
};

/* Copies the configuration, opens the listener if there is one, and connects to no peer yet. */
int bgp_speaker_new(sd_event *loop, const struct bgp_config *config,
		    const struct bgp_speaker_ops *ops, void *userdata, struct bgp_speaker **ret,
		    struct err *err);
/* Closes all connections without NOTIFICATION; stop first to send one. */
void bgp_speaker_free(struct bgp_speaker *s);
/* Why there is no listener although there should be one, with `listen_if_allowed`; NULL: there is
 * one, or none is wanted. */
const char *bgp_speaker_no_listener(const struct bgp_speaker *s);
/*
 * Another configuration while it runs; copied. Sessions of peers that did not change, or not in
 * what a session depends on (bgp_peer_change_resets()), stay up, and those peers are sent what
 * differs. Another AS or router ID resets all. With -errno, as of bgp_speaker_new(), nothing
 * changed.
 */
int bgp_speaker_change(struct bgp_speaker *s, const struct bgp_config *next, struct err *err);
/*
 * For a change of peers that the filters of routes follow in later turns: what is sent meanwhile,
 * so that no peer gets what is not for it. CHANGING before bgp_speaker_change() and until
 * aggregates have changed, then WITHDRAWALS, and ALL when the last route has changed.
 * bgp_speaker_return() ends it, too.
 */
void bgp_speaker_set_output(struct bgp_speaker *s, enum bgp_output output);
/* Connects to every peer at once. */
void bgp_speaker_start(struct bgp_speaker *s);

/* All routes of the previous instance that are still valid are announced: sends End-of-RIB, and
 * peers flush the rest. Without this call that happens when the restart time is over. A second call
 * does nothing. */
void bgp_speaker_restored(struct bgp_speaker *s);
/* Whether any peer is configured for graceful restart. */
bool bgp_speaker_is_graceful(const struct bgp_speaker *s);

/* Adds or replaces. O(1) in the number of routes. */
void bgp_speaker_announce(struct bgp_speaker *s, const struct bgp_route *route);
/* Nothing happens when it is not announced. `why` is a literal, or NULL. */
void bgp_speaker_withdraw(struct bgp_speaker *s, const struct prefix *prefix, const char *why);

/* Withdraws a route that is not announced from peers that may have it from the previous instance,
 * as End-of-RIB is deferred: a VIP that is known to be down does not wait for others that are not
 * known yet. */
void bgp_speaker_disown(struct bgp_speaker *s, const struct prefix *prefix);

/* Calls `done` once, as soon as the hosts of established peers have acknowledged everything
 * sent so far, and no peer without a session keeps our routes (RFC 4724), or at `deadline`; always
 * from the loop, never from inside. Freeing it cancels it. */
struct bgp_flush;
typedef void bgp_flushed_cb(bool complete, void *userdata);
struct bgp_flush *bgp_speaker_flush(struct bgp_speaker *s, mono_t deadline, bgp_flushed_cb *done,
				    void *userdata);
void bgp_flush_free(struct bgp_flush *f);

/* Sends Cease/Administrative Shutdown with `text` (RFC 9003, at most 255 bytes) to every open
 * session, closes them and calls `done` when the peers have closed too or at `deadline`.
 * Nothing reconnects afterwards. A second call does nothing. */
void bgp_speaker_stop(struct bgp_speaker *s, const char *text, mono_t deadline,
		      bgp_flushed_cb *done, void *userdata);

/* The same for a restart: Cease/Administrative Reset, and peers that support graceful restart keep
 * our routes (RFC 4724, RFC 8538). */
void bgp_speaker_leave(struct bgp_speaker *s, const char *text, mono_t deadline,
		       bgp_flushed_cb *done, void *userdata);
/* The restart that was left for is called off: connects to the peers that keep our routes, so that
 * they can be withdrawn. bgp_speaker_stop() may follow. `done` of bgp_speaker_leave() is not called
 * any more. */
void bgp_speaker_return(struct bgp_speaker *s);

/*
 * Orders of the operator, for a configured peer by its index, as of bgp_speaker_peer_status(); not
 * after bgp_speaker_stop() or _leave(). Texts for the operator of the other side (RFC 9003) are cut
 * at 255 octets; "" or NULL: none.
 *
 *	disable   Cease/Administrative Shutdown, in a Hard Reset (RFC 8538) for a peer that would keep
 *	          our routes; it stays down, and what connects gets the same, until it is enabled
 *	reset     Cease/Administrative Reset, and connects at once. A peer that can keeps our routes over
 *	          it; with `hard` it does not
 *	refresh   sends all routes again, as after a ROUTE-REFRESH; false: there is no session
 */
void bgp_speaker_disable(struct bgp_speaker *s, size_t peer, const char *text);
void bgp_speaker_enable(struct bgp_speaker *s, size_t peer);
void bgp_speaker_reset(struct bgp_speaker *s, size_t peer, const char *text, bool hard);
bool bgp_speaker_refresh(struct bgp_speaker *s, size_t peer);

/*
 * Reports of whoever monitors the path to a peer (BFD, RFC 5882); a peer that has no monitor is not
 * reported. `down` means that the path was up and is not any more, which ends the session in this
 * turn with Cease/BFD Down (RFC 9384); `why` is for people. A peer with bfd.required connects, and
 * is accepted, only while the path is up; for any other `up` means nothing. `unknown`: neither, as
 * the router says that its BFD is administratively down; a session goes on (RFC 5882 3.2).
 */
void bgp_speaker_path_up(struct bgp_speaker *s, size_t peer);
void bgp_speaker_path_down(struct bgp_speaker *s, size_t peer, const char *why);
void bgp_speaker_path_unknown(struct bgp_speaker *s, size_t peer);

size_t bgp_speaker_n_peers(const struct bgp_speaker *s);
/* As the speaker keeps it. */
const struct bgp_peer_config *bgp_speaker_peer_config(const struct bgp_speaker *s, size_t peer);
/* Views; valid until the loop goes on. */
void bgp_speaker_peer_status(const struct bgp_speaker *s, size_t peer, struct bgp_peer_status *ret);
/* The state of a route at one peer. */
enum bgp_route_state bgp_speaker_route_state(const struct bgp_speaker *s, size_t peer,
					     const struct prefix *prefix);
/* The state that a route would come to at a peer that it is for. It needs no route: `own_next_hop`
 * is of its attributes. */
enum bgp_route_state bgp_speaker_new_route_state(const struct bgp_speaker *s, size_t peer,
						 uint8_t family, const struct addr *own_next_hop);
size_t bgp_speaker_n_routes(const struct bgp_speaker *s);
const struct bgp_latencies *bgp_speaker_latencies(const struct bgp_speaker *s);

/* O(routes); of those that no peer has, × peers with a session, and of those with a filter, ×
 * peers. */
struct bgp_route_counts bgp_speaker_count_routes(const struct bgp_speaker *s);

#endif
