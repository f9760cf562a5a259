/* SPDX-License-Identifier: MIT */
/*
 * BFD of the peers (RFC 5882): which sessions there are to be, and what follows for BGP.
 *
 *	speaker: configuration, path, local address ──> wanted (pure) ──> sessions of bfd/
 *	bfd/: up, down ──> speaker: path up, down, unknown
 *
 * Peers that share an address (with different ports) share a session. A session that goes down ends
 * the BGP session in the same turn; not one that the router takes down (AdminDown), nor one of
 * which nothing is known, as the process that speaks BFD has ended.
 */
#ifndef AGENT_BFD_PEER_BFD_H
#define AGENT_BFD_PEER_BFD_H

#include <stdbool.h>
#include <systemd/sd-event.h>

#include "bfd/bfd.h"
#include "bgp/speaker.h"
#include "lib/err.h"

struct peer_bfd;

int peer_bfd_new(sd_event *loop, struct bgp_speaker *speaker, struct peer_bfd **ret,
		 struct err *err);
/* NULL is allowed in all functions. */
void peer_bfd_free(struct peer_bfd *p);
/* Peers, their configuration or paths may have changed: sessions follow, in a turn of their own. */
void peer_bfd_update(struct peer_bfd *p);
/* Tells the routers AdminDown, which they do not take for a failure, and calls `done` from the loop
 * when they have had the time to see it, or at `limit`. Nothing follows for BGP any more, also when
 * peers change. The last call counts. */
typedef void peer_bfd_told_cb(void *userdata);
void peer_bfd_stop(struct peer_bfd *p, mono_t limit, peer_bfd_told_cb *done, void *userdata);

/* For operators. */
struct peer_bfd_status {
	const struct bfd_key *key;
	const struct bfd_config *config;
	const struct bfd_status *status;
	mono_t made_at; /* the session, by the agent */
	const char *hint;
};
/* A view. False: the peer has no session; *ret_error is why, if it is to have one, else NULL. */
bool peer_bfd_find(const struct peer_bfd *p, const struct bgp_peer_status *peer,
		   struct peer_bfd_status *ret, const char **ret_error);
/* The last trouble with the process that speaks BFD, and when that was; NULL: none so far. */
const char *peer_bfd_trouble(const struct peer_bfd *p, mono_t *ret_at);
uint64_t peer_bfd_restarts(const struct peer_bfd *p);
/* Packets of no session. */
const struct bfd_counts *peer_bfd_counts(const struct peer_bfd *p);

#endif
