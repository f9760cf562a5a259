/* SPDX-License-Identifier: MIT */
/*
 * The sources of apps, in the order of their precedence: the configuration, the state file (apps
 * registered over HTTP), Consul, Nomad.
 *
 * Apps are registered a few milliseconds a turn of the loop, so that the sessions with the routers
 * come up meanwhile. Discovery starts when all of the first two are registered, so that they have
 * the names and VIPs that they ask for.
 */
#ifndef AGENT_DAEMON_SOURCES_H
#define AGENT_DAEMON_SOURCES_H

#include <stdbool.h>
#include <systemd/sd-event.h>

#include "agent/app/registry.h"
#include "agent/config/config.h"
#include "agent/daemon/recovery.h"
#include "agent/discovery/discovery.h"
#include "agent/store/store.h"
#include "monitors/runner.h"

struct sources;

/* All must outlive it. */
struct sources_env {
	sd_event *loop;
	const struct config *config;
	struct registry *registry;
	struct monitor_runner *runner;
	struct store *store;
	struct recovery *recovery; /* told which sources are expected, and which have arrived */
	/* Once, from the loop: the apps of configuration and state file are registered. Programs
	 * are started first, so that they are expected; may be NULL. */
	void (*start_programs)(void *userdata);
	void (*registered)(void *userdata);
	void *userdata;
};

struct sources *sources_new(const struct sources_env *env);
/* Leaves the registry as it is. Before registry and recovery are freed. */
void sources_free(struct sources *s);
/* The configuration has other keys of Consul or Nomad: a new client, also from or to none. Its apps
 * stay until its first answer, and go then if that lacks them; without the catalog they go at once.
 * Before the texts of the former configuration are freed. */
void sources_change(struct sources *s, enum app_source source);
/* A stop for a restart: the registration ends, apps of Consul are no longer waited for. */
void sources_suspend(struct sources *s);
/* A stop: likewise, and what was published in Consul is removed. */
void sources_stop(struct sources *s);

bool sources_registered(const struct sources *s); /* `registered` was called */
/* Of Consul or Nomad; NULL: it is not configured. */
struct discovery *sources_discovery(const struct sources *s, enum app_source source);

#endif
