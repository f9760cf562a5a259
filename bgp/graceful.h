/* SPDX-License-Identifier: MIT */
/*
 * The state of graceful restart (RFC 4724, RFC 8538) with one peer. Pure.
 *
 * We are the Restarting Speaker only: as none of the peer's routes are kept here, there is nothing
 * to do when the peer restarts.
 *
 *	start ── OPENs with R (restarted), End-of-RIB is deferred
 *	  restored: all valid routes are announced, or restart_time is over ── End-of-RIB is sent
 *	    done: this peer got it ── OPENs without R
 *
 * F of a family (its traffic was forwarded all the time) is set after a start if the previous
 * instance left VIPs of it, and after any session of this instance, as then only the session was
 * lost.
 */
#ifndef BGP_GRACEFUL_H
#define BGP_GRACEFUL_H

#include <stdbool.h>

#include "bgp/config.h"
#include "bgp/msg.h"
#include "lib/mono.h"

struct graceful {
	bool enabled,
		long_lived; /* of the last session; of the previous instance's: as configured */
	span_t restart_time, long_lived_time;
	bool forwarding_ipv4, forwarding_ipv6; /* since the previous instance */
	bool had_session;
	bool restored;
	bool done;          /* End-of-RIB was sent */
	mono_t until;       /* the restart is over at the latest */
	mono_t stale_until; /* without a session, the peer may hold our routes until then */
};

void graceful_init(struct graceful *g, const struct bgp_config *config,
		   const struct bgp_peer_config *peer, mono_t now);
/* The R bit. */
bool graceful_restarting(const struct graceful *g, mono_t now);
/* End-of-RIB is to be deferred. */
bool graceful_defers_end_of_rib(const struct graceful *g, mono_t now);
/* Fills in R and F. */
void graceful_complete(const struct graceful *g, mono_t now, struct bgp_graceful *offer);
void graceful_restored(struct graceful *g);
/* End-of-RIB was sent. */
void graceful_done(struct graceful *g);
void graceful_session_up(struct graceful *g);
/* `keeps`: the peer may keep our routes. */
void graceful_session_down(struct graceful *g, bool keeps, mono_t now);
/* The peer may hold our routes as stale, without a session. */
bool graceful_may_be_stale(const struct graceful *g, mono_t now);

#endif
