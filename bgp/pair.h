/* SPDX-License-Identifier: MIT */
/*
 * The two connections of a peer, ours (`out`) and the one that the peer made (`in`): what follows
 * for both when one of them changes its state. Pure; peer.c carries the actions out in their order.
 *
 * At most one of the two is established; collision.h decides between two that open at once. While
 * the incoming one holds the session, the outgoing one rests; when it ends, the outgoing one
 * starts.
 *
 * Collisions are avoided where that is possible, since not every peer survives one (ExaBGP 4 hangs
 * for good when a connection comes in while it is in OpenConfirm on its own). No attempt is made
 * while a connection of the peer is opening, as in RFC 4271 8.2.2, where it ends the wait in
 * Active; and while our own attempt is undecided, our OPEN on the peer's connection is delayed:
 * the peer cannot reach OpenConfirm there before it has our OPEN.
 */
#ifndef BGP_PAIR_H
#define BGP_PAIR_H

#include <stdbool.h>
#include <stddef.h>

#include "bgp/fsm.h"

struct bgp_pair {
	const struct bgp_fsm *out, *in;
	bool has_session; /* one of the two is established */
	bool guest;       /* never connected to */
	bool stopped;
};

enum bgp_pair_action_type {
	BGP_PAIR_DEFER_OUT,    /* no attempt by us before `until` */
	BGP_PAIR_OPEN_IN,      /* our OPEN on the peer's connection is delayed no longer */
	BGP_PAIR_DROP_OUT,     /* Cease, Connection Collision Resolution (RFC 4486) */
	BGP_PAIR_DROP_IN,      /* likewise */
	BGP_PAIR_NOTE_FAILURE, /* the operator is to see why it failed */
	BGP_PAIR_START_OUT,
	BGP_PAIR_REPORT, /* the state of the peer changed */
};

struct bgp_pair_action {
	enum bgp_pair_action_type type;
	mono_t until; /* DEFER_OUT */
};

#define BGP_PAIR_ACTIONS_MAX 6
struct bgp_pair_actions {
	struct bgp_pair_action items[BGP_PAIR_ACTIONS_MAX];
	size_t n;
};

/* `incoming`: it is `in` that came from the state `from` into its present one. Always fills *ret.
 * Carrying out an action may change the other connection, and so lead to a step of its own first.
 */
void bgp_pair_step(const struct bgp_pair *pair, bool incoming, enum bgp_state from, mono_t now,
		   struct bgp_pair_actions *ret);
/* When our OPEN on a connection that the peer makes now is due; 0: at once. Our own attempt that
 * has not succeeded for some time is not waited for. */
mono_t bgp_pair_open_due(const struct bgp_pair *pair, mono_t now);

#endif
