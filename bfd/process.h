/* SPDX-License-Identifier: MIT */
/* The helper (helper.h) as the agent sees it: a process that is started, spoken to, and waited for. */
#ifndef BFD_PROCESS_H
#define BFD_PROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <systemd/sd-event.h>

#include "bfd/message.h"
#include "lib/err.h"
#include "process/subreaper.h"

/* All may end it, or start another one. */
struct bfd_process_ops {
	/* False: it is no helper of ours any more. */
	bool (*message)(const struct bfd_message *m, void *userdata);
	/* The socket was read, or has room again. */
	void (*ready)(void *userdata);
	/* It has ended, or speaks what cannot be understood: bfd_process_reap() is due. */
	void (*ended)(const char *why, void *userdata);
};

struct bfd_process {
	sd_event *loop;
	const struct bfd_process_ops *ops;
	void *userdata;
	pid_t pid; /* 0: there is none */
	int socket, pidfd;
	sd_event_source *input, *end;
	struct subreaper_tree tree; /* keeps others from reaping it */
	mono_t started_at;
	bool is_ending; /* as it should */
	/* Sequence numbers, BFD_SLOTS of them (bfd_engine_new()), in memory that all helpers share with
	 * the agent; NULL: there is none, and authenticated sessions cannot be resumed. */
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
