/* SPDX-License-Identifier: MIT */
/* Tells when somebody sets the clock (CLOCK_REALTIME), as NTP does at boot; not when it is slewed.
 */
#ifndef NET_CLOCKWATCH_H
#define NET_CLOCKWATCH_H

#include <systemd/sd-event.h>

struct clockwatch;

typedef void clockwatch_cb(void *userdata);

/* NULL where the kernel cannot tell. */
struct clockwatch *clockwatch_new(sd_event *loop, clockwatch_cb *set, void *userdata);
void clockwatch_free(struct clockwatch *w);

#endif
