/* SPDX-License-Identifier: MIT */
/* The policy's decision for an app, handed to the reconciler. */
#ifndef AGENT_APP_APPLY_H
#define AGENT_APP_APPLY_H

#include "agent/app/app.h"

/* After anything that the decision depends on has changed. The app may be due afterwards, it is
 * never gone. */
void app_apply(struct app *app, mono_t now);

/* State assumed for an app, in place of its actual one. */
struct app_supposed {
	enum health health;
	bool kept;    /* with its group */
	bool guarded; /* by the guard of the fleet */
};

/* The decision on a copy of the app; and, when the routes go, the one that time brings after that:
 * else the same. */
void app_decide_if(const struct app *app, const struct app_supposed *supposed, mono_t now,
		   struct policy_output *ret, struct policy_output *ret_later);

/* One VIP that is new gets what the others have. */
void app_apply_vip(struct app *app, struct vip *vip, mono_t now);

#endif
