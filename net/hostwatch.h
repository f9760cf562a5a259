/* SPDX-License-Identifier: MIT */
/* Tells when interfaces, addresses, routes, rules of policy routing or next-hop objects of this
 * host are added, changed or removed, except for local routes and addresses on lo that look like
 * VIPs, which net/loopback.h watches. */
#ifndef NET_HOSTWATCH_H
#define NET_HOSTWATCH_H

#include <stdbool.h>
#include <systemd/sd-event.h>

#include "lib/err.h"

struct hostwatch;

/* From the loop: at once after a quiet time, then once for all changes within 50 ms; also when
 * notifications were lost, and once more 50 ms after a change of an address, which the kernel
 * announces before its routes follow. An IPv6 address counts as changed when it ceases to be tentative,
 * an interface when its carrier goes or comes. */
typedef void hostwatch_cb(void *userdata);

int hostwatch_new(sd_event *loop, hostwatch_cb *changed, void *userdata, struct hostwatch **ret,
		  struct err *err);
/* Calls now, from inside, if anything has changed since the last call. */
void hostwatch_catch_up(struct hostwatch *w);
/* Has an address or a link changed, not routes only, since this was asked last? */
bool hostwatch_addresses_changed(struct hostwatch *w);
/* Calls once more in a second, or sooner: the kernel could not be asked. */
void hostwatch_again(struct hostwatch *w);
void hostwatch_free(struct hostwatch *w);

#endif
