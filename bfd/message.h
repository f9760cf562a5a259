/* SPDX-License-Identifier: MIT */
/*
 * Messages between the agent and its BFD helper (helper.h), one a datagram, as memory: both ends
 * are the same program. Pure.
 *
 * Both ends check what they get: either may be spoken to by a process that was broken into. All
 * that matters is repeated until it has been sent, so that a full socket loses nothing.
 */
#ifndef BFD_MESSAGE_H
#define BFD_MESSAGE_H

#include "bfd/config.h"
#include "bfd/status.h"

/* Ids of sessions differ modulo this. */
#define BFD_SLOTS ((size_t)2 * BFD_SESSIONS_MAX)

enum bfd_message_type {
	/* to the helper */
	BFD_MSG_SESSION = 1, /* there is this session, with this configuration: new or changed */
	BFD_MSG_REMOVE,      /* take it to AdminDown, then forget it; BFD_MSG_GONE follows */
	BFD_MSG_PONG,        /* the main loop runs: answers PING `id` */
	/* to the agent */
	BFD_MSG_STATUS,
	BFD_MSG_GONE,
	BFD_MSG_PING,
	BFD_MSG_COUNTS,
};

struct bfd_message {
	uint32_t type; /* enum bfd_message_type */
	uint32_t id;   /* of the session, or the number of a ping */
	union {
		struct {
			struct bfd_key key;
			struct bfd_config config;
			struct bfd_resume resume; /* of one that is new */
		} session;
		struct bfd_status status;
		struct bfd_counts counts;
	};
};

/* Octets of it that are sent. */
size_t bfd_message_size(const struct bfd_message *m);
/* 0 or -EPROTO: another size than its type has, no type for this end, a session that bfd_check()
 * refuses, one that no session can go on with, a state, a truth value or a text that is none. */
int bfd_message_read(const void *data, size_t len, bool to_helper, struct bfd_message *ret);

#endif
