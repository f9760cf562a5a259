/* SPDX-License-Identifier: MIT */
/* agent.consul_publish: repeats the states of all apps to consul/publish, once a second. */
#ifndef AGENT_DISCOVERY_PUBLISHER_H
#define AGENT_DISCOVERY_PUBLISHER_H

#include <systemd/sd-event.h>

#include "agent/app/registry.h"
#include "consul/client.h"

struct publisher;

/* Both must outlive it. */
struct publisher *publisher_new(sd_event *loop, struct registry *registry,
				struct consul_client *client);
/* Published services stay until their TTL expires. NULL is fine, here and below. */
void publisher_free(struct publisher *p);
/* Deregisters the published services. */
void publisher_stop(struct publisher *p);

#endif
