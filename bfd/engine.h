/* SPDX-License-Identifier: MIT */
/*
 * The BFD helper: sessions, their sockets and their time. It has no loop: its owner waits for the
 * descriptors and the deadline, and calls bfd_engine_turn().
 *
 * A turn reads all that has arrived before it lets time pass, so that silence is only concluded
 * from sockets that are empty.
 */
#ifndef BFD_ENGINE_H
#define BFD_ENGINE_H

#include <poll.h>

#include "bfd/message.h"

struct bfd_engine;

/* `sent`: BFD_SLOTS numbers, the last sequence number of each session that is authenticated, for
 * the process that may have to resume it; NULL: not kept. */
struct bfd_engine *bfd_engine_new(mono_t now, uint32_t *sent);
void bfd_engine_free(struct bfd_engine *e);

/* A session of the agent: a new one, which may be resumed, or another configuration of one that
 * there is. One with the same key that is on its way to AdminDown is dropped. */
void bfd_engine_set(struct bfd_engine *e, const struct bfd_message *m, mono_t now);
/* To AdminDown; gone once the peer has been told. Unknown: it is gone. */
void bfd_engine_remove(struct bfd_engine *e, uint32_t id, mono_t now);
/* The main loop runs. */
void bfd_engine_answered(struct bfd_engine *e, mono_t now);

/* Descriptors to read; at most `max`. */
size_t bfd_engine_poll(const struct bfd_engine *e, struct pollfd *fds, size_t max);
/* When bfd_engine_turn() is due though nothing has arrived. */
mono_t bfd_engine_deadline(const struct bfd_engine *e);
/* Reads, then lets time pass. `readable`: one of the descriptors is; else they are read when one of
 * the sessions would be taken down for silence. `late`: this process did not run when it was
 * due. */
void bfd_engine_turn(struct bfd_engine *e, bool readable, bool late);

/* The next thing that the agent is to be told; false: none. It counts as told with
 * bfd_engine_told(), until which it is returned again. */
bool bfd_engine_next(const struct bfd_engine *e, struct bfd_message *ret);
void bfd_engine_told(struct bfd_engine *e, const struct bfd_message *m);
/* From time to time: the counters of all sessions are due. */
void bfd_engine_tell_all(struct bfd_engine *e);

#endif
