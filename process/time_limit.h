/* SPDX-License-Identifier: MIT */
/*
 * A time limit that is judged after input: when it has passed, everything that the kernel has ready
 * is read first, and only what is still unfinished then has timed out. A process that was stopped
 * for a while finds timers, sockets and children all due at once.
 */
#ifndef PROCESS_TIME_LIMIT_H
#define PROCESS_TIME_LIMIT_H

#include <systemd/sd-event.h>

#include "lib/mono.h"

typedef void time_limit_cb(void *userdata);

/* Zeroed memory: not running. */
struct time_limit {
	sd_event *loop; /* not owned */
	sd_event_source *timer, *round;
	unsigned rounds;
	time_limit_cb *passed;
	void *userdata;
};

/* Calls back once, unless it is stopped before. USEC_NEVER: never. To be stopped before it is
 * started again. */
int time_limit_start(struct time_limit *l, sd_event *loop, span_t span, time_limit_cb *passed,
		     void *userdata);
void time_limit_stop(struct time_limit *l);

#endif
