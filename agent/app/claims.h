/* SPDX-License-Identifier: MIT */
/*
 * Which app may have a name or a VIP: the configuration file comes before its processes, these
 * before HTTP, HTTP before Consul, Consul before Nomad, and among equals the first one keeps it. A
 * definition displaces those that come after it, and is refused what those before it have.
 */
#ifndef AGENT_APP_CLAIMS_H
#define AGENT_APP_CLAIMS_H

#include "agent/app/app.h"

/* A bound on what clients of the HTTP API, which needs no credentials, can make the agent store. */
#define APPS_MAX 131072

/* 0, or -errno and a text; see registry_register(). `self` is what has the name now, or NULL. */
int claims_check(const struct registry *reg, const struct app_spec *spec, const struct app *self,
		 struct err *err);
/* The app that has the VIP; NULL: none. */
struct app *claims_owner(const struct registry *reg, const struct prefix *vip);

#endif
