/* SPDX-License-Identifier: MIT */
/* Runs a loop until something has happened; no test sleeps. Include after cmocka.h. */
#ifndef TESTS_UNIT_LOOP_UNTIL_H
#define TESTS_UNIT_LOOP_UNTIL_H

#include <stdbool.h>
#include <systemd/sd-event.h>

#include "process/loop.h"

/* Far more than anything takes, sanitizers and a busy machine included. */
#define LOOP_UNTIL_LIMIT (60 * USEC_PER_SEC)

static inline int loop_until_limit(sd_event_source *source, uint64_t now, void *userdata)
{
	(void)source, (void)now;
	*(bool *)userdata = true;
	return 0;
}

typedef bool loop_until_fn(void *userdata);

static inline void loop_until(sd_event *loop, loop_until_fn *happened, void *userdata)
{
	bool late = false;
	sd_event_source *guard = NULL;
	assert_int_equal(loop_timer_set(loop, &guard, loop_clock() + LOOP_UNTIL_LIMIT, LOOP_HTTP,
					loop_until_limit, &late),
			 0);
	while (!happened(userdata) && !late)
		assert_true(sd_event_run(loop, UINT64_MAX) >= 0);
	sd_event_source_disable_unref(guard);
	assert_false(late);
}

static inline bool loop_until_true(void *userdata)
{
	return *(bool *)userdata;
}

/* Runs what is ready now, and nothing that would have to be waited for. */
static inline void loop_drain(sd_event *loop)
{
	while (sd_event_run(loop, 0) > 0)
		;
}

#endif
