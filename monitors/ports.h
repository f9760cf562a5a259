/* SPDX-License-Identifier: MIT */
/* The places that are watched for listeners (net/listeners.h), each once however many monitors need
 * it. */
#ifndef MONITORS_PORTS_H
#define MONITORS_PORTS_H

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#include "lib/err.h"
#include "net/listeners.h"

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

struct port_user *ports_attach(struct ports *p, const struct listener_place *place,
			       port_hint_cb *hint, void *userdata);
void ports_detach(struct port_user *u);
/* Does a socket serve the place now? Otherwise *ret_other is one that listens on the same port and
 * does not serve it; its address has family 0 where there is none. -errno when the kernel could not
 * be asked. */
int ports_check(struct port_user *u, bool *ret_listening, struct listener *ret_other);

#endif
