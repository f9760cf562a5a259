/* SPDX-License-Identifier: MIT */
/*
 * Consul as a source of apps and of health: services of the catalog become apps of the registry,
 * and their checks the health of `consul` monitors. Nomad likewise, without the checks.
 *
 *	consul/client ── services ──> consul_app ──> registry (source consul)
 *	              └─ health ────> the feed of `consul` monitors
 *
 * Level-triggered: every service is always in one of the states of discovered.h. It is registered
 * again when its tags change, or when a name or VIP becomes free. A service that is broken or
 * refused keeps its previous definition, and does not affect the others.
 */
#ifndef AGENT_DISCOVERY_DISCOVERY_H
#define AGENT_DISCOVERY_DISCOVERY_H

#include <stdbool.h>
#include <systemd/sd-event.h>

#include "agent/app/registry.h"
#include "agent/config/config.h"
#include "agent/discovery/discovered.h"
#include "consul/client.h"
#include "lib/err.h"
#include "monitors/runner.h"

struct discovery;

/* Called once, from the loop, when the services of Consul's first answer are registered. */
typedef void discovery_ready_cb(void *userdata);

/* `source`: APP_FROM_CONSUL or APP_FROM_NOMAD. *ret is NULL, and 0 returned, when it is not
 * configured. */
int discovery_new(sd_event *loop, enum app_source source, const struct config_agent *config,
		  struct registry *registry, struct monitor_runner *runner,
		  discovery_ready_cb *ready, void *userdata, struct discovery **ret,
		  struct err *err);
/* The agent stops: no app is registered any more, and what was published is removed. */
void discovery_stop(struct discovery *d);
/* Leaves the registry as it is. NULL is fine, here and below. */
void discovery_free(struct discovery *d);

/* The app `name` was unregistered over HTTP. */
void discovery_dismiss(struct discovery *d, const char *name);

/* Whether Consul has the service, by its last answer. */
bool discovery_has(const struct discovery *d, const char *service);

/* As consul_catalog_fails_away(). */
bool discovery_fails_away(const struct discovery *d, const char *service, mono_t now,
			  mono_t *ret_at);

/* For views. */
const struct consul_client *discovery_client(const struct discovery *d);
const struct discovered *discovery_first(const struct discovery *d);
/* The service that is in conflict with the app; NULL: none. */
const struct discovered *discovery_rival_of(const struct discovery *d, const char *app);

#endif
