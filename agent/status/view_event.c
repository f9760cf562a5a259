/* SPDX-License-Identifier: MIT */
#include "agent/status/view_event.h"

#include <stdlib.h>

#include "agent/status/view_json.h"
#include "lib/mem.h"

json_t *view_event(const struct event *e)
{
	char date[DATE_TEXT_MAX];
	json_t *o = json_pack("{s:I, s:s, s:s, s:s}", "id", (json_int_t)e->id, "time",
			      date_format(e->at, date), "level", log_level_name(e->level), "kind",
			      e->kind);
	if (e->app)
		json_object_set_new(o, "app", view_text(e->app));
	if (e->vip)
		json_object_set_new(o, "vip", view_text(e->vip));
	if (e->peer)
		json_object_set_new(o, "peer", view_text(e->peer));
	json_object_set_new(o, "text", view_text(e->text));
	return o;
}

struct cursor {
	const struct event_ring *ring;
	uint64_t at;
	uint64_t last; /* the newest when the answer began: later ones are not in it */
	char *kind, *name;
};

static struct event_filter filter_of(const struct cursor *c)
{
	return (struct event_filter){ c->kind, c->name };
}

static json_t *next(void *userdata)
{
	struct cursor *c = userdata;
	const struct event_filter filter = filter_of(c);
	const struct event *e = event_ring_next(c->ring, c->at, &filter);
	if (!e || e->id > c->last)
		return NULL;
	c->at = e->id;
	return view_event(e);
}

static void done(void *userdata)
{
	struct cursor *c = userdata;
	free(c->kind);
	free(c->name);
	free(c);
}

/* Skips all but the last `limit` that pass. */
static void skip(struct cursor *c, size_t limit)
{
	const struct event_filter filter = filter_of(c);
	const struct event *e;
	size_t n = 0;
	for (uint64_t at = c->at; (e = event_ring_next(c->ring, at, &filter)); at = e->id)
		n++;
	for (; n > limit && (e = event_ring_next(c->ring, c->at, &filter)); n--)
		c->at = e->id;
}

struct stream *view_events(const struct event_ring *ring, const struct event_query *query)
{
	static const struct stream_ops ops = { next, done };
	struct cursor *c = mem_new(1, sizeof(*c));
	uint64_t oldest = event_ring_oldest(ring), newest = event_ring_newest(ring);
	*c = (struct cursor){ ring, query->since, newest,
			      query->kind ? mem_strdup(query->kind) : NULL,
			      query->name ? mem_strdup(query->name) : NULL };
	if (query->limit > 0)
		skip(c, query->limit);
	uint64_t missed =
		query->since > 0 && query->since + 1 < oldest ? oldest - query->since - 1 : 0;
	json_t *before = json_pack("{s:I, s:I, s:I}", "newest", (json_int_t)newest, "oldest",
				   (json_int_t)oldest, "missed", (json_int_t)missed);
	return stream_new(before, "events", &ops, c);
}
