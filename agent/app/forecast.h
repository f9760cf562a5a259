/* SPDX-License-Identifier: MIT */
/*
 * What would become of the apps if monitors failed: the quorum, the group and the policy are asked as for
 * a verdict, with copies. Nothing of an app is changed. Of the apps that stay as they are nothing is kept.
 *
 * The apps are gone through one by one, so that ten thousand take several turns of the loop. An app that
 * changes meanwhile is judged as it was when its turn came.
 */
#ifndef AGENT_APP_FORECAST_H
#define AGENT_APP_FORECAST_H

#include "agent/app/app.h"
#include "agent/model/fault.h"
#include "agent/model/policy.h"

/* Of one app whose health, or state in its group, would be another. */
struct app_forecast {
	char *name; /* the key; owned */
	enum health health;
	bool kept;
	bool grouped;                 /* its group has been judged */
	struct fault_verdict verdict; /* of an app that goes down */
	UT_hash_handle hh;
};

struct forecast;

/* Takes over what is in `fault`. The registry must outlive it. */
struct forecast *forecast_new(struct registry *reg, struct fault *fault);
void forecast_free(struct forecast *f);
/* Does one app, or one group; false: all are done. */
bool forecast_step(struct forecast *f, mono_t now);

/* When all are done. NULL: the app stays as it is. */
const struct app_forecast *forecast_find(const struct forecast *f, const char *name);
/* The first one for NULL, else the one behind it; NULL at the end. */
const struct app_forecast *forecast_next(const struct forecast *f, const struct app_forecast *at);

/* What it comes to. */
struct app_outcome {
	struct policy_want want; /* at once */
	bool address_goes;       /* and its NAT: later, and only because of the fault */
	bool forgotten;          /* likewise: unregistered at that time */
	span_t address_stays;    /* for so long */
	span_t held_down;        /* it stays down for so long at least, by flap damping */
};
struct app_outcome forecast_outcome(const struct app *app, const struct app_forecast *of,
				    mono_t now);

#endif
