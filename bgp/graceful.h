/* SPDX-License-Identifier: MIT */
/*
 * Where graceful restart (RFC 4724, RFC 8538) stands with one peer. Pure.
 *
 * We are the side that restarts; for the peer's own restarts there is nothing to do, as none of
 * its routes are kept here.
 *
 *	start ── sessions say "restarted" (R), End-of-RIB is deferred
 *	  restored: all that still holds is announced, or restart_time is over ── End-of-RIB
 *	    told: this peer got it ── sessions say nothing of a restart any more
 *
 * F of a family, "its traffic was forwarded all the time", is true after a start when a former run
 * left VIPs of it, and after any session of this run: it is the peer that lost us then.
 */
#ifndef BGP_GRACEFUL_H
#define BGP_GRACEFUL_H

#include <stdbool.h>

#include "bgp/config.h"
#include "bgp/msg.h"
#include "lib/mono.h"

struct graceful {
	bool enabled;
	span_t restart_time;
	bool kept_ipv4, kept_ipv6; /* by a former run */
	bool had_session;
	bool restored;
	bool told;
	mono_t until;       /* the restart is over, whatever happens */
	mono_t stale_until; /* without a session, the peer may hold routes of ours for so long */
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
void graceful_told(struct graceful *g);
void graceful_session_up(struct graceful *g);
/* `keeps`: the peer may keep our routes. */
void graceful_session_down(struct graceful *g, bool keeps, mono_t now);
/* There is no session, and yet the peer may hold routes of ours. */
bool graceful_may_be_stale(const struct graceful *g, mono_t now);

#endif
