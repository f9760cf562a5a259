/* SPDX-License-Identifier: MIT */
#include "lib/deadlines.h"

#include <stdlib.h>

#include "lib/mem.h"

void deadlines_done(struct deadlines *s)
{
	free(s->heap);
	*s = (struct deadlines){ 0 };
}

static void place(struct deadlines *s, size_t i, struct deadline *e)
{
	s->heap[i] = e;
	e->slot = i + 1;
}

/* Both move entry `e`, which belongs at or above (below) place `i`, to where it belongs. */
static void sift_up(struct deadlines *s, size_t i, struct deadline *e)
{
	for (; i > 0 && e->due < s->heap[(i - 1) / 2]->due; i = (i - 1) / 2)
		place(s, i, s->heap[(i - 1) / 2]);
	place(s, i, e);
}

static void sift_down(struct deadlines *s, size_t i, struct deadline *e)
{
	for (size_t child; (child = 2 * i + 1) < s->n; i = child) {
		if (child + 1 < s->n && s->heap[child + 1]->due < s->heap[child]->due)
			child++;
		if (e->due <= s->heap[child]->due)
			break;
		place(s, i, s->heap[child]);
	}
	place(s, i, e);
}

static void settle(struct deadlines *s, size_t i, struct deadline *e)
{
	if (i > 0 && e->due < s->heap[(i - 1) / 2]->due)
		sift_up(s, i, e);
	else
		sift_down(s, i, e);
}

void deadlines_set(struct deadlines *s, struct deadline *e, mono_t due)
{
	e->due = due;
	if (e->slot > 0) {
		settle(s, e->slot - 1, e);
		return;
	}
	s->heap = mem_grow(s->heap, &s->cap, s->n + 1, sizeof(struct deadline *));
	s->n++;
	sift_up(s, s->n - 1, e);
}

void deadlines_remove(struct deadlines *s, struct deadline *e)
{
	if (e->slot == 0)
		return;
	size_t hole = e->slot - 1;
	struct deadline *last = s->heap[--s->n];
	e->slot = 0;
	if (last != e)
		settle(s, hole, last);
}

mono_t deadlines_next_due(const struct deadlines *s)
{
	return s->n > 0 ? s->heap[0]->due : USEC_NEVER;
}

struct deadline *deadlines_pop(struct deadlines *s, mono_t now)
{
	if (s->n == 0 || s->heap[0]->due > now)
		return NULL;
	struct deadline *e = s->heap[0];
	deadlines_remove(s, e);
	return e;
}

mono_t deadline_spread(mono_t now, span_t interval, uint32_t random)
{
	/* interval × share / 65536 in two halves: an interval of days times 2^16 does not fit. */
	span_t share = random % 65536;
	span_t off = interval / 65536 * share + interval % 65536 * share / 65536;
	return usec_add(now, interval - off);
}

mono_t deadline_advance(mono_t due, mono_t now, span_t interval)
{
	mono_t next = usec_add(due, interval);
	return next > now ? next : usec_add(now, interval);
}

mono_t deadline_align(mono_t now, span_t interval)
{
	if (interval == 0)
		return now;
	return usec_add(now - now % interval, interval);
}
