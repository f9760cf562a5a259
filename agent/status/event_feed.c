/* SPDX-License-Identifier: MIT */
#include "agent/status/event_feed.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/status/view_event.h"
#include "agent/status/view_json.h"
#include "lib/mem.h"

/* How long a client waits before it connects again. */
#define RETRY_MS 1000

enum piece {
	PIECE_NONE,
	PIECE_BEGIN,
	PIECE_MISSED,
	PIECE_EVENT,
	PIECE_BEAT,
	PIECE_END,
};

struct event_feed {
	const struct event_ring *ring;
	struct event_filter filter;
	uint64_t at; /* the last id that was read, or did not pass */
	/* The piece that is being read, of which `offset` octets are. It is made again for the
	 * rest. */
	enum piece piece;
	size_t offset;
	uint64_t id;     /* of PIECE_EVENT */
	uint64_t missed; /* of PIECE_MISSED */
	char *begin;     /* until it is read; made once, as the ring goes on */
	bool beat;
	const char *why; /* of PIECE_END; NULL: not yet */
	bool cut;        /* PIECE_END comes before all else */
	bool over;
};

static char *format_piece(const char *head, json_t *data)
{
	char *out = NULL, *text = json_dumps(data, JSON_COMPACT);
	if (asprintf(&out, "%sdata: %s\n\n", head, text ? text : "null") < 0)
		abort(); /* out of memory, see lib/mem.h */
	free(text);
	json_decref(data);
	return out;
}

static char *format_begin(const struct event_ring *ring, const struct event_query *query)
{
	char head[64];
	json_t *data = view_event_range(ring);
	bool restarted = query->has_since && event_ring_is_foreign(ring, &query->since);
	json_object_set_new(data, "kind", json_string("events.begin"));
	json_object_set_new(data, "restarted", json_boolean(restarted));
	snprintf(head, sizeof(head), "retry: %d\nevent: events.begin\n", RETRY_MS);
	return format_piece(head, data);
}

static char *format_missed(uint64_t n)
{
	return format_piece(
		"event: events.missed\n",
		json_pack("{s:s, s:I}", "kind", "events.missed", "missed", VIEW_INT(n)));
}

static char *format_event(const struct event_ring *ring, const struct event *e)
{
	char mark[EVENT_MARK_TEXT_MAX], head[EVENT_MARK_TEXT_MAX + 8];
	const struct event_mark at = { event_ring_epoch(ring), e->id };
	snprintf(head, sizeof(head), "id: %s\n", event_mark_format(&at, mark));
	return format_piece(head, view_event(e));
}

static char *format_end(const char *why)
{
	return format_piece("event: events.end\n",
			    json_pack("{s:s, s:s}", "kind", "events.end", "text", why));
}

/* NULL: it is an event that is gone. */
static char *make(const struct event_feed *f)
{
	static const struct event_filter any = { 0 };
	switch (f->piece) {
	case PIECE_NONE:
		return NULL;
	case PIECE_BEGIN:
		return mem_strdup(f->begin);
	case PIECE_MISSED:
		return format_missed(f->missed);
	case PIECE_EVENT:
		return f->id < event_ring_oldest(f->ring)
			       ? NULL
			       : format_event(f->ring, event_ring_next(f->ring, f->id - 1, &any));
	case PIECE_BEAT:
		return mem_strdup(": alive\n\n");
	case PIECE_END:
		return format_end(f->why);
	}
	return NULL;
}

/* Those that were gone before they could be looked at. */
static bool begin_missed(struct event_feed *f)
{
	uint64_t oldest = event_ring_oldest(f->ring);
	if (f->at + 1 < oldest) {
		f->missed += oldest - f->at - 1;
		f->at = oldest - 1;
	}
	return f->missed > 0;
}

/* All that do not pass are done with, too: they are not looked at again. */
static bool begin_event(struct event_feed *f)
{
	const struct event *e = event_ring_next(f->ring, f->at, &f->filter);
	f->at = e ? e->id : event_ring_newest(f->ring);
	f->id = e ? e->id : 0;
	return e;
}

static void begin_piece(struct event_feed *f)
{
	if (f->piece != PIECE_NONE || f->over)
		return;
	if (f->begin && !f->cut)
		f->piece = PIECE_BEGIN;
	else if (!f->cut && begin_missed(f))
		f->piece = PIECE_MISSED;
	else if (!f->cut && begin_event(f))
		f->piece = PIECE_EVENT;
	else if (f->why)
		f->piece = PIECE_END;
	else if (f->beat)
		f->piece = PIECE_BEAT;
	if (f->piece != PIECE_NONE)
		f->beat = false;
}

static void end_piece(struct event_feed *f)
{
	if (f->piece == PIECE_BEGIN)
		mem_free(&f->begin);
	if (f->piece == PIECE_MISSED)
		f->missed = 0;
	f->over = f->over || f->piece == PIECE_END;
	f->piece = PIECE_NONE;
	f->offset = 0;
}

ssize_t event_feed_read(struct event_feed *f, char *buf, size_t max)
{
	size_t n = 0;
	for (begin_piece(f); n < max && f->piece != PIECE_NONE; begin_piece(f)) {
		char *text = make(f);
		if (!text && f->offset == 0) { /* it was not begun: one more that was missed */
			f->missed++;
			f->piece = PIECE_NONE;
			continue;
		}
		if (!text) /* the rest of one that was split: the first piece of this call */
			return -ENODATA;
		size_t left = strlen(text) - f->offset, part = left < max - n ? left : max - n;
		/* Only one that is longer than a block is split: its rest may be gone later. */
		if (part < left && n > 0)
			part = 0;
		memcpy(buf + n, text + f->offset, part);
		free(text);
		if (part == 0)
			break;
		n += part;
		f->offset += part;
		if (part == left)
			end_piece(f);
	}
	return (ssize_t)n;
}

bool event_feed_has_more(struct event_feed *f)
{
	begin_piece(f);
	return f->piece != PIECE_NONE;
}

void event_feed_beat(struct event_feed *f)
{
	f->beat = true;
}

void event_feed_end(struct event_feed *f, const char *why)
{
	f->why = why;
}

void event_feed_cut(struct event_feed *f, const char *why)
{
	f->why = why;
	f->cut = true;
}

bool event_feed_is_over(struct event_feed *f)
{
	return f->over;
}

struct event_feed *event_feed_new(const struct event_ring *ring, const struct event_query *query)
{
	struct event_feed *f = mem_new(1, sizeof(*f));
	bool foreign = event_ring_is_foreign(ring, &query->since);
	uint64_t since = foreign ? 0 : query->since.id;
	f->ring = ring;
	f->filter = query->filter;
	f->begin = format_begin(ring, query);
	f->at = query->has_since ? since : event_ring_newest(ring);
	f->missed = query->has_since ? view_events_missed(ring, &query->since) : 0;
	if (query->limit > 0)
		f->at = event_ring_skip(ring, since, query->limit, &f->filter);
	if (f->at + 1 < event_ring_oldest(ring))
		f->at = event_ring_oldest(ring) - 1;
	return f;
}

void event_feed_free(struct event_feed *f)
{
	if (!f)
		return;
	free(f->begin);
	free(f);
}
