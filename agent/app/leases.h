/* SPDX-License-Identifier: MIT */
/*
 * Apps with a lease have to be registered again before it ends, or they go as if they had been
 * unregistered. Only apps of HTTP have one; it is lifted when another source takes the app over.
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

#endif
