/* SPDX-License-Identifier: MIT */
/*
 * The deadlines of the registry: a heap for each kind, one timer for all.
 *
 * A deadline is taken off its heap before its handler runs, and one turn of the loop handles at
 * most DUE_PER_TURN of them. So a handler that sets a time in the past delays nothing else: it is
 * called again after DUE_AGAIN.
 *
 * Due work is handled after requests that wait in their sockets: after a pause of the process one
 * of them may renew or change it.
 */
#ifndef AGENT_APP_DUE_H
#define AGENT_APP_DUE_H

#include <stdbool.h>
#include <systemd/sd-event.h>

#include "lib/deadlines.h"
#include "lib/mono.h"

#define DUE_PER_TURN ((size_t)256)
#define DUE_AGAIN    USEC_PER_SEC

/* In the order in which they are handled when several are due. */
enum due_kind {
	DUE_UNDRAIN, /* a drain that was requested for a time ends */
	DUE_DRAINED, /* drain_time is over */
	DUE_CLEANUP, /* cleanup_timer is over, or the app is to be forgotten */
	DUE_LEASE,   /* the lease was not renewed */
	DUE_DAMPING, /* a flapping app may come up again */
	DUE_JOINED,  /* join_time is over */
};
#define DUE_KINDS 6

/* `entry` is scheduled no more. It may be scheduled again and its owner may be freed. */
typedef void due_cb(enum due_kind kind, struct deadline *entry, mono_t now, void *userdata);

struct due_queue {
	sd_event *loop;
	struct deadlines of[DUE_KINDS];
	sd_event_source *timer, *round;
	unsigned rounds;
	mono_t armed; /* the time the timer is set to */
	due_cb *cb;
	void *userdata;
	bool ticking;
	const struct deadline *running; /* its handler runs now … */
	mono_t now;                     /* … at this time */
};

void due_init(struct due_queue *q, sd_event *loop, due_cb *cb, void *userdata);
void due_done(struct due_queue *q);
/* USEC_NEVER: not scheduled. */
void due_set(struct due_queue *q, enum due_kind kind, struct deadline *entry, mono_t when);
mono_t due_at(const struct deadline *entry);
/* The timer's callback. True when more is due: call it again, in another turn of the loop. */
bool due_tick(struct due_queue *q, mono_t now);

#endif
