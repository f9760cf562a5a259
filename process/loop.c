/* SPDX-License-Identifier: MIT */
#include "process/loop.h"

#include <errno.h>
#include <sys/random.h>
#include <time.h>

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

wall_t loop_wall(void)
{
	struct timespec ts;
	clock_gettime(CLOCK_REALTIME, &ts);
	return (wall_t)ts.tv_sec * USEC_PER_SEC + (wall_t)ts.tv_nsec / 1000;
}

uint32_t loop_random(void)
{
	uint32_t v = 0;
	/* Never blocks at boot; good enough for jitter. */
	if (getrandom(&v, sizeof(v), GRND_INSECURE) != sizeof(v))
		v = (uint32_t)loop_clock() * 2654435761U;
	return v;
}

/* A source that could not be set up completely is released. */
static int check_created(int r, sd_event_source **source)
{
	if (r < 0)
		*source = sd_event_source_disable_unref(*source);
	return r < 0 ? r : 0;
}

int loop_timer_set(sd_event *loop, sd_event_source **source, mono_t when,
		   enum loop_priority priority, sd_event_time_handler_t handler, void *userdata)
{
	int r;
	if (when == USEC_NEVER)
		return *source ? sd_event_source_set_enabled(*source, SD_EVENT_OFF) : 0;
	if (*source) {
		r = sd_event_source_set_time(*source, when);
		return r < 0 ? r : sd_event_source_set_enabled(*source, SD_EVENT_ONESHOT);
	}
	r = sd_event_add_time(loop, source, CLOCK_MONOTONIC, when, TIMER_ACCURACY, handler,
			      userdata);
	if (r < 0)
		return r;
	return check_created(sd_event_source_set_priority(*source, priority), source);
}

int loop_defer(sd_event *loop, sd_event_source **source, enum loop_priority priority,
	       sd_event_handler_t handler, void *userdata)
{
	int r, enabled = SD_EVENT_OFF;
	if (*source && sd_event_source_get_enabled(*source, &enabled) > 0)
		return 0;
	/* A new one, because sd-event serves the oldest first and one that is enabled again keeps
	 * its age: work that goes on turn after turn would come before all input for ever. */
	*source = sd_event_source_disable_unref(*source);
	r = sd_event_add_defer(loop, source, handler, userdata);
	if (r < 0)
		return r;
	return check_created(sd_event_source_set_priority(*source, priority), source);
}

int loop_io_add(sd_event *loop, sd_event_source **source, int fd, uint32_t events,
		enum loop_priority priority, sd_event_io_handler_t handler, void *userdata)
{
	int r = sd_event_add_io(loop, source, fd, events, handler, userdata);
	if (r < 0)
		return r;
	return check_created(sd_event_source_set_priority(*source, priority), source);
}
