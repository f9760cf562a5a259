/* SPDX-License-Identifier: MIT */
/*
 * Publishes the state of our apps in the local Consul agent: a service "vipherald" with a TTL check
 * for each app.
 *
 * It is a service of its own, because a failing check counts against what it is attached to: on the
 * app's service it would feed back into that app's `consul` monitor, on the node it would fail all
 * services of the node.
 *
 * Level-triggered: the caller repeats the states of all apps now and then. What differs from what
 * Consul was sent, or was sent too long ago, is sent, at a limited rate.
 */
#ifndef CONSUL_PUBLISH_H
#define CONSUL_PUBLISH_H

#include <systemd/sd-event.h>

#include "consul/payload.h"
#include "consul/transport.h"
#include "lib/mono.h"

#define CONSUL_PUBLISH_SERVICE "vipherald"

struct consul_publish;

#define CONSUL_PUBLISH_RETRY (5 * USEC_PER_SEC)

/* The transport must outlive it. `retry`: the pause after a failure. */
struct consul_publish *consul_publish_new(sd_event *loop, struct consul_transport *transport,
					  span_t retry);
/* Published services stay until their TTL expires. */
void consul_publish_free(struct consul_publish *p);

/* begin, then each app, then end: apps that were left out are removed. As long as the state of an
 * app stays, its text must not change, or it wakes all who watch the check. */
void consul_publish_begin(struct consul_publish *p);
void consul_publish_app(struct consul_publish *p, const char *app, enum consul_status status,
			const char *text);
void consul_publish_end(struct consul_publish *p);

/* Registers everything again: Consul may have lost it. */
void consul_publish_again(struct consul_publish *p);
/* Removes the service with its checks, as far as Consul answers while the loop still runs. */
void consul_publish_stop(struct consul_publish *p);

#endif
