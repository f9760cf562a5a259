/* SPDX-License-Identifier: MIT */
/*
 * Groups of apps that are judged together (keep_last). policy.h says when a group is kept; here is
 * which apps are in it. While one of a group is up nothing is computed, so that ten thousand apps
 * of a group can fail one by one without a walk over all of them each time.
 */
#ifndef AGENT_APP_GROUPS_H
#define AGENT_APP_GROUPS_H

#include "agent/app/app.h"

/* Joins the group that the spec names, after leaving the one it is in. */
void app_group_join(struct app *app, mono_t now);
void app_group_leave(struct app *app, mono_t now);
/* After a change of the app's health. Applies to the others of the group what follows for them; who
 * calls applies it to `app`. */
void app_group_health(struct app *app, enum health from, mono_t now);

/* Consequences for a group if the health of its apps were different, on a copy: `health_of` is
 * called for each app, and `kept` with the result for each. */
struct group_forecast {
	enum health (*health_of)(const struct app *app, void *userdata);
	void (*kept)(const struct app *app, bool kept, void *userdata);
	void *userdata;
};
void app_group_forecast(const struct app *app, const struct group_forecast *f, mono_t now);

/* How many groups are kept; *ret gets the names of the first `max`. */
size_t registry_kept_groups(const struct registry *reg, const char **ret, size_t max);
void groups_done(struct registry *reg);

#endif
