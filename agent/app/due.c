/* SPDX-License-Identifier: MIT */
#include "agent/app/due.h"

#include "process/loop.h"

/* Turns that input gets: a request is accepted and read, and its answer is made. */
#define ROUNDS 4

static int on_round(sd_event_source *source, void *userdata)
{
	(void)source;
	struct due_queue *q = userdata;
	/* A deferred source runs after all of its priority that is waiting. */
	if (q->rounds-- > 1)
		return loop_defer(q->loop, &q->round, LOOP_APPLY, on_round, q);
	q->armed = USEC_NEVER;
	due_tick(q, loop_now(q->loop));
	return 0;
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
	(void)source, (void)usec;
	struct due_queue *q = userdata;
	q->rounds = ROUNDS;
	return loop_defer(q->loop, &q->round, LOOP_APPLY, on_round, q);
}

static mono_t next_due(const struct due_queue *q)
{
	mono_t next = USEC_NEVER;
	for (size_t i = 0; i < DUE_KINDS; i++)
		next = usec_min(next, deadlines_next_due(&q->of[i]));
	return next;
}

static void arm(struct due_queue *q)
{
	mono_t next = next_due(q);
	if (next == q->armed)
		return;
	q->armed = next;
	loop_timer_set(q->loop, &q->timer, next, LOOP_APPLY, on_timer, q);
}

void due_init(struct due_queue *q, sd_event *loop, due_cb *cb, void *userdata)
{
	*q = (struct due_queue){
		.loop = loop, .armed = USEC_NEVER, .cb = cb, .userdata = userdata
	};
}

void due_done(struct due_queue *q)
{
	sd_event_source_disable_unref(q->timer);
	sd_event_source_disable_unref(q->round);
	for (size_t i = 0; i < DUE_KINDS; i++)
		deadlines_done(&q->of[i]);
}

mono_t due_at(const struct deadline *entry)
{
	return entry->slot ? entry->due : USEC_NEVER;
}

void due_set(struct due_queue *q, enum due_kind kind, struct deadline *entry, mono_t when)
{
	if (entry == q->running && when <= q->now)
		when = usec_add(q->now, DUE_AGAIN);
	if (entry == q->running && when == USEC_NEVER)
		q->running = NULL; /* its owner may be freed */
	if (when == due_at(entry))
		return; /* most apps, most of the time */
	if (when == USEC_NEVER)
		deadlines_remove(&q->of[kind], entry);
	else
		deadlines_set(&q->of[kind], entry, when);
	if (!q->ticking)
		arm(q);
}

static struct deadline *pop(struct due_queue *q, mono_t now, enum due_kind *ret_kind)
{
	struct deadline *entry = NULL;
	for (size_t i = 0; i < DUE_KINDS && !entry; i++) {
		entry = deadlines_pop(&q->of[i], now);
		*ret_kind = i;
	}
	return entry;
}

bool due_tick(struct due_queue *q, mono_t now)
{
	enum due_kind kind;
	struct deadline *entry;
	q->now = now;
	q->ticking = true;
	for (size_t i = 0; i < DUE_PER_TURN && (entry = pop(q, now, &kind)); i++) {
		q->running = entry;
		q->cb(kind, entry, now, q->userdata);
	}
	q->running = NULL;
	q->ticking = false;
	arm(q);
	return next_due(q) <= now;
}
