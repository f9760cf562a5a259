/* SPDX-License-Identifier: MIT */
/*
 * Apps before the guard of the fleet (agent/fleet): what is known of an app is told, and what the
 * guard says is kept for the policy. An app that the guard keeps is announced although it is down.
 */
#ifndef AGENT_APP_GUARDED_H
#define AGENT_APP_GUARDED_H

#include "agent/app/app.h"

/* Tells the guard, and keeps its answer. No more follows from it: call app_apply(). */
void app_guard_update(struct app *app, mono_t now);
/* Whether the guard keeps it announced, as far as Consul lets nothing go, if it were down, by hard
 * evidence or not, and kept with its group or not. */
bool app_guard_keeps_if(const struct app *app, bool hard, bool kept);
/* False: the evidence is another one by now, although the health is not. */
bool app_guard_is_told(const struct app *app);
/* The app is about to be freed. */
void app_guard_gone(const struct app *app);

#endif
