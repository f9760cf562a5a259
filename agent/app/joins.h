/* SPDX-License-Identifier: MIT */
/* Apps with states.join: their definitions join until they are promoted (agent/model/joining.h). */
#ifndef AGENT_APP_JOINS_H
#define AGENT_APP_JOINS_H

#include "agent/app/app.h"

/* Of an instance before: before the first app is registered. */
void registry_restore_promotion(struct registry *reg, const char *name, const char *sha256);
/* Of apps that are not registered: they join if they come later. */
void registry_drop_promotions(struct registry *reg);

/* The app has this definition from now on; `former` NULL: it is new. */
void app_join_define(struct app *app, const struct app_spec *former, mono_t now);
/* Its monitors say that it is up; those of its present definition. */
void app_join_judged(struct app *app);
/* Before anything is decided. */
void app_join_step(struct app *app, mono_t now);
/* Promotes the app if that is due and the fleet agrees; after the fleet was told of it. */
bool app_join_promote(struct app *app);
void app_join_done(struct app *app);

/* Whether a copy of an app, which has a copy of its `joining`, would join; nothing else is changed
 * or said. `is_other`: by another definition than `former`, as above. */
bool app_join_if(struct app *copy, bool is_other, const struct app_spec *former, mono_t now);

bool app_joins(const struct app *app);
/* When join_time is over, if the checks go on to pass; USEC_NEVER: they do not, or it does not
 * join. */
mono_t app_join_due(const struct app *app);
span_t app_join_time(const struct app *app);

#endif
