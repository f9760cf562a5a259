/* SPDX-License-Identifier: MIT */
/*
 * The kernel's word that a socket is gone, microseconds after it is (sock_diag's destroy groups).
 * Needs no privilege. A hint, not an answer: with SO_REUSEPORT another may still serve the port,
 * so look it up (net/sockdiag.h). There is no word when a socket begins to listen, and none when a
 * listener is shut down and kept open.
 */
#ifndef NET_SOCKEVENTS_H
#define NET_SOCKEVENTS_H

#include <stdint.h>
#include <systemd/sd-event.h>

#include "lib/addr.h"
#include "lib/err.h"
#include "net/portset.h"

struct sockevents;

/* A TCP listener or an unconnected UDP socket on `port` (host order) is gone, which was bound to
 * `addr`, a v4-mapped one as IPv4. `proto` 0: some of these were lost, look at every port again.
 * From the loop. */
typedef void sockevents_cb(uint8_t proto, const struct addr *addr, uint16_t port, void *userdata);

/* Hears nothing until it is told of which ports, where the kernel takes a filter. */
int sockevents_new(sd_event *loop, sockevents_cb *cb, void *userdata, struct sockevents **ret,
		   struct err *err);
void sockevents_free(struct sockevents *e);
/* Sockets closed before their port is in this set are not reported: check a new port once after
 * this. A few other ports may be reported too, fewer the larger the filter may be
 * (net.core.optmem_max). When this fails (-ENOMEM: no room for any filter) all ports are reported,
 * with a wake-up for every connection that is closed. */
int sockevents_set_ports(struct sockevents *e, const struct port_set *ports);

#endif
