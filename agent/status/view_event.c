/* SPDX-License-Identifier: MIT */
#include "agent/status/view_event.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "agent/status/view_json.h"
#include "lib/mem.h"

json_t *view_event(const struct event *e)
{
	char date[DATE_TEXT_MAX];
	json_t *o = json_pack("{s:I, s:s, s:s}", "id", (json_int_t)e->id, "time",
			      date_format(e->at, date), "level", log_level_name(e->level));
	for (size_t i = 0; i < LOG_EVENT_FIELDS; i++) {
		const char *name, *value = log_event_field(&e->about, i, &name);
		if (value && log_event_field_is_number(i))
			json_object_set_new(o, name, json_integer(strtoll(value, NULL, 10)));
		else if (value)
			json_object_set_new(o, name, view_text(value));
	}
	json_object_set_new(o, "text", view_text(e->text));
	return o;
}

struct cursor {
	const struct event_ring *ring;
	uint64_t at;
	uint64_t last; /* the newest when the answer began: later ones are not in it */
	struct event_filter filter;
};

static json_t *next(void *userdata)
{
	struct cursor *c = userdata;
	const struct event *e = event_ring_next(c->ring, c->at, &c->filter);
	if (!e || e->id > c->last)
		return NULL;
	c->at = e->id;
	return view_event(e);
}

json_t *view_event_range(const struct event_ring *ring)
{
	char epoch[EVENT_MARK_TEXT_MAX];
	snprintf(epoch, sizeof(epoch), "%" PRIx64, event_ring_epoch(ring));
	return json_pack("{s:s, s:I, s:I}", "epoch", epoch, "newest",
			 (json_int_t)event_ring_newest(ring), "oldest",
			 (json_int_t)event_ring_oldest(ring));
}

uint64_t view_events_missed(const struct event_ring *ring, const struct event_mark *mark)
{
	uint64_t next = event_ring_oldest(ring);
	if (event_ring_is_foreign(ring, mark))
		return next - 1;
	return mark->id > 0 && mark->id + 1 < next ? next - mark->id - 1 : 0;
}

struct stream *view_events(const struct event_ring *ring, const struct event_query *query)
{
	static const struct stream_ops ops = { next, free };
	struct cursor *c = mem_new(1, sizeof(*c));
	uint64_t since = event_ring_is_foreign(ring, &query->since) ? 0 : query->since.id;
	*c = (struct cursor){ ring, since, event_ring_newest(ring), query->filter };
	if (query->limit > 0)
		c->at = event_ring_skip(ring, since, query->limit, &c->filter);
	json_t *before = view_event_range(ring);
	uint64_t missed = view_events_missed(ring, &query->since);
	json_object_set_new(before, "missed", json_integer(VIEW_INT(missed)));
	return stream_new(before, "events", &ops, c);
}
