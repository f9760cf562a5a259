/* SPDX-License-Identifier: MIT */
/* The helper (helper.h) as the agent sees it: a process that is started, spoken to, and waited
 * for. */
#ifndef BFD_PROCESS_H
#define BFD_PROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <systemd/sd-event.h>

#include "bfd/message.h"
#include "lib/err.h"
#include "process/subreaper.h"

/* It asks whether the main loop runs every BFD_PING_INTERVAL, which shows that it runs itself. A
 * process that was stopped, or is stuck, is killed after so many periods in a row without a word.
 * Periods are counted, not time: when the whole host stood still, both have the same to catch up
 * with. */
#define BFD_PROCESS_PERIOD     USEC_PER_SEC
#define BFD_PROCESS_SILENT_MAX 3

/* All may end it, or start another one. */
struct bfd_process_ops {
	/* False: it is not our helper any more. */
	bool (*message)(const struct bfd_message *m, void *userdata);
	/* The socket was read, or has room again. */
	void (*ready)(void *userdata);
	/* It has ended, or was ended: it sent what cannot be understood, or nothing at all.
	 * bfd_process_reap() is due. */
	void (*ended)(const char *why, void *userdata);
};

struct bfd_process {
	sd_event *loop;
	const struct bfd_process_ops *ops;
	void *userdata;
	pid_t pid; /* 0: there is none */
	int socket, pidfd;
	sd_event_source *input, *end, *silence;
	struct subreaper_tree tree; /* keeps others from reaping it */
	mono_t started_at;
	bool is_ending;    /* as it should */
	bool is_stuck;     /* it was killed for its silence */
	unsigned n_silent; /* periods of BFD_PROCESS_PERIOD in which it said nothing */
	/* Sequence numbers, BFD_SLOTS of them (bfd_engine_new()), in memory that all helpers share
	 * with the agent; NULL: there is none, and authenticated sessions cannot be resumed. */
	uint32_t *sent;
};

void bfd_process_init(struct bfd_process *p, sd_event *loop, const struct bfd_process_ops *ops,
		      void *userdata);
/* Waits for its end. */
void bfd_process_done(struct bfd_process *p);
/* There must be none. */
int bfd_process_start(struct bfd_process *p, struct err *err);
/* False: the socket has no room, or there is none. */
bool bfd_process_send(const struct bfd_process *p, const struct bfd_message *m);
/* ops.ready is called when the socket has room. */
void bfd_process_want_room(struct bfd_process *p, bool wanted);
/* It is to end; ops.ended follows. */
void bfd_process_end(struct bfd_process *p);
/* Kills what is left of it. */
void bfd_process_reap(struct bfd_process *p);

#endif
