/* SPDX-License-Identifier: MIT */
/* Apps that flap are held down (agent/model/damping.h). */
#ifndef AGENT_APP_DAMPED_H
#define AGENT_APP_DAMPED_H

#include "agent/app/app.h"

/* After every change of health. */
void app_damping_update(struct app *app, mono_t now);

#endif
