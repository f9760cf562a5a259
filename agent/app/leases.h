/* SPDX-License-Identifier: MIT */
/*
 * Apps with a lease have to be registered again before it ends, or they go as if they had been
 * unregistered. Only apps of HTTP have one; it is lifted when another source takes the app over.
 * Time in which the agent did not run does not count: no client could renew its lease, and those on
 * this host may have been stopped as well.
 */
#ifndef AGENT_APP_LEASES_H
#define AGENT_APP_LEASES_H

#include "agent/app/app.h"

/* Starts the lease that the spec says, or lifts it. True when there was or is one. */
bool app_lease_start(struct app *app, mono_t now);
/* When its lease ends; USEC_NEVER: it has none. */
mono_t app_lease_end(const struct app *app);
/* The lease of an app ends then, instead of after its span. For an app of the previous instance. */
void registry_set_lease_end(struct registry *reg, const char *name, mono_t until);
/* DUE_LEASE is due. False when it is extended by the time that the agent did not run. */
bool app_lease_has_ended(struct app *app, mono_t now);
/* The app goes. */
void app_lease_done(struct app *app);

#endif
