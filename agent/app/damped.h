/* SPDX-License-Identifier: MIT */
/* Apps that flap are held down (agent/model/damping.h). */
#ifndef AGENT_APP_DAMPED_H
#define AGENT_APP_DAMPED_H

#include "agent/app/app.h"

/* After every change of health. */
void app_damping_update(struct app *app, mono_t now);
/* How long it would stay down at least, if it went down now; 0: it may go up at once. */
span_t app_damping_if_down(const struct app *app, mono_t now);

#endif
