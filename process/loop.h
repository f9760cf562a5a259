/* SPDX-License-Identifier: MIT */
/*
 * Priorities and re-armable timers on sd-event.
 *
 * Event sources are members of their owner, made on first use and released with
 * sd_event_source_disable_unref() in the owner's `_done`. sd-event runs one source per turn, the
 * lowest priority number first and among equals the one that has waited longest, so that neither a
 * burst of HTTP requests nor a peer that sends without end can delay a withdrawal.
 */
#ifndef PROCESS_LOOP_H
#define PROCESS_LOOP_H

#include <stdint.h>
#include <systemd/sd-event.h>

#include "lib/histogram.h"
#include "lib/mono.h"

enum loop_priority {
	LOOP_FLUSH = -30,  /* BGP output that was decided in this turn; signals */
	LOOP_BGP = -20,    /* BGP timers */
	LOOP_HEALTH = -10, /* events that may lead to a withdrawal */
	/* Work whose amount others decide. One priority, so that sd-event lets the kinds take turns
	 * and a flood of one starves neither the others nor anything above. */
	LOOP_INPUT = 0, /* from BGP peers */
	LOOP_APPLY = 0, /* reconciling addresses */
	LOOP_NAT = 0,   /* NAT rules */
	LOOP_HTTP = 0,
	LOOP_IDLE = 10, /* work that makes more work: when all else is done */
};

/* CLOCK_MONOTONIC as of this turn of the loop. */
mono_t loop_now(sd_event *loop);
/* CLOCK_MONOTONIC at this instant, to measure how long something took within a turn. */
mono_t loop_clock(void);
/* 32 bits for jitter; not for secrets. */
uint32_t loop_random(void);
/* The turns so far that took longer than 50 ms. They are logged with file and name of the handler,
 * one line every ten seconds at most. */
const struct histogram *loop_stalls(void);

/* The functions below are called by the macros after them, which add the handler's name. */
/* Creates or re-arms a one-shot timer; USEC_NEVER disarms it. Re-arming keeps priority, handler and
 * userdata. */
int loop_timer_set_named(sd_event *loop, sd_event_source **source, mono_t when,
			 enum loop_priority priority, sd_event_time_handler_t handler,
			 void *userdata, const char *name);
/* Creates or re-arms a source that runs once, after all that is more urgent, and after all of the
 * same priority that is waiting. Does nothing while it is armed. */
int loop_defer_named(sd_event *loop, sd_event_source **source, enum loop_priority priority,
		     sd_event_handler_t handler, void *userdata, const char *name);
/* Watches `fd` (not owned) for EPOLL* `events`. */
int loop_io_add_named(sd_event *loop, sd_event_source **source, int fd, uint32_t events,
		      enum loop_priority priority, sd_event_io_handler_t handler, void *userdata,
		      const char *name);

/* Runs whenever a turn has dispatched another source. */
int loop_post_add_named(sd_event *loop, sd_event_source **source, enum loop_priority priority,
			sd_event_handler_t handler, void *userdata, const char *name);
/* The signal has to be blocked. */
int loop_signal_add_named(sd_event *loop, sd_event_source **source, int signal,
			  enum loop_priority priority, sd_event_signal_handler_t handler,
			  void *userdata, const char *name);

/* For a handler that none of these can call, as another library does, or its source frees what it
 * works on: to be called at its end, with its LOOP_NAME() and loop_clock() of its beginning. */
void loop_account(const char *name, mono_t began);

#define LOOP_NAME(handler) __FILE__ ":" #handler
#define loop_timer_set(loop, source, when, priority, handler, userdata)                            \
	loop_timer_set_named(loop, source, when, priority, handler, userdata, LOOP_NAME(handler))
#define loop_defer(loop, source, priority, handler, userdata)                                      \
	loop_defer_named(loop, source, priority, handler, userdata, LOOP_NAME(handler))
#define loop_io_add(loop, source, fd, events, priority, handler, userdata)                         \
	loop_io_add_named(loop, source, fd, events, priority, handler, userdata, LOOP_NAME(handler))
#define loop_post_add(loop, source, priority, handler, userdata)                                   \
	loop_post_add_named(loop, source, priority, handler, userdata, LOOP_NAME(handler))
#define loop_signal_add(loop, source, signal, priority, handler, userdata)                         \
	loop_signal_add_named(loop, source, signal, priority, handler, userdata, LOOP_NAME(handler))

#endif
