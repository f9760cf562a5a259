/* SPDX-License-Identifier: MIT */
/* The ports that are watched, each once however many monitors name it. Without an address a port is
 * open when other hosts can reach it (net/sockdiag.h), with one when something listens there. */
#ifndef MONITORS_PORTS_H
#define MONITORS_PORTS_H

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#include "lib/addr.h"
#include "lib/err.h"

struct ports;
struct port_user;

/* The result may have changed. Must not attach or detach anything. */
typedef void port_hint_cb(void *userdata);

/* Socket events are no longer filtered by port (-errno: why) or are again (0). From the loop. */
typedef void port_filter_cb(int error, void *userdata);

/* `changed` may be NULL. */
int ports_new(sd_event *loop, port_filter_cb *changed, void *userdata, struct ports **ret,
	      struct err *err);
/* All users must be gone. */
void ports_free(struct ports *p);

/* `addr` of family 0: none. */
struct port_user *ports_attach(struct ports *p, uint8_t proto, const struct addr *addr,
			       uint16_t port, port_hint_cb *hint, void *userdata);
void ports_detach(struct port_user *u);
/* Is the port open now? Result, *ret_loopback and errors as of sockdiag_listening(). */
int ports_check(struct port_user *u, bool *ret_listening, struct addr *ret_loopback);

#endif
