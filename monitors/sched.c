/* SPDX-License-Identifier: MIT */
#include "monitors/sched.h"

#include <stdlib.h>

#include "lib/mem.h"

void sched_done(struct sched *s)
{
	free(s->heap);
	*s = (struct sched){ 0 };
}

static void place(struct sched *s, size_t i, struct sched_entry *e)
{
	s->heap[i] = e;
	e->slot = i + 1;
}

/* Both move entry `e`, which belongs at or above (below) place `i`, to where it belongs. */
static void sift_up(struct sched *s, size_t i, struct sched_entry *e)
{
	for (; i > 0 && e->due < s->heap[(i - 1) / 2]->due; i = (i - 1) / 2)
		place(s, i, s->heap[(i - 1) / 2]);
	place(s, i, e);
}

static void sift_down(struct sched *s, size_t i, struct sched_entry *e)
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

static void settle(struct sched *s, size_t i, struct sched_entry *e)
{
	if (i > 0 && e->due < s->heap[(i - 1) / 2]->due)
		sift_up(s, i, e);
	else
		sift_down(s, i, e);
}

void sched_set(struct sched *s, struct sched_entry *e, usec_t due)
{
	e->due = due;
	if (e->slot > 0) {
		settle(s, e->slot - 1, e);
		return;
	}
	s->heap = mem_grow(s->heap, &s->cap, s->n + 1, sizeof(struct sched_entry *));
	s->n++;
	sift_up(s, s->n - 1, e);
}

void sched_remove(struct sched *s, struct sched_entry *e)
{
	if (e->slot == 0)
		return;
	size_t hole = e->slot - 1;
	struct sched_entry *last = s->heap[--s->n];
	e->slot = 0;
	if (last != e)
		settle(s, hole, last);
}

usec_t sched_next_due(const struct sched *s)
{
	return s->n > 0 ? s->heap[0]->due : USEC_NEVER;
}

struct sched_entry *sched_pop(struct sched *s, usec_t now)
{
	if (s->n == 0 || s->heap[0]->due > now)
		return NULL;
	struct sched_entry *e = s->heap[0];
	sched_remove(s, e);
	return e;
}

usec_t sched_spread(usec_t now, usec_t interval, uint32_t random)
{
	/* interval × share / 65536 in two halves: an interval of days times 2^16 does not fit. */
	usec_t share = random % 65536;
	usec_t off = interval / 65536 * share + interval % 65536 * share / 65536;
	return usec_add(now, interval - off);
}

usec_t sched_advance(usec_t due, usec_t now, usec_t interval)
{
	usec_t next = usec_add(due, interval);
	return next > now ? next : usec_add(now, interval);
}

usec_t sched_align(usec_t now, usec_t interval)
{
	return usec_add(now - now % interval, interval);
}
