/* SPDX-License-Identifier: MIT */
/*
 * The health of an app: the verdict of its monitors, except that an app that flaps is held down for
 * a while.
 */
#ifndef AGENT_APP_HEALTH_H
#define AGENT_APP_HEALTH_H

#include "agent/app/app.h"

/* Starts the monitors of the spec. Their first verdict, if there is one already, is applied by the
 * caller. */
void app_watch(struct app *app, mono_t now);
/* The app had the definition `former`: monitors of both go on, the others start or end.
 * First verdicts are applied by the caller, as above. */
void app_watch_change(struct app *app, const struct app_spec *former, mono_t now);
/* Called by the runner; tests call it with a clock of their own. */
void app_on_verdict(struct app *app, enum health health, const char *reason, mono_t now);
/* DUE_DAMPING is due: the app gets the health that its monitors have by now. */
void app_on_damping_end(struct app *app, mono_t now);

#endif
