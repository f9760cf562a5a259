/* SPDX-License-Identifier: MIT */
/*
 * Bidirectional Forwarding Detection: asynchronous mode (RFC 5880), over one hop (RFC 5881) and
 * several (RFC 5883). This is the only header that users of the room need.
 *
 * Packets are sent and judged by a process of its own (helper.h), so that a turn of the main loop
 * that takes long neither delays them nor makes the peer look silent. It is started with the first
 * session and ends with the last, and with this process, however that ends. Should it end by
 * itself, or be killed for its silence (process.h), another one is started at once, where sessions
 * that are up go on (the peer notices nothing if that takes less than its detection time); the
 * others, and all of them when it ends twice within a minute, are reported down with BFD_DIAG_NONE,
 * as that is not evidence about the path. It sends nothing while the main loop has not answered it
 * for `hold_time`. docs/decisions/bfd-process.md has the reasons.
 *
 * None of the functions waits. Nothing here is logged: states come back through the callback.
 */
#ifndef BFD_BFD_H
#define BFD_BFD_H

#include <systemd/sd-event.h>

#include "bfd/config.h"
#include "bfd/status.h"
#include "lib/err.h"

struct bfd;         /* all sessions */
struct bfd_session; /* one */

struct bfd_ops {
	/* The state of the session changed from `from` to s->state, also in what turns out later: a
	 * session that went down and up again while the main loop was busy is reported down, then
	 * up. Any session, also this one, may be freed or changed inside, and others added. */
	void (*changed)(struct bfd_session *session, const struct bfd_status *s,
			enum bfd_state from, void *session_userdata);
	/* The helper could not be started or ended unexpectedly, `text` says why; it is tried
	 * again. Sessions that do not go on have been reported down. */
	void (*trouble)(const char *text, void *userdata);
	/* After bfd_stop(): all peers have been told, bfd_free() is due. */
	void (*stopped)(void *userdata);
};

/* Starts nothing yet, so that nothing can fail. `ops` must stay, any of its members may be NULL. */
int bfd_new(sd_event *loop, const struct bfd_ops *ops, void *userdata, struct bfd **ret,
	    struct err *err);
/* Ends at once; peers that were not told see silence. Frees all sessions. */
void bfd_free(struct bfd *b);
/* Orderly: all sessions go to AdminDown, which peers do not take for a failure (RFC 5882 3.2), and
 * are told so for a detection time, at most a second. `stopped` is called then, from the loop;
 * without a session in the next turn. No session may be added from here on; their handles stay
 * valid. */
void bfd_stop(struct bfd *b);

/* Begins in state Down. -EINVAL: bfd_check() refuses it, -EEXIST: there is one with this key,
 * -ENOSPC: there are BFD_SESSIONS_MAX, -ESHUTDOWN: after bfd_stop(). A helper that cannot be
 * started is not an error here: `trouble` says so, and it is tried again. */
int bfd_session_new(struct bfd *b, const struct bfd_key *key, const struct bfd_config *config,
		    void *userdata, struct bfd_session **ret, struct err *err);
/* Other timers and the like, without taking the session down (RFC 5880 6.8.3). An equal one changes
 * nothing. -EINVAL as above. */
int bfd_session_change(struct bfd_session *s, const struct bfd_config *config, struct err *err);
/* Orderly: the peer is told AdminDown for a detection time, in the background. The callback is not
 * called any more. */
void bfd_session_free(struct bfd_session *s);

const struct bfd_key *bfd_session_key(const struct bfd_session *s);
const struct bfd_config *bfd_session_config(const struct bfd_session *s);
/* As last reported: states at once, counters once a second. */
const struct bfd_status *bfd_session_status(const struct bfd_session *s);
/* NULL: there is none. */
struct bfd_session *bfd_session_find(const struct bfd *b, const struct bfd_key *key);

/* Dropped packets of no session; as of the last second. */
const struct bfd_counts *bfd_counts(const struct bfd *b);
/* Of the helper; 0: it does not run. */
pid_t bfd_helper_pid(const struct bfd *b);
/* How often it ended unexpectedly. */
uint64_t bfd_helper_restarts(const struct bfd *b);

#endif
