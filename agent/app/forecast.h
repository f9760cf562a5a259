/* SPDX-License-Identifier: MIT */
/*
 * Forecast of the apps if monitors failed, or with another configuration: the quorum, the group and
 * the policy are asked as for a verdict, with copies. No app is changed. Apps that stay as they are
 * have no entry, unless there is another configuration.
 *
 * The apps are gone through one by one, so that ten thousand take several turns of the loop. An app
 * that changes meanwhile is judged as it was when its turn came.
 */
#ifndef AGENT_APP_FORECAST_H
#define AGENT_APP_FORECAST_H

#include "agent/app/app.h"
#include "agent/app/apply.h"
#include "agent/app/plan.h"
#include "agent/model/fault.h"
#include "agent/model/policy.h"

/* Of one app whose health, or state in its group or in the fleet, would be another; with a plan, of
 * any. */
struct app_forecast {
	char *name; /* the key; owned */
	enum plan_fate fate;
	const struct app_spec *spec; /* of CHANGES and COMES, of the plan's configuration */
	struct app_supposed supposed;
	struct app_forecast *next_member; /* of its group, with a plan */
	enum health planned;              /* before anything fails, with a plan */
	bool joins;                       /* by its definition then */
	bool grouped;                     /* its group has been judged */
	bool asks;                        /* it would be down, and ask the guard of the fleet */
	struct fault_verdict verdict;     /* of an app that goes down */
	UT_hash_handle hh;
};

/* Whether the `consul` monitors of an app fail if Consul answers no more, and from when on. */
typedef bool forecast_away_fn(const char *app, mono_t now, mono_t *ret_at, void *userdata);

/* All must outlive the forecast. */
struct forecast_env {
	struct registry *registry;
	forecast_away_fn *away; /* of a fault with consul_away; else NULL */
	void *userdata;
	struct plan *plan; /* of another configuration; NULL: it stays */
};

/* With a Consul that is away. */
struct forecast_consul {
	size_t n_apps;     /* of its services, which stay */
	size_t n_monitors; /* `consul` ones */
	size_t n_failing;  /* of these: that fail all the same */
};

struct forecast;

/* Takes over what is in `fault`. */
struct forecast *forecast_new(const struct forecast_env *env, struct fault *fault);
void forecast_free(struct forecast *f);
/* Does one app, or one group; false: all are done. */
bool forecast_step(struct forecast *f, mono_t now);

/* When all are done: the guard does not let the app go. */
void forecast_keep(struct forecast *f, const char *app);
/* When all are done. */
struct forecast_consul forecast_consul(const struct forecast *f);
/* When all are done. NULL: the app stays as it is. */
const struct app_forecast *forecast_find(const struct forecast *f, const char *name);
/* The first one for NULL, else the one behind it; NULL at the end. */
const struct app_forecast *forecast_next(const struct forecast *f, const struct app_forecast *at);

/* The app as it would be defined; false: it goes, or is not there any more. */
bool forecast_app(const struct forecast *f, const struct app_forecast *of, mono_t now,
		  struct planned *ret);

/* The resulting routes, address and times. */
struct app_outcome {
	struct policy_want want; /* at once */
	bool address_goes;       /* and its NAT: later, and only because of the fault */
	bool forgotten;          /* likewise: unregistered at that time */
	span_t address_stays;    /* for so long */
	span_t held_down;        /* it stays down for so long at least, by flap damping */
};
struct app_outcome forecast_outcome(const struct forecast *f, const struct app_forecast *of,
				    const struct planned *app, mono_t now);

#endif
