/* SPDX-License-Identifier: MIT */
/*
 * The last events of the agent (lib/log.h), for /v1/events. Pure. A reader has a position of its
 * own and costs the ring nothing: one that is too slow finds that its next event is gone.
 */
#ifndef AGENT_STATUS_EVENT_RING_H
#define AGENT_STATUS_EVENT_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/model/hook.h"
#include "lib/addr.h"
#include "lib/log_event.h"
#include "lib/log_level.h"
#include "lib/wallclock.h"

struct event {
	uint64_t id; /* from 1, without gaps */
	wall_t at;
	enum log_level level;
	/* Owned by the ring. */
	struct log_event about;
	const char *text;
};

struct event_ring;

/* The `epoch` tells the ids of this ring from those of another instance of the agent; not 0. */
struct event_ring *event_ring_new(size_t capacity, uint64_t epoch);
void event_ring_free(struct event_ring *r);
/* Copies; id is given. The oldest one makes room. */
void event_ring_add(struct event_ring *r, const struct event *event);
uint64_t event_ring_epoch(const struct event_ring *r);
/* 0: none yet. */
uint64_t event_ring_newest(const struct event_ring *r);
/* The number of the oldest that is still there; one more than the newest if there is none. */
uint64_t event_ring_oldest(const struct event_ring *r);

/* The last event that a reader has, as text "EPOCH-N", or "N" for one of the present epoch. */
struct event_mark {
	uint64_t epoch; /* 0: the present one */
	uint64_t id;    /* 0: none */
};
#define EVENT_MARK_TEXT_MAX 40
int event_mark_parse(const char *text, struct event_mark *ret); /* 0 or -EINVAL */
const char *event_mark_format(const struct event_mark *mark, char buf[static EVENT_MARK_TEXT_MAX]);
/* Is it of another epoch? An id that is still to come is, too. The events of that are gone, and the
 * reader has none of this one. */
bool event_ring_is_foreign(const struct event_ring *r, const struct event_mark *mark);

#define EVENT_KIND_MAX 64
#define EVENT_NAME_MAX 256

/* Each "": any. */
struct event_filter {
	char kind[EVENT_KIND_MAX]; /* the beginning of one up to a dot, or a whole one */
	char name[EVENT_NAME_MAX]; /* app, VIP, peer, group, service or subject of an alarm */
	char vip[PREFIX_TEXT_MAX]; /* the VIP that `name` is in another form; "": none */
	char peer[ADDR_TEXT_MAX];  /* likewise */
	const char
		*text; /* in the kind, what it is about, or the text; in whatever case; NULL: any */
};
/* -ENAMETOOLONG. An address without a length is the VIP of that address, too. */
int event_filter_set_kind(struct event_filter *f, const char *kind);
int event_filter_set_name(struct event_filter *f, const char *name);

/* Query of a reader. */
struct event_query {
	struct event_mark since;
	bool has_since;
	bool follow;  /* as a stream, and what happens from then on */
	size_t limit; /* the last ones of that; 0: all */
	struct event_filter filter;
};

/* The first one after `after` that passes. NULL: none. Valid until the next is added. */
const struct event *event_ring_next(const struct event_ring *r, uint64_t after,
				    const struct event_filter *filter);
/* The id after which the last `limit` follow that pass, of those after `after`. */
uint64_t event_ring_skip(const struct event_ring *r, uint64_t after, size_t limit,
			 const struct event_filter *filter);

#endif
