/* SPDX-License-Identifier: MIT */
/* Details of an app for people to read, written for the other agents (`up/NODE`): the time of its
 * last change, the attributes of its route, the configuration in effect. No decision depends on it.
 */
#ifndef AGENT_FLEET_FLEET_TOLD_H
#define AGENT_FLEET_FLEET_TOLD_H

#include "agent/app/app.h"
#include "fleet/guard.h"
#include "lib/wallclock.h"

/* All but node, session and form. The attributes are those of the route that is announced now, ""
 * for none; a list that is too long is cut. */
void fleet_told(const struct app *app, const struct prefix *vip, const char *config_sha256,
		mono_t now, wall_t wall, struct fleet_up *ret);

#endif
