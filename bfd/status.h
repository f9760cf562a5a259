/* SPDX-License-Identifier: MIT */
/* The state of a BFD session, for operators and for those that depend on it. Values, and names of
 * enums. Pure. */
#ifndef BFD_STATUS_H
#define BFD_STATUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/mono.h"

/* RFC 5880 4.1, as on the wire. */
enum bfd_state { BFD_ADMIN_DOWN = 0, BFD_DOWN = 1, BFD_INIT = 2, BFD_UP = 3 };
const char *bfd_state_name(enum bfd_state state); /* "admin-down", "down", "init", "up" */

/* RFC 5880 4.1, as on the wire; others are possible in what a peer sends. */
enum bfd_diag {
	BFD_DIAG_NONE = 0,
	BFD_DIAG_EXPIRED = 1,              /* control detection time expired */
	BFD_DIAG_ECHO_FAILED = 2,          /* never ours */
	BFD_DIAG_NEIGHBOR_SIGNALED = 3,    /* the neighbor says that the session is down */
	BFD_DIAG_FORWARDING_RESET = 4,     /* never ours */
	BFD_DIAG_PATH_DOWN = 5,            /* never ours */
	BFD_DIAG_CONCATENATED_DOWN = 6,    /* never ours */
	BFD_DIAG_ADMIN_DOWN = 7,           /* administratively down */
	BFD_DIAG_REVERSE_CONCATENATED = 8, /* never ours */
};
/* "none", "detection-time-expired", … "unknown". */
const char *bfd_diag_name(enum bfd_diag diag);

/* Why a packet was dropped, in the order in which it is examined (RFC 5880 6.8.6, with RFC 5881 5
 * and RFC 5883 4 for the TTL). */
enum bfd_drop {
	BFD_DROP_VERSION,
	BFD_DROP_LENGTH,     /* too short, or longer than the datagram */
	BFD_DROP_MULTIPLIER, /* Detect Mult is 0 */
	BFD_DROP_MULTIPOINT, /* M is set */
	BFD_DROP_MY_DISCR,   /* My Discriminator is 0 */
	BFD_DROP_YOUR_DISCR, /* of no session, or 0 in state Init or Up */
	BFD_DROP_NO_SESSION, /* Your Discriminator is 0, and no session is with this sender */
	BFD_DROP_TTL,        /* has come over more hops than it may have */
	BFD_DROP_SOURCE, /* the discriminator is of a session with another address or interface */
	BFD_DROP_AUTH,   /* authentication is missing, wrong, replayed, or not expected */
	BFD_DROP_ADMIN_DOWN, /* the session is administratively down here */
	BFD_DROP_N,
};
const char *bfd_drop_name(enum bfd_drop drop); /* "version", "length", … */

/* How a session last left Up. */
struct bfd_down {
	enum bfd_diag
		diag; /* ours; BFD_DIAG_NONE: the process that runs BFD ended, and the session with
			     * it, or the peer missed the packets of that moment */
	enum bfd_state remote_state; /* BFD_ADMIN_DOWN: no failure (RFC 5882 3.2) */
	enum bfd_diag remote_diag;
	mono_t at;
	span_t silence; /* BFD_DIAG_EXPIRED: the detection time that passed without a packet */
};

struct bfd_status {
	enum bfd_state state, remote_state;
	enum bfd_diag diag, remote_diag; /* the last ones */
	mono_t since;                    /* when it entered the state, CLOCK_MONOTONIC */
	uint32_t discr, remote_discr;    /* 0: not known */
	uint16_t port;                   /* that our packets come from; 0: none yet */
	/* In effect. Those of the peer are 0 until it was heard of. */
	span_t tx_interval;    /* we send so often, before jitter; 0: not at all */
	span_t rx_interval;    /* the peer sends so often */
	span_t detection_time; /* this long a silence ends the session; 0: nothing received yet */
	span_t remote_min_tx, remote_min_rx; /* as the peer says */
	uint8_t remote_multiplier;
	bool remote_independent; /* C bit: its BFD survives its control plane (RFC 5882 4.3) */
	bool muted;              /* the main loop was not heard of for hold_time */
	uint64_t up_events, down_events;      /* into Up, and out of it */
	struct bfd_down down;                 /* of the last down event */
	uint64_t sent, send_errors, received; /* packets; received are those that were accepted */
	uint64_t dropped[BFD_DROP_N];         /* of those that could be told to be this session's */
	/* Why nothing can be sent or received, "" when all is well: "cannot bind UDP port 3784
	 * …". */
	char error[160];
};

/* Why it last left Up, for people: "no packet for 900ms (control detection time expired)",
 * "signalled down by the neighbor (…)". "" where it never did. Returns `buf`. */
#define BFD_WHY_MAX 160
const char *bfd_status_why(const struct bfd_status *s, char buf[static BFD_WHY_MAX]);

/* State that a session that was up needs to go on in another process, so that the peer notices
 * nothing. */
struct bfd_resume {
	uint32_t discr; /* 0: the session begins in state Down */
	uint32_t remote_discr;
	uint32_t auth_sent; /* the last sequence number */
	uint16_t port;
	uint8_t remote_multiplier;
	mono_t since;
	span_t tx_interval, rx_interval; /* that were in effect */
	span_t remote_min_tx, remote_min_rx;
};

/* Packets that belong to no session. */
struct bfd_counts {
	uint64_t dropped[BFD_DROP_N];
};

#endif
