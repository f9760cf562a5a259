/* SPDX-License-Identifier: MIT */
#include "process/loop.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>

#include "lib/log.h"
#include "lib/mem.h"
#include "lib/str.h"

/* sd-event's default lets a timer come up to 250 ms late, to save power. */
#define TIMER_ACCURACY 1

mono_t loop_now(sd_event *loop)
{
	uint64_t now = 0;
	sd_event_now(loop, CLOCK_MONOTONIC, &now);
	return now;
}

mono_t loop_clock(void)
{
	struct timespec ts;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (mono_t)ts.tv_sec * USEC_PER_SEC + (mono_t)ts.tv_nsec / 1000;
}

uint32_t loop_random(void)
{
	uint32_t v = 0;
	/* Never blocks at boot; good enough for jitter. */
	if (getrandom(&v, sizeof(v), GRND_INSECURE) != sizeof(v))
		v = (uint32_t)loop_clock() * 2654435761U;
	return v;
}

/* ---- the watchdog ---- */

#define STALL_MIN      (50 * USEC_PER_MSEC)
#define STALL_LOG_PACE (10 * USEC_PER_SEC)

/* Globals, as a process has one loop. */
static struct histogram stalls = { .scale = &histogram_of_stalls };

const struct histogram *loop_stalls(void)
{
	return &stalls;
}

/* The handler of a source, called through our own, which measures it. */
struct handler {
	const char *name;
	union {
		sd_event_time_handler_t time;
		sd_event_handler_t plain;
		sd_event_io_handler_t io;
		sd_event_signal_handler_t signal;
	};
	void *userdata;
};

static struct handler *handler_new(const char *name, void *userdata)
{
	struct handler *h = mem_new(1, sizeof(*h));
	*h = (struct handler){ .name = name, .userdata = userdata };
	return h;
}

static void log_stall(const char *name, span_t span, mono_t now)
{
	static mono_t quiet_until;
	static unsigned unlogged;
	char text[DURATION_TEXT_MAX];
	if (now < quiet_until) {
		unlogged++;
		return;
	}
	log_warn("loop", "a turn took %s (%s), %u more since the last such message",
		 duration_format(span - span % USEC_PER_MSEC, text), name, unlogged);
	quiet_until = usec_add(now, STALL_LOG_PACE);
	unlogged = 0;
}

/* `name` is a literal: the handler may be gone. */
void loop_account(const char *name, mono_t began)
{
	mono_t now = loop_clock();
	span_t span = usec_sub(now, began);
	if (span < STALL_MIN)
		return;
	histogram_add(&stalls, span);
	log_stall(name, span, now);
}

static int call_time(sd_event_source *source, uint64_t when, void *userdata)
{
	const struct handler h = *(struct handler *)userdata;
	mono_t began = loop_clock();
	int r = h.time(source, when, h.userdata);
	loop_account(h.name, began);
	return r;
}

static int call_plain(sd_event_source *source, void *userdata)
{
	const struct handler h = *(struct handler *)userdata;
	mono_t began = loop_clock();
	int r = h.plain(source, h.userdata);
	loop_account(h.name, began);
	return r;
}

static int call_io(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	const struct handler h = *(struct handler *)userdata;
	mono_t began = loop_clock();
	int r = h.io(source, fd, revents, h.userdata);
	loop_account(h.name, began);
	return r;
}

static int call_signal(sd_event_source *source, const struct signalfd_siginfo *info, void *userdata)
{
	const struct handler h = *(struct handler *)userdata;
	mono_t began = loop_clock();
	int r = h.signal(source, info, h.userdata);
	loop_account(h.name, began);
	return r;
}

/* ---- sources ---- */

/* `r` is what creating the source returned. One that could not be set up completely is released. */
static int set_up(int r, sd_event_source **source, enum loop_priority priority, struct handler *h)
{
	if (r < 0) {
		free(h);
		return r;
	}
	r = sd_event_source_set_destroy_callback(*source, free);
	if (r < 0)
		free(h);
	else
		r = sd_event_source_set_priority(*source, priority);
	if (r >= 0)
		r = sd_event_source_set_description(*source, h->name);
	if (r < 0)
		*source = sd_event_source_disable_unref(*source);
	return r < 0 ? r : 0;
}

int loop_timer_set_named(sd_event *loop, sd_event_source **source, mono_t when,
			 enum loop_priority priority, sd_event_time_handler_t handler,
			 void *userdata, const char *name)
{
	int r;
	if (when == USEC_NEVER)
		return *source ? sd_event_source_set_enabled(*source, SD_EVENT_OFF) : 0;
	if (*source) {
		r = sd_event_source_set_time(*source, when);
		return r < 0 ? r : sd_event_source_set_enabled(*source, SD_EVENT_ONESHOT);
	}
	struct handler *h = handler_new(name, userdata);
	h->time = handler;
	r = sd_event_add_time(loop, source, CLOCK_MONOTONIC, when, TIMER_ACCURACY, call_time, h);
	return set_up(r, source, priority, h);
}

int loop_defer_named(sd_event *loop, sd_event_source **source, enum loop_priority priority,
		     sd_event_handler_t handler, void *userdata, const char *name)
{
	int r, enabled = SD_EVENT_OFF;
	if (*source && sd_event_source_get_enabled(*source, &enabled) > 0)
		return 0;
	/* A new one, because sd-event serves the oldest first and one that is enabled again keeps
	 * its age: work that goes on turn after turn would come before all input for ever. */
	*source = sd_event_source_disable_unref(*source);
	struct handler *h = handler_new(name, userdata);
	h->plain = handler;
	r = sd_event_add_defer(loop, source, call_plain, h);
	return set_up(r, source, priority, h);
}

int loop_io_add_named(sd_event *loop, sd_event_source **source, int fd, uint32_t events,
		      enum loop_priority priority, sd_event_io_handler_t handler, void *userdata,
		      const char *name)
{
	struct handler *h = handler_new(name, userdata);
	h->io = handler;
	int r = sd_event_add_io(loop, source, fd, events, call_io, h);
	return set_up(r, source, priority, h);
}

int loop_post_add_named(sd_event *loop, sd_event_source **source, enum loop_priority priority,
			sd_event_handler_t handler, void *userdata, const char *name)
{
	struct handler *h = handler_new(name, userdata);
	h->plain = handler;
	int r = sd_event_add_post(loop, source, call_plain, h);
	return set_up(r, source, priority, h);
}

int loop_signal_add_named(sd_event *loop, sd_event_source **source, int signal,
			  enum loop_priority priority, sd_event_signal_handler_t handler,
			  void *userdata, const char *name)
{
	struct handler *h = handler_new(name, userdata);
	h->signal = handler;
	int r = sd_event_add_signal(loop, source, signal, call_signal, h);
	return set_up(r, source, priority, h);
}
