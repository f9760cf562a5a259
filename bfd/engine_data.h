/* SPDX-License-Identifier: MIT */
/* The data of the engine (engine.h), for the two files that it consists of: engine.c has the
 * sessions and their time, engine_io.c the sockets. */
#ifndef BFD_ENGINE_DATA_H
#define BFD_ENGINE_DATA_H

#include "bfd/socket.h"
#include "bfd/table.h"
#include "lib/deadlines.h"
#include "lib/list.h"

/* State of a session as last reported to the agent, besides its counters. */
struct told {
	enum bfd_state state, remote_state;
	uint32_t remote_discr;
	span_t tx_interval, detection_time;
};

struct session {
	struct bfd_entry entry;
	struct deadline deadline;
	struct list_node untold; /* on engine.untold, or on engine.gone */
	struct list_node due;    /* in this turn */
	struct told told;
	int fd;
	uint16_t port; /* 0: none yet */
	bool muted, is_leaving;
	uint64_t sent, send_errors;
	char error[sizeof(((struct bfd_status *)0)->error)]; /* of sending */
};

struct listener {
	struct list_node node;
	struct bfd_listener socket;
	unsigned ifindex; /* of its VRF, when it was opened */
	char error[sizeof(((struct bfd_status *)0)->error)];
};

struct bfd_engine {
	struct bfd_table table;
	struct deadlines deadlines;
	struct list listeners, untold, gone;
	mono_t answered_at; /* when the main loop was heard of */
	mono_t retry_at;    /* USEC_NEVER: all sockets are open */
	size_t n_leaving;
	struct bfd_counts told_counts;
	bool are_counts_due;
	uint32_t random; /* for jitter */
	uint32_t *sent;  /* see bfd_engine_new() */
};

static inline struct session *session_of(struct bfd_entry *entry)
{
	return list_entry(entry, struct session, entry);
}

#endif
