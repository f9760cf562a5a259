/* SPDX-License-Identifier: MIT */
/* Tells when addresses of this host's interfaces come, change or go, lo's excepted: those are the
 * VIPs, and net/loopback.h knows about them. */
#ifndef NET_ADDRWATCH_H
#define NET_ADDRWATCH_H

#include <systemd/sd-event.h>

#include "lib/err.h"

struct addrwatch;

/* From the loop, once for any number of changes; also when some were lost. An IPv6 address counts
 * as changed when it ceases to be tentative. */
typedef void addrwatch_cb(void *userdata);

int addrwatch_new(sd_event *loop, addrwatch_cb *changed, void *userdata, struct addrwatch **ret,
		  struct err *err);
void addrwatch_free(struct addrwatch *w);

#endif
