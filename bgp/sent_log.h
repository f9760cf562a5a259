/* SPDX-License-Identifier: MIT */
/*
 * The routes that a peer was sent, until the user of the speaker is told of them. Pure.
 *
 * A change of a route is an entry of its own, up to SENT_LOG_MAX that wait; those beyond are
 * counted. Counted only, too, are the routes of a new session, up to its End-of-RIB, and those that
 * are sent again although the peer holds them.
 */
#ifndef BGP_SENT_LOG_H
#define BGP_SENT_LOG_H

#include <stdbool.h>
#include <stddef.h>

#include "bgp/rib.h"

#define SENT_LOG_MAX 256

/* In the place of the cause of a route's change (struct bgp_route.why). */
#define BGP_SENT_FOR_SESSION "session" /* the session is new */
#define BGP_SENT_FOR_REFRESH "refresh" /* asked for by the peer or the operator */
#define BGP_SENT_FOR_PEER    "peer"    /* configuration, next hop or filter of the peer */

/* Views. One route, or with `prefix` NULL a number of them. */
struct bgp_sent {
	bool withdrawn; /* else announced */
	size_t n;
	const struct prefix *prefix;
	const char *tag; /* of the route; NULL: none */
	const char *why; /* NULL: not known, or several */
};

struct sent_entry {
	struct rib_route *route; /* held */
	const char *why;
	bool withdrawn;
};

struct sent_log {
	struct sent_entry *entries;
	size_t head, n, cap;
	size_t more_announced, more_withdrawn; /* without an entry */
	size_t first;                          /* of the session, End-of-RIB is still owed */
	size_t of_session;                     /* all of its routes, with End-of-RIB */
	size_t again;
	const char *again_why;
};

void sent_log_done(struct sent_log *l, struct rib *rib);
/* In the functions below `l` may be NULL: nothing is kept. */
void sent_log_route(struct sent_log *l, struct rib_route *route, bool withdrawn, const char *why);
void sent_log_again(struct sent_log *l, const char *why);
/* A route of a new session; all of them were sent; the session ended before. */
void sent_log_first(struct sent_log *l);
void sent_log_end_of_rib(struct sent_log *l);
void sent_log_session_down(struct sent_log *l);
bool sent_log_pending(const struct sent_log *l);

/* Tells the oldest entry, or when there is none, a number. False: nothing was left. */
typedef void sent_log_cb(const struct bgp_sent *sent, void *userdata);
bool sent_log_tell(struct sent_log *l, struct rib *rib, sent_log_cb *tell, void *userdata);

#endif
