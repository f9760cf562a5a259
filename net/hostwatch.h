/* SPDX-License-Identifier: MIT */
/* Tells when interfaces, addresses or routes of this host come, change or go. Those of lo and local
 * routes excepted: that is where the VIPs are, and net/loopback.h knows about them. */
#ifndef NET_HOSTWATCH_H
#define NET_HOSTWATCH_H

#include <systemd/sd-event.h>

#include "lib/err.h"

struct hostwatch;

/* From the loop: at once after a time of quiet, then once for all that happens within 50 ms; also
 * when notifications were lost. An IPv6 address counts as changed when it ceases to be tentative,
 * an interface when its carrier goes or comes. */
typedef void hostwatch_cb(void *userdata);

int hostwatch_new(sd_event *loop, hostwatch_cb *changed, void *userdata, struct hostwatch **ret,
		  struct err *err);
/* Calls now, from inside, if anything has happened that was not told yet. */
void hostwatch_catch_up(struct hostwatch *w);
/* Calls once more in a second, or sooner: what was to be looked at could not be. */
void hostwatch_again(struct hostwatch *w);
void hostwatch_free(struct hostwatch *w);

#endif
