/* SPDX-License-Identifier: MIT */
/*
 * This agent in its fleet: the shell of the guard (docs/decisions/fleet-guard.md). It keeps the
 * session in Consul, and its apps there up to date; the registry asks it whether an app that is
 * down on soft evidence stays announced.
 *
 *	registry ── evidence ──> fleet_app ── member (pure) ──> fleet_call ──> consul/transport
 *	    ^                                     │                 │
 *	    └──────────── let go ─────────────────┴──── answers <───┘
 *
 * Nothing waits for Consul: without it, hard evidence withdraws as ever, soft evidence degrades.
 */
#ifndef AGENT_FLEET_FLEET_AGENT_H
#define AGENT_FLEET_FLEET_AGENT_H

#include <stdbool.h>
#include <stddef.h>
#include <systemd/sd-event.h>

#include "agent/app/registry.h"
#include "agent/fleet/fleet_seen.h"
#include "agent/fleet/status.h"
#include "agent/model/fleet_spec.h"
#include "consul/config.h"
#include "lib/mono.h"

struct fleet_agent;
struct fleet_shared;

/* All must outlive it. */
struct fleet_agent_env {
	sd_event *loop;
	struct registry *registry;
	const struct fleet_spec *spec; /* its minimums and times may change */
	const struct consul_config *consul;
	const char *config_sha256; /* of the file in effect, for the others to see */
};

/* Before the first app is registered. */
struct fleet_agent *fleet_agent_new(const struct fleet_agent_env *env);
/* NULL is fine, here and below. */
void fleet_agent_free(struct fleet_agent *a);
/* The configuration has other keys of Consul; before the texts of the former are freed. */
void fleet_agent_reconnect(struct fleet_agent *a);
/* config_sha256 is another one: tells the others. */
void fleet_agent_config_changed(struct fleet_agent *a);
/* A stop or a restart: the session is destroyed, and its keys go with it, as far as Consul answers
 * while the loop still runs. The guard decides nothing from then on. */
void fleet_agent_stop(struct fleet_agent *a);

/* For fleet_read.h. NULL for NULL. */
struct fleet_shared *fleet_agent_shared(struct fleet_agent *a);

/* ---- status; the texts are valid until the loop runs again ---- */

void fleet_agent_status(const struct fleet_agent *a, struct fleet_agent_status *ret);
/* NULL: not guarded. */
const struct fleet_app *fleet_agent_find(const struct fleet_agent *a, const char *app);
const struct fleet_app *fleet_agent_first(const struct fleet_agent *a);
const struct fleet_app *fleet_agent_next(const struct fleet_app *at);
void fleet_app_status(const struct fleet_app *f, struct fleet_app_status *ret);
/* Of the whole fleet, by the last view. NULL: the VIP is not guarded, or there was no view within
 * two reports. */
const struct fleet_seen *fleet_app_seen(const struct fleet_app *f, const struct prefix *vip);
/* By which it asks, or asked last; for fleet/outlook.h. */
const struct fleet_claim *fleet_app_claim(const struct fleet_app *f);

#endif
