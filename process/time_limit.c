/* SPDX-License-Identifier: MIT */
#include "process/time_limit.h"

#include "process/loop.h"

/* Turns that input gets. An exchange connects, sends and reads, each in a turn of its own; more of
 * them would only let a peer that sends without end put the limit off. */
#define ROUNDS 4

static int on_round(sd_event_source *source, void *userdata)
{
	(void)source;
	struct time_limit *l = userdata;
	/* A deferred source runs after all of its priority that is waiting. */
	if (l->rounds-- > 1)
		return loop_defer(l->loop, &l->round, LOOP_HEALTH, on_round, l);
	l->passed(l->userdata); /* may free l */
	return 0;
}

static int on_timer(sd_event_source *source, uint64_t now, void *userdata)
{
	(void)source, (void)now;
	struct time_limit *l = userdata;
	l->rounds = ROUNDS;
	return loop_defer(l->loop, &l->round, LOOP_HEALTH, on_round, l);
}

int time_limit_start(struct time_limit *l, sd_event *loop, span_t span, time_limit_cb *passed,
		     void *userdata)
{
	*l = (struct time_limit){ .loop = loop, .passed = passed, .userdata = userdata };
	return loop_timer_set(loop, &l->timer, usec_add(loop_clock(), span), LOOP_HEALTH, on_timer,
			      l);
}

void time_limit_stop(struct time_limit *l)
{
	l->timer = sd_event_source_disable_unref(l->timer);
	l->round = sd_event_source_disable_unref(l->round);
}
