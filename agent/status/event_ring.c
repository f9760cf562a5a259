/* SPDX-License-Identifier: MIT */
#include "agent/status/event_ring.h"

#include <stdlib.h>
#include <string.h>

#include "lib/array.h"
#include "lib/mem.h"
#include "lib/str.h"

struct slot {
	struct event event;
	char *texts; /* of the event, in one piece */
};

struct event_ring {
	size_t capacity;
	uint64_t newest;
	struct slot slots[]; /* number n is at n % capacity */
};

struct event_ring *event_ring_new(size_t capacity)
{
	struct event_ring *r = mem_new(1, sizeof(*r) + capacity * sizeof(struct slot)); /* zeroed */
	r->capacity = capacity;
	return r;
}

void event_ring_free(struct event_ring *r)
{
	for (size_t i = 0; r && i < r->capacity; i++)
		free(r->slots[i].texts);
	free(r);
}

static size_t size_of(const char *text)
{
	return text ? strlen(text) + 1 : 0;
}

static void store(const char **text, char **end)
{
	size_t n = size_of(*text);
	if (n == 0)
		return;
	memcpy(*end, *text, n);
	*text = *end;
	*end += n;
}

void event_ring_add(struct event_ring *r, const struct event *event)
{
	struct slot *slot = &r->slots[++r->newest % r->capacity];
	struct event e = *event;
	size_t size = size_of(e.kind) + size_of(e.app) + size_of(e.vip) + size_of(e.peer) +
		      size_of(e.text);
	char *texts = mem_new(1, size), *end = texts;
	e.id = r->newest;
	store(&e.kind, &end);
	store(&e.app, &end);
	store(&e.vip, &end);
	store(&e.peer, &end);
	store(&e.text, &end);
	free(slot->texts);
	*slot = (struct slot){ e, texts };
}

uint64_t event_ring_newest(const struct event_ring *r)
{
	return r->newest;
}

uint64_t event_ring_oldest(const struct event_ring *r)
{
	return r->newest > r->capacity ? r->newest - r->capacity + 1 : 1;
}

static bool is_kind(const char *kind, const char *wanted)
{
	size_t n = strlen(wanted);
	return str_starts(kind, wanted) && (kind[n] == 0 || kind[n] == '.');
}

static bool is_about(const struct event *e, const char *name)
{
	const char *const subjects[] = { e->app, e->vip, e->peer };
	for (size_t i = 0; i < ARRAY_SIZE(subjects); i++)
		if (subjects[i] && str_equal(subjects[i], name))
			return true;
	return false;
}

const struct event *event_ring_next(const struct event_ring *r, uint64_t after,
				    const struct event_filter *filter)
{
	uint64_t oldest = event_ring_oldest(r);
	for (uint64_t id = after + 1 > oldest ? after + 1 : oldest; id <= r->newest; id++) {
		const struct event *e = &r->slots[id % r->capacity].event;
		if ((!filter->kind || is_kind(e->kind, filter->kind)) &&
		    (!filter->name || is_about(e, filter->name)))
			return e;
	}
	return NULL;
}
