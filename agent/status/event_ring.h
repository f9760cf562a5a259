/* SPDX-License-Identifier: MIT */
/*
 * The last events of the agent (lib/log.h), for /v1/events. Pure. A reader has a position of its own
 * and costs the ring nothing: one that is too slow finds that its next event is gone.
 */
#ifndef AGENT_STATUS_EVENT_RING_H
#define AGENT_STATUS_EVENT_RING_H

#include <stddef.h>
#include <stdint.h>

#include "lib/log_level.h"
#include "lib/wallclock.h"

struct event {
	uint64_t id; /* from 1, without gaps */
	wall_t at;
	enum log_level level;
	/* Owned by the ring. NULL but for `kind` and `text`: not about one. */
	const char *kind, *app, *vip, *peer, *text;
};

struct event_ring;

struct event_ring *event_ring_new(size_t capacity);
void event_ring_free(struct event_ring *r);
/* Copies; id is given. The oldest one makes room. */
void event_ring_add(struct event_ring *r, const struct event *event);
/* 0: none yet. */
uint64_t event_ring_newest(const struct event_ring *r);
/* The number of the oldest that is still there; one more than the newest if there is none. */
uint64_t event_ring_oldest(const struct event_ring *r);

/* Each NULL: any. `kind` is the beginning of one up to a dot, or a whole one: "app", "app.up". */
struct event_filter {
	const char *kind;
	const char *name; /* app, VIP or peer */
};

/* What a reader asks for. */
struct event_query {
	uint64_t since; /* the number of the last event that the reader has; 0: none */
	size_t limit;   /* the last ones of that; 0: all */
	const char *kind, *name;
};

/* The first one after `after` that passes. NULL: none. Valid until the next is added. */
const struct event *event_ring_next(const struct event_ring *r, uint64_t after,
				    const struct event_filter *filter);

#endif
