/* SPDX-License-Identifier: MIT */
/*
 * The finite state machine of one connection, RFC 4271 section 8, as a pure function.
 *
 * Events go in with the time they happened; actions come out and the shell (conn.c) carries them
 * out in their order. The machine keeps deadlines, not timers: the shell arms one timer for
 * bgp_fsm_deadline() and sends BGP_EV_TIMER when it is reached. Nothing here knows a socket.
 *
 * A peer has one of these for the connection we make and one for the connection the peer makes;
 * collision.h decides between them. A third one is a connection that the peer makes while a session
 * is established (challenge.h). Optional attributes of section 8.1.1 that are
 * built in: AllowAutomaticStart, DampPeerOscillations (as the retry back-off),
 * PassiveTcpEstablishment, CollisionDetectEstablishedState off, SendNOTIFICATIONwithoutOPEN, and
 * DelayOpen for a connection that the peer made while our own attempt was under way (pair.c).
 */
#ifndef BGP_FSM_H
#define BGP_FSM_H

#include <stdbool.h>
#include <stdint.h>

#include "bgp/msg.h"
#include "bgp/status.h"
#include "lib/backoff.h"
#include "lib/mono.h"

/* How long one attempt to connect may take: SYNs at 0, 1 and 3 s. */
#define BGP_CONNECT_TIMEOUT (5 * USEC_PER_SEC)
/* The hold time until the peer's OPEN says what it is to be. RFC 4271 8.2.2 wants it large and
 * suggests 4 minutes; a router that lost power after the SYN would block us for so long. */
#define BGP_OPEN_HOLD_TIME (30 * USEC_PER_SEC)
/* How long our OPEN on a connection that the peer made may be delayed by our own attempt. */
#define BGP_DELAY_OPEN USEC_PER_SEC
/* RFC 9687 6: the lower limit of the default send hold time. */
#define BGP_SEND_HOLD_TIME_MIN (480 * USEC_PER_SEC)

struct bgp_fsm_config {
	uint32_t local_as, router_id;
	uint32_t peer_as;       /* 0: any */
	bool external;          /* any but ours */
	bool passive;           /* never connects; waits in Active */
	bool incoming;          /* the peer made this connection; it ends in Idle for good */
	span_t hold_time;       /* offered; whole seconds */
	span_t keepalive;       /* 0: a third of the negotiated hold time */
	span_t send_hold_time;  /* 0: the default of RFC 9687 */
	span_t connect_timeout; /* 0: BGP_CONNECT_TIMEOUT */
	span_t connect_retry, connect_retry_max;
	unsigned families;  /* BGP_OFFER_…; 0: all */
	enum bgp_role role; /* offered to an eBGP peer (RFC 9234) */
	bool role_strict;
	bool extended_next_hop; /* offered with IPv4, RFC 8950 */
	bool graceful_restart;  /* offered, RFC 4724 */
	span_t restart_time;    /* whole seconds */
	span_t long_lived_time; /* offered with it, RFC 9494; whole seconds; 0: not */
};

/* Negotiated by both OPENs. */
struct bgp_negotiated {
	uint16_t hold_time, keepalive; /* seconds; 0: none */
	bool ibgp;
	bool four_octet_as, route_refresh, enhanced_refresh, extended_messages;
	bool ipv4_unicast, ipv6_unicast;
	bool extended_next_hop; /* of IPv4 routes (RFC 8950) */
	uint32_t peer_as, peer_router_id;
	enum bgp_role role, peer_role; /* ours; theirs as offered, whatever we did */
	bool graceful_restart;         /* both offered it: the peer keeps our routes */
	bool graceful_notification;    /* also when a NOTIFICATION ends the session (RFC 8538) */
	struct bgp_graceful peer_graceful; /* as the peer offered it, whatever we did */
	bool long_lived; /* both offered it and graceful restart: kept for longer (RFC 9494) */
};

enum bgp_event_type {
	BGP_EV_START, /* 1, 3: ManualStart, AutomaticStart */
	BGP_EV_DEFER, /* the next attempt waits: a connection of the peer is opening */
	BGP_EV_STOP,  /* 2, 8, 23: told to, or a collision was lost; with a Cease, or NULL: as
			 if the connection were lost, so that the peer keeps our routes */
	BGP_EV_TIMER, /* 9 to 13: a deadline was reached */
	BGP_EV_TCP_CONNECTED, /* 16, 17: ours was acknowledged, or theirs accepted */
	BGP_EV_TCP_FAILED,    /* 18: before it was up, or closed afterwards */
	BGP_EV_OPEN,          /* 19 */
	BGP_EV_KEEPALIVE,     /* 26 */
	BGP_EV_UPDATE,        /* 27 */
	BGP_EV_REFRESH,       /* RFC 2918 */
	BGP_EV_NOTIFICATION,  /* 24, 25 */
	BGP_EV_BROKEN,        /* 21, 22, 28: the decoder says which NOTIFICATION to send */
	BGP_EV_PATH_DOWN,     /* BFD is down (RFC 5882 4.1): ends a connection that is open */
	BGP_EV_SEND_BLOCKED,  /* RFC 9687: output waits, none was acknowledged */
	BGP_EV_SEND_PROGRESS, /* RFC 9687: some was acknowledged, more waits */
	BGP_EV_SEND_DONE,     /* RFC 9687: all was acknowledged */
};

struct bgp_event {
	enum bgp_event_type type;
	mono_t now;
	uint32_t random;  /* for jitter */
	const char *text; /* TCP_FAILED, PATH_DOWN: why, for people */
	union {
		const struct bgp_open *open;
		/* received, to send (STOP, PATH_DOWN), or the decoder's verdict (BROKEN) */
		const struct bgp_notification *notification;
		mono_t until; /* START of an incoming one: its OPEN is due; DEFER */
	};
};

enum bgp_action_type {
	BGP_DO_CONNECT,
	BGP_DO_SEND_OPEN,
	BGP_DO_SEND_KEEPALIVE,
	BGP_DO_SEND_NOTIFICATION,
	BGP_DO_CLOSE, /* after the output queued so far */
	BGP_DO_LEAVE, /* likewise, without NOTIFICATION: the peer reads to the end of the stream */
	BGP_DO_SESSION_UP,
	BGP_DO_SESSION_DOWN, /* undoes SESSION_UP */
};

struct bgp_action {
	enum bgp_action_type type;
	struct bgp_notification notification; /* its data may point into the event */
};

#define BGP_ACTIONS_MAX 4
struct bgp_actions {
	struct bgp_action items[BGP_ACTIONS_MAX];
	size_t n;
	enum bgp_state from, to;
};

struct bgp_fsm {
	struct bgp_fsm_config config;
	enum bgp_state state;
	mono_t state_since;
	struct bgp_negotiated negotiated; /* valid from OpenConfirm on */
	bool without_capabilities;        /* the peer refused optional parameters, RFC 5492 3 */
	struct backoff backoff;
	mono_t connect_by;     /* the attempt under way times out */
	mono_t open_at;        /* Active, incoming: the connection is there, our OPEN waits */
	mono_t retry_at;       /* the next attempt */
	mono_t deferred_until; /* and not before; 0: it is not deferred */
	mono_t hold_until;     /* the hold timer expires */
	mono_t keepalive_at;   /* a KEEPALIVE is due */
	mono_t send_hold_until;
	char why[320]; /* the last failure; "" if there was none */
};

void bgp_fsm_init(struct bgp_fsm *fsm, const struct bgp_fsm_config *config, mono_t now);
/* Always fills *ret. */
void bgp_fsm_step(struct bgp_fsm *fsm, const struct bgp_event *event, struct bgp_actions *ret);
/* Begins the waits between attempts anew, and makes one that is due later due now: to be followed
 * by BGP_EV_TIMER. */
void bgp_fsm_hurry(struct bgp_fsm *fsm, mono_t now);
/* When BGP_EV_TIMER is due, USEC_NEVER if not at all. */
mono_t bgp_fsm_deadline(const struct bgp_fsm *fsm);
/* When the next attempt is made, USEC_NEVER if none is due. */
mono_t bgp_fsm_retry_due(const struct bgp_fsm *fsm);
/* How long one attempt may take. */
span_t bgp_fsm_connect_timeout(const struct bgp_fsm *fsm);
/* Idle, and no attempt is due. */
bool bgp_fsm_is_resting(const struct bgp_fsm *fsm);
/* The OPEN to send on BGP_DO_SEND_OPEN; the caller fills in R and F of graceful
 * restart. */
struct bgp_open bgp_fsm_open(const struct bgp_fsm *fsm);

#endif
