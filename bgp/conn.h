/* SPDX-License-Identifier: MIT */
/*
 * One TCP connection to a peer and its state machine: the shell that turns input of the socket into
 * events, and actions into output. The peer (peer.h), which owns it, supplies the messages through
 * ops.
 */
#ifndef BGP_CONN_H
#define BGP_CONN_H

#include <systemd/sd-event.h>

#include "bgp/fsm.h"
#include "bgp/linger.h"
#include "bgp/msg.h"
#include "bgp/status.h"
#include "lib/err.h"

struct bgp_conn;

/* How a connection or an attempt ended. */
enum bgp_conn_end {
	BGP_END_OTHER,
	BGP_END_SILENT, /* nothing was heard for too long */
	BGP_END_CLOSED, /* the peer, or its host, closed or refused it */
};

/* None may free the connection; all are called from inside an event. */
struct bgp_conn_ops {
	/* Its state changed; `end` is how, where it failed. */
	void (*changed)(struct bgp_conn *c, enum bgp_state from, enum bgp_conn_end end);
	/* Fills in the state of graceful restart, which the peer keeps (RFC 4724). */
	void (*complete_open)(struct bgp_conn *c, struct bgp_open *open);
	/* A NOTIFICATION was received, or is sent; the session, if any, is not down yet. */
	void (*notification)(struct bgp_conn *c, const struct bgp_notification *n, bool received);
	void (*session_up)(struct bgp_conn *c);
	void (*session_down)(struct bgp_conn *c);
	void (*update)(struct bgp_conn *c, const struct bgp_update *update);
	void (*refresh)(struct bgp_conn *c, enum bgp_afi afi);
	/* Packs the next message of the session; 0 when there is none. */
	size_t (*next_message)(struct bgp_conn *c, uint8_t *buf, size_t cap);
};

struct bgp_conn {
	sd_event *loop;
	const struct bgp_conn_ops *ops;
	void *userdata; /* the peer */
	const struct bgp_peer_config *peer;
	struct bgp_linger *linger;
	struct bgp_fsm fsm;
	int fd;          /* -1: none */
	bool connecting; /* or accepted and not opened: nothing is read or written yet */
	bool giving_up;  /* this side closes it, as the path is lost */
	sd_event_source *io, *timer;
	uint32_t random;
	sd_event_source *failed; /* reports an attempt that failed at once */
	struct err connect_error;
	uint8_t *in; /* input that is not a whole message yet */
	size_t in_len;
	uint8_t *out; /* whole messages, but for the part of the first that was sent */
	size_t out_len;
	uint64_t written, acknowledged;           /* bytes, for the send hold timer (RFC 9687) */
	struct bgp_message_counts sent, received; /* of all connections so far */
	uint64_t errors_tolerated;
	char last_tolerated[160]; /* the error in the last such UPDATE */
};

void bgp_conn_init(struct bgp_conn *c, sd_event *loop, const struct bgp_fsm_config *config,
		   const struct bgp_peer_config *peer, struct bgp_linger *linger,
		   const struct bgp_conn_ops *ops, void *userdata);
/* Closes without a NOTIFICATION. */
void bgp_conn_done(struct bgp_conn *c);
void bgp_conn_start(struct bgp_conn *c);
/* Sends `why` if it is connected, closes, and stays down until started again. NULL sends nothing,
 * for a peer that then keeps our routes (RFC 4724). */
void bgp_conn_stop(struct bgp_conn *c, const struct bgp_notification *why);
/* The path is lost: closes without waiting for a timer, and retries. */
void bgp_conn_give_up(struct bgp_conn *c, const char *why);
/* BFD says that the path is down: ends a connection that is open with this NOTIFICATION, and
 * retries. An attempt to connect goes on. */
void bgp_conn_path_down(struct bgp_conn *c, const struct bgp_notification *n, const char *why);
/* The path changed: resets the back-off, with an attempt at once. */
void bgp_conn_hurry(struct bgp_conn *c);
/* Takes over a connection that the peer made. Nothing is sent or read on it before
 * `open_at` (0: at once), unless bgp_conn_open comes first. */
void bgp_conn_accept(struct bgp_conn *c, int fd, mono_t open_at);
/* Nothing happens unless the connection waits to be opened. */
void bgp_conn_open(struct bgp_conn *c);
/* The next attempt is not made before `until`; nothing happens where none is due. */
void bgp_conn_defer(struct bgp_conn *c, mono_t until);
/* Sends what next_message gives until the socket takes no more. */
void bgp_conn_flush(struct bgp_conn *c);
/* All output is sent and acknowledged by the peer's host. */
bool bgp_conn_flushed(const struct bgp_conn *c);

#endif
