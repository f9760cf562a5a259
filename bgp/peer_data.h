/* SPDX-License-Identifier: MIT */
/* The data of a peer: for peer.c, which owns it, and the other files of a peer. */
#ifndef BGP_PEER_DATA_H
#define BGP_PEER_DATA_H

#include <systemd/sd-event.h>

#include "bgp/adj_out.h"
#include "bgp/conn.h"
#include "bgp/discovery.h"
#include "bgp/graceful.h"
#include "bgp/notice.h"
#include "bgp/path.h"
#include "bgp/peer_env.h"
#include "bgp/sent_log.h"
#include "bgp/sockopt.h"
#include "bgp/wire.h"

struct bgp_peer {
	struct bgp_peer_env env;
	struct bgp_peer_config config; /* owns its strings and lists */
	char *password, *description;
	struct bgp_conn out, incoming[2];
	struct bgp_conn *in;         /* of the incoming ones */
	struct bgp_conn *challenger; /* the other, idle without a session */
	struct bgp_conn *session;    /* the established one, else NULL */
	bool guest, stopped;
	bool disabled; /* by the operator; stopped, too */
	char disabled_text[BGP_SHUTDOWN_TEXT_MAX + 1];
	char disabled_why[BGP_SHUTDOWN_TEXT_MAX + 40]; /* in the place of last_error */
	mono_t admin_since;                            /* disabled or enabled */
	mono_t named_since; /* by its description, which filters of routes may name */
	struct adj_out adj;
	struct sent_log sent_log;
	struct graceful graceful;
	sd_event_source *restart_over;
	struct bgp_path path;
	enum bgp_lack lack;      /* of an unnumbered peer, whose address is not known */
	mono_t router_since;     /* it is */
	struct addr last_router; /* the last that was known: it may have our routes as stale */
	struct addr other_router;
	bool path_is_up;          /* as BFD reported */
	bool next_hop_unsure;     /* the kernel could not be asked for one */
	mono_t next_hop_since[2]; /* of IPv4 and IPv6, in this session */
	uint64_t path_resets;     /* sessions that ended because the path was lost */
	mono_t path_reset_at;
	struct bgp_socket_name local; /* of the session */
	uint64_t sessions, replaced;  /* the latter by a challenger */
	mono_t session_since;         /* the last one */
	mono_t down_since;            /* its end, or the start; USEC_NEVER while there is one */
	uint64_t prefixes_received, prefixes_withdrawn;
	uint64_t routes_received[2]; /* of IPv4 and IPv6, in this session */
	char last_error[320];
	struct bgp_notice notice;
	const char *hint;            /* of the last attempt that failed */
	enum bgp_state hint_reached; /* how far it had come */
	mono_t configured_at;        /* when its configuration was last changed with a reset */
};

/* Of peer.c, for peer_change.c: copies the configuration, without freeing the former one; and what
 * the state machine of a connection needs of it. */
void bgp_peer_copy_config(struct bgp_peer *p, const struct bgp_peer_config *config);
/* Likewise, for peer_router.c: when the session ends now, the peer keeps our routes as stale. */
bool bgp_peer_keeps_routes(const struct bgp_peer *p);
struct bgp_fsm_config bgp_peer_fsm_config(const struct bgp_peer *p, bool incoming);
/* Ends one of two connections: Cease/Connection Collision Resolution. */
void bgp_peer_drop(struct bgp_conn *c);
/* Ends all connections. */
void bgp_peer_stop_all(struct bgp_peer *p, const struct bgp_notification *why);
/* Of peer_challenger.c, for peer.c: a connection that the peer makes now may replace the session;
 * there is one; takes it over; it changed its state; it becomes the incoming one if there is no
 * session any more; it is established, and the former session ends, which promotes it. */
bool bgp_peer_may_be_challenged(const struct bgp_peer *p);
bool bgp_peer_is_challenged(const struct bgp_peer *p);
void bgp_peer_challenge(struct bgp_peer *p, int fd);
void bgp_peer_challenger_changed(struct bgp_peer *p);
void bgp_peer_promote(struct bgp_peer *p);
void bgp_peer_replace_session(struct bgp_peer *p);
/* Of peer_change.c, for peer_admin.c: ends the connections; bgp_peer_start() follows. A peer with
 * RFC 8538 keeps our routes until the next session is up, unless the reset is `hard`. */
void bgp_peer_end_session(struct bgp_peer *p, const struct bgp_notification *why, bool hard);
/* Of peer_admin.c, for peer.c: it is disabled from the start; and answers a connection of the peer
 * while it is. */
void bgp_peer_set_disabled(struct bgp_peer *p, const char *text);
void bgp_peer_refuse_disabled(struct bgp_peer *p, int fd);
/* Of peer_router.c, for peer.c: the router may not know us yet, so that a connection that it closes
 * means nothing. */
bool bgp_peer_is_greeting(const struct bgp_peer *p);

#endif
