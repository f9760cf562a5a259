/* SPDX-License-Identifier: MIT */
#include "process/pause_watch.h"

#include "lib/deadlines.h"
#include "process/loop.h"

static int on_tick(sd_event_source *source, uint64_t usec, void *userdata);

static void tick(struct pause_watch *w)
{
	mono_t now = loop_clock(), next = deadline_align(now, GAP_TICK);
	gap_note(&w->gap, now);
	gap_expect(&w->gap, next);
	loop_timer_set(w->loop, &w->timer, next, LOOP_BGP, on_tick, w);
}

static int on_tick(sd_event_source *source, uint64_t usec, void *userdata)
{
	(void)source, (void)usec;
	tick(userdata);
	return 0;
}

void pause_watch_init(struct pause_watch *w, sd_event *loop)
{
	*w = (struct pause_watch){ .loop = loop };
	gap_init(&w->gap);
}

void pause_watch_done(struct pause_watch *w)
{
	w->timer = sd_event_source_disable_unref(w->timer);
}

void pause_watch_set(struct pause_watch *w, bool on)
{
	if (w->on == on)
		return;
	w->on = on;
	gap_expect(&w->gap, USEC_NEVER);
	if (on)
		tick(w);
	else
		pause_watch_done(w);
}

span_t pause_watch_lost(struct pause_watch *w, mono_t now)
{
	gap_note(&w->gap, now);
	return w->gap.lost;
}
