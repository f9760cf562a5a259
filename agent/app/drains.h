/* SPDX-License-Identifier: MIT */
/*
 * Drains of apps and of the agent. An app is drained while any source requests it: the API, its
 * disable_file or a roll of the fleet; for all apps the API, the agent's disable_file, the stop, or
 * the shutdown of the host. What counts for the route is when the first request came and the last
 * one was lifted.
 *
 * Drains over HTTP that began in a previous instance wait for their apps: those of Consul may come
 * much later.
 */
#ifndef AGENT_APP_DRAINS_H
#define AGENT_APP_DRAINS_H

#include "agent/app/app.h"
#include "lib/log_event.h"

enum drain_result { DRAIN_NO_APP, DRAIN_BEGUN, DRAIN_CHANGED, DRAIN_ENDED, DRAIN_UNCHANGED };

/* Drains an app, or the whole agent (`name` NULL): routes become unattractive now and go after
 * drain_time. CHANGED: this source has requested it already, now with another reason or end.
 * `until` is USEC_NEVER, or when the request expires. `asked`: who asks by a request,
 * for the event; NULL: none does, or not now. */
enum drain_result registry_drain(struct registry *reg, const char *name, enum drain_source source,
				 const struct log_requester *asked, const char *reason,
				 mono_t until, mono_t now);
/* Drains of other sources stay. UNCHANGED: the source had not requested it. */
enum drain_result registry_undrain(struct registry *reg, const char *name, enum drain_source source,
				   const struct log_requester *asked, mono_t now);
/* Apps that are drained now are withdrawn, whatever is left of their drain_time. */
void registry_end_drains(struct registry *reg, mono_t now);
/* The traffic has been measured: drained apps that have less than drain_until are withdrawn. */
void registry_end_quiet_drains(struct registry *reg, mono_t now);
/* Drains all apps. */
const struct drain *registry_agent_drain(const struct registry *reg);
/* When drain_time is over for the last of the apps; `now` when none is announced as drained. */
mono_t registry_drained_at(const struct registry *reg, mono_t now);

/* A drain by the API that a previous instance began, `earlier` ago. An app that is not registered
 * yet gets it when it is: before it is announced. */
void registry_restore_drain(struct registry *reg, const char *name, const char *reason,
			    mono_t until, span_t earlier, mono_t now);
/* Apps that are not registered by now are not expected any more. */
typedef void registry_name_cb(const char *name, void *userdata);
void registry_drop_pending_drains(struct registry *reg, registry_name_cb *dropped, void *userdata);

/* Exactly these apps are drained by a roll of the fleet from now on, also when they are registered
 * later; n 0: none is. The names are copied. */
void registry_set_rolled(struct registry *reg, char *const *names, size_t n, const char *reason,
			 const struct log_requester *asked, mono_t now);

/* For registry.c. Watches the disable_file that the spec names and takes up pending drains; the
 * caller applies the result. */
void app_drain_start(struct app *app, mono_t now);
void app_drain_done(struct app *app);
/* Frees pending drains and the list of rolled apps. */
void registry_drains_done(struct registry *reg);
/* DUE_UNDRAIN is due, of an app or (NULL) of the agent. */
void drain_on_due(struct registry *reg, const struct app *app, mono_t now);

#endif
