/* SPDX-License-Identifier: MIT */
/*
 * How long this process did not run (lib/gap.h), for limits that no client can keep meanwhile. It
 * wakes the loop every 250 ms while it is on.
 */
#ifndef PROCESS_PAUSE_WATCH_H
#define PROCESS_PAUSE_WATCH_H

#include <stdbool.h>
#include <systemd/sd-event.h>

#include "lib/gap.h"

struct pause_watch {
	sd_event *loop; /* not owned */
	sd_event_source *timer;
	struct gap gap;
	bool on;
};

void pause_watch_init(struct pause_watch *w, sd_event *loop);
void pause_watch_done(struct pause_watch *w);
/* Does nothing when it is so already. */
void pause_watch_set(struct pause_watch *w, bool on);
/* All the time that was lost while it was on. */
span_t pause_watch_lost(struct pause_watch *w, mono_t now);

#endif
