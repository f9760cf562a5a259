/* SPDX-License-Identifier: MIT */
/*
 * The apps as a reload with another configuration would leave them, before a check has said
 * anything more. Nothing is changed.
 *
 *	in the configuration         it is defined so, whatever had the name or its VIPs
 *	from the file, and not there it goes
 *	of others                    it stays, unless the configuration has one of its VIPs; of a process that VIP
 *	                             alone goes, and all of it with the process
 *
 * A reload takes them one by one in the order of the file (agent/daemon/reload_apps.h); this is
 * what it comes to.
 */
#ifndef AGENT_APP_PLAN_H
#define AGENT_APP_PLAN_H

#include "agent/app/app.h"
#include "agent/config/config.h"

enum plan_fate {
	PLAN_STAYS,
	PLAN_CHANGES, /* it is defined otherwise */
	PLAN_COMES,
	PLAN_GOES,
};

struct plan;

/* Both must outlive it. */
struct plan *plan_new(struct registry *reg, const struct config *next);
void plan_free(struct plan *p);

/* Of an app that is registered. *ret: its definition then; NULL: it goes. A plan that is NULL
 * changes nothing. */
enum plan_fate plan_fate_of(const struct plan *p, const struct app *app,
			    const struct app_spec **ret);
/* The apps of the configuration; NULL: the one with this number is registered already. */
size_t plan_n(const struct plan *p);
const struct app_spec *plan_coming(const struct plan *p, size_t i);
/* The one of the configuration that has the VIP; NULL: none. */
const struct app_spec *plan_owner(const struct plan *p, const struct prefix *vip);

/* A VIP of it is guarded in the fleet by the configuration; without a plan true. */
bool plan_guards(const struct plan *p, const struct app_spec *spec);

/* An app as it would be: a copy, by which the policy can be asked. */
struct planned {
	struct app app; /* its spec is the next */
	struct app_spec spec;
	struct joining joining;
};
/* `app` is NULL of one that comes. It joins as at present: plan_joins() says whether it will. */
void plan_app(struct plan *p, const struct app *app, const struct app_spec *spec, mono_t now,
	      struct planned *ret);
/* It would join (agent/app/joins.h). `spec` is that of `app` if it stays. This takes longer: ask
 * once. */
bool plan_joins(struct plan *p, const struct app *app, const struct app_spec *spec, mono_t now);

#endif
