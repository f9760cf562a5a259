/* SPDX-License-Identifier: MIT */
/*
 * The event ring as server-sent events, for a reader that follows it. A feed is a position in the
 * ring: what it sends is made when there is room for it, and a reader that takes it too slowly
 * finds events gone, and is told how many. Pure.
 *
 *	event: events.begin      the first one: epoch, newest, oldest; `restarted`: the reader's last
 *	                         event was of another epoch
 *	event: events.missed     `missed` events are gone that it did not get
 *	id: EPOCH-N              an event of the ring
 *	event: events.end        the last one
 *	: a comment              there is nothing to send, but the connection is alive
 */
#ifndef AGENT_STATUS_EVENT_FEED_H
#define AGENT_STATUS_EVENT_FEED_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "agent/status/event_ring.h"

struct event_feed;

/* The ring has to outlive it. Without a mark and a limit it begins with what is new. */
struct event_feed *event_feed_new(const struct event_ring *ring, const struct event_query *query);
void event_feed_free(struct event_feed *f);

/* Reads at most `max` octets. 0: there are none at present, or none any more after
 * event_feed_end(). -ENODATA: part of an event was read, and the rest of it is gone. */
ssize_t event_feed_read(struct event_feed *f, char *buf, size_t max);
/* Would it give any octets? */
bool event_feed_has_more(struct event_feed *f);
/* Adds a comment, unless there is something else to send. */
void event_feed_beat(struct event_feed *f);
/* Adds events.end after what there is at present. `why` is a constant. */
void event_feed_end(struct event_feed *f, const char *why);
/* Adds it in front of what there is. */
void event_feed_cut(struct event_feed *f, const char *why);
bool event_feed_is_over(struct event_feed *f);

#endif
