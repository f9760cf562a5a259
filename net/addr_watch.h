/* SPDX-License-Identifier: MIT */
/*
 * Follows the addresses of all interfaces, and tells of each change in the turn in which its
 * notification arrives: a route may have to be withdrawn because of it.
 */
#ifndef NET_ADDR_WATCH_H
#define NET_ADDR_WATCH_H

#include <systemd/sd-event.h>

#include "lib/addr.h"
#include "lib/err.h"
#include "net/addr_table.h"

struct addr_watch;

/* The address was added or removed somewhere, or is another one now. NULL: look at all, since an
 * interface changed or notifications were lost. addr_watch_free() may not be called inside. */
typedef void addr_watch_cb(const struct addr *a, void *userdata);

int addr_watch_new(sd_event *loop, addr_watch_cb *changed, void *userdata, struct addr_watch **ret,
		   struct err *err);
void addr_watch_free(struct addr_watch *w);
const struct addr_table *addr_watch_table(const struct addr_watch *w);

#endif
