/* SPDX-License-Identifier: MIT */
#include "agent/app/plan.h"

#include <stdlib.h>

#include "agent/app/drains.h"
#include "agent/app/joins.h"
#include "agent/app/registry.h"
#include "agent/config/app_index.h"
#include "lib/mem.h"
#include "lib/str.h"

struct plan {
	const struct registry *reg;
	const struct config *next;
	struct app_index apps;
	struct vip_index vips;
	struct registry then; /* a view of the registry, with the options of the configuration */
};

static void set_options(struct registry *reg, const struct config_agent *c)
{
	reg->cleanup_timer = c->cleanup_timer;
	reg->options.keep_last_window =
		c->keep_last_window ? c->keep_last_window : c->monitor_timing.interval;
	reg->options.keep_last_stretches = c->keep_last_window == 0;
	reg->options.bind = c->bind;
	reg->options.join_time = c->join_time;
}

struct plan *plan_new(struct registry *reg, const struct config *next)
{
	struct plan *p = mem_new(1, sizeof(*p));
	p->reg = reg;
	p->next = next;
	app_index_make(&p->apps, next);
	vip_index_make(&p->vips, next);
	return p;
}

void plan_free(struct plan *p)
{
	if (!p)
		return;
	app_index_done(&p->apps);
	vip_index_done(&p->vips);
	free(p);
}

/* The file comes before all others, and a process gives up the VIP alone. */
static bool is_displaced(const struct plan *p, const struct app_spec *spec)
{
	if (spec->source == APP_FROM_PROCESS)
		return !program_list_find(&p->next->programs, spec->name);
	for (size_t i = 0; i < spec->n_vips; i++)
		if (vip_index_find(&p->vips, &spec->vips[i]))
			return true;
	return false;
}

enum plan_fate plan_fate_of(const struct plan *p, const struct app *app,
			    const struct app_spec **ret)
{
	*ret = app->spec;
	if (!p)
		return PLAN_STAYS;
	const struct app_spec *next = app_index_find(&p->apps, app->spec->name);
	if (next) {
		bool same = app->spec->source == next->source && app_spec_equal(app->spec, next);
		*ret = same ? app->spec : next;
		return same ? PLAN_STAYS : PLAN_CHANGES;
	}
	if (app->spec->source != APP_FROM_CONFIG && !is_displaced(p, app->spec))
		return PLAN_STAYS;
	*ret = NULL;
	return PLAN_GOES;
}

size_t plan_n(const struct plan *p)
{
	return p ? p->next->n_apps : 0;
}

const struct app_spec *plan_coming(const struct plan *p, size_t i)
{
	const struct app_spec *spec = &p->next->apps[i];
	return registry_find(p->reg, spec->name) ? NULL : spec;
}

const struct app_spec *plan_owner(const struct plan *p, const struct prefix *vip)
{
	return p ? vip_index_find(&p->vips, vip) : NULL;
}

bool plan_guards(const struct plan *p, const struct app_spec *spec)
{
	for (size_t i = 0; p && i < spec->n_vips; i++)
		if (fleet_spec_min_up(&p->next->fleet, &spec->vips[i]))
			return true;
	return !p;
}

/* ---- one app ---- */

/* Its definition when the turn of `spec` comes: apps in front of it have changed by then. */
static const struct app_spec *spec_by_then(const struct plan *p, const struct app *owner,
					   const struct app_spec *spec)
{
	const struct app_spec *next = app_index_find(&p->apps, owner->spec->name);
	return next && next < spec ? next : owner->spec;
}

/* Whose VIPs it gets, and with the same checks their health. */
static void inherit(const struct plan *p, const struct app_spec *spec, struct app *ret)
{
	const struct app *former = NULL;
	for (size_t i = 0; i < spec->n_vips; i++) {
		const struct app *owner = registry_owner(p->reg, &spec->vips[i]);
		if (owner && owner->spec->source == APP_FROM_CONFIG)
			former = owner;
	}
	if (!former || !app_spec_monitors_equal(spec, spec_by_then(p, former, spec)))
		return;
	ret->health = former->health;
	ret->down_hard = former->down_hard;
}

static bool is_agent_drained(const struct registry *reg)
{
	const struct drain *d = registry_agent_drain(reg);
	for (size_t i = 0; i < DRAIN_SOURCES; i++)
		if (d->requests[i].on)
			return true;
	return false;
}

static void make_new(const struct plan *p, const struct app_spec *spec, mono_t now, struct app *ret)
{
	bool drained = is_agent_drained(p->reg);
	*ret = (struct app){
		.health = HEALTH_UNKNOWN,
		.off_since = USEC_NEVER,
		.left_at = USEC_NEVER,
		.drained_since = drained ? now : USEC_NEVER,
		.drain_end = now,
	};
	inherit(p, spec, ret);
}

void plan_app(struct plan *p, const struct app *app, const struct app_spec *spec, mono_t now,
	      struct planned *ret)
{
	if (app)
		ret->app = *app;
	else
		make_new(p, spec, now, &ret->app);
	ret->spec = *spec;
	ret->app.spec = &ret->spec;
	ret->joining = app && app->joining ? *app->joining : (struct joining){ 0 };
	ret->app.joining = &ret->joining;
	if (!p)
		return;
	p->then = *p->reg;
	set_options(&p->then, &p->next->agent);
	ret->app.registry = &p->then;
	if (spec->source != APP_FROM_CONFIG)
		ret->spec.agent_bind = p->next->agent.bind;
}

bool plan_joins(struct plan *p, const struct app *app, const struct app_spec *spec, mono_t now)
{
	struct planned then;
	const struct app_spec *former = app ? app->spec : NULL;
	plan_app(p, app, spec, now, &then);
	return app_join_if(&then.app, spec != former, former, now);
}
