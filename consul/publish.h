/* SPDX-License-Identifier: MIT */
/*
 * Says in the local Consul agent how our apps are: a service "vipherald" with a TTL check per app.
 *
 * A service of our own, because Consul counts a failing check against what it is attached to: on
 * the app's own service it would feed back into that app's `consul` monitor, and on the node it
 * would take every service of the node away.
 *
 * Level-triggered: the caller says now and then how everything is, and what differs from what
 * Consul was told, or was told too long ago, is told, at a limited rate.
 */
#ifndef CONSUL_PUBLISH_H
#define CONSUL_PUBLISH_H

#include <systemd/sd-event.h>

#include "consul/client.h"
#include "consul/payload.h"

#define CONSUL_PUBLISH_SERVICE "vipherald"

struct consul_publish;

/* The client must outlive it. */
struct consul_publish *consul_publish_new(sd_event *loop, struct consul_client *client);
/* What is published stays, and runs out with its TTL. */
void consul_publish_free(struct consul_publish *p);

/* begin, then each app, then end: what was not said in between goes. The text must not change
 * while nothing happens, or it wakes everybody who watches the check. */
void consul_publish_begin(struct consul_publish *p);
void consul_publish_app(struct consul_publish *p, const char *app, enum consul_status status,
			const char *text);
void consul_publish_end(struct consul_publish *p);

/* Consul may have forgotten everything. */
void consul_publish_again(struct consul_publish *p);
/* Takes everything back, as far as Consul answers while the loop still runs. */
void consul_publish_stop(struct consul_publish *p);

#endif
