/* SPDX-License-Identifier: MIT */
/* Notices when CLOCK_REALTIME is set, as NTP does at boot; not when it is slewed. */
#ifndef PROCESS_CLOCK_WATCH_H
#define PROCESS_CLOCK_WATCH_H

#include <systemd/sd-event.h>

struct clock_watch;

typedef void clock_watch_cb(void *userdata);

/* NULL where the kernel does not support it. */
struct clock_watch *clock_watch_new(sd_event *loop, clock_watch_cb *set, void *userdata);
void clock_watch_free(struct clock_watch *w);

#endif
