/* SPDX-License-Identifier: MIT */
#include "agent/app/forecast.h"

#include <stdlib.h>
#include <string.h>

#include "agent/app/damped.h"
#include "agent/app/groups.h"
#include "agent/app/guarded.h"
#include "agent/app/registry.h"
#include "lib/mem.h"

struct forecast {
	struct forecast_env env;
	struct fault fault;
	struct forecast_consul consul;
	struct app_cursor cursor;
	struct app_forecast *apps; /* by name */
	bool apps_done;
	struct app_forecast *group_of; /* whose group was the last */
};

struct forecast *forecast_new(const struct forecast_env *env, struct fault *fault)
{
	struct forecast *f = mem_new(1, sizeof(*f));
	f->env = *env;
	f->fault = *fault;
	*fault = (struct fault){ 0 };
	app_cursor_init(env->registry, &f->cursor);
	return f;
}

void forecast_free(struct forecast *f)
{
	struct app_forecast *a, *next;
	if (!f)
		return;
	app_cursor_done(&f->cursor);
	HASH_ITER (hh, f->apps, a, next) {
		/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): it does not follow uthash's lists */
		HASH_DELETE(hh, f->apps, a);
		free(a->name);
		free(a);
	}
	fault_done(&f->fault);
	free(f);
}

static struct app_forecast *find(const struct forecast *f, const char *name)
{
	struct app_forecast *a;
	HASH_FIND(hh, f->apps, name, strlen(name), a);
	return a;
}

static struct app_forecast *add(struct forecast *f, const struct app *app)
{
	struct app_forecast *a = mem_new(1, sizeof(*a));
	a->name = mem_strdup(app->spec->name);
	a->supposed = (struct app_supposed){ app->health, app->kept, app->guarded };
	HASH_ADD_KEYPTR(hh, f->apps, a->name, strlen(a->name), a);
	return a;
}

/* ---- one app ---- */

/* A monitor that is fed by Consul, which is away. */
static void judge_fed(struct forecast *f, const struct app *app, struct fault_monitor *m,
		      mono_t now)
{
	mono_t at;
	f->consul.n_monitors++;
	if (!f->env.away(app->spec->name, now, &at, f->env.userdata))
		return;
	f->consul.n_failing++;
	if (m->fails)
		return;
	m->fails = true;
	m->notice += usec_sub(at, now);
}

static struct fault_monitor judged_monitor(struct forecast *f, const struct app *app, size_t i,
					   mono_t now)
{
	struct monitor_status status;
	const struct monitor_spec *spec = &app->spec->monitors[i];
	monitor_watch_status(app->watch, i, &status);
	struct fault_monitor m = {
		.health = status.health,
		.fails = fault_hits_app(&f->fault, app->spec->name) ||
			 fault_hits_kind(&f->fault, spec->kind),
		.is_hard = monitor_spec_is_hard(spec),
		.notice = monitor_watch_notice_of(app->watch, i),
		.checks = status.timing.fall,
	};
	if (f->fault.consul_away && spec->kind->access == MONITOR_ASKS_CONSUL)
		judge_fed(f, app, &m, now);
	return m;
}

static struct fault_verdict judge(struct forecast *f, const struct app *app, mono_t now)
{
	size_t n = app->watch ? monitor_watch_n(app->watch) : 0;
	struct fault_monitor *monitors = mem_new(n + 1, sizeof(*monitors));
	for (size_t i = 0; i < n; i++)
		monitors[i] = judged_monitor(f, app, i, now);
	struct fault_verdict verdict = fault_judge(monitors, n, app->spec->quorum);
	free(monitors);
	return verdict;
}

/* What the guard of the fleet keeps goes by hard evidence. */
static void judge_app(struct forecast *f, const struct app *app, mono_t now)
{
	struct fault_verdict verdict = judge(f, app, now);
	f->consul.n_apps += app->spec->source == APP_FROM_CONSUL;
	bool falls = verdict.goes_down && app->health != HEALTH_DOWN;
	if (!falls && !(app->guarded && verdict.is_hard))
		return;
	struct app_forecast *a = add(f, app);
	a->supposed.health = HEALTH_DOWN;
	a->supposed.guarded = false;
	a->verdict = verdict;
}

/* ---- its group ---- */

static enum health health_of(const struct app *app, void *userdata)
{
	const struct app_forecast *a = find(userdata, app->spec->name);
	return a ? a->supposed.health : app->health;
}

static void on_kept(const struct app *app, bool kept, void *userdata)
{
	struct forecast *f = userdata;
	struct app_forecast *a = find(f, app->spec->name);
	if (!a && kept != app->kept)
		a = add(f, app);
	if (!a)
		return;
	a->supposed.kept = kept;
	a->grouped = true;
}

static void judge_group(struct forecast *f, const struct app_forecast *of, mono_t now)
{
	const struct app *app = app_get(f->env.registry, of->name);
	const struct group_forecast asked = { health_of, on_kept, f };
	if (app && !of->grouped)
		app_group_forecast(app, &asked, now);
}

/* Consul lets nothing go while it is away; without that it is supposed to let all go, unless it was asked. */
static void judge_guard(struct forecast *f, struct app_forecast *a)
{
	const struct app *app = app_get(f->env.registry, a->name);
	a->asks = app && a->supposed.health == HEALTH_DOWN &&
		  app_guard_keeps_if(app, a->verdict.is_hard, a->supposed.kept);
	if (a->supposed.health == HEALTH_DOWN)
		a->supposed.guarded = a->asks && f->fault.consul_away;
}

bool forecast_step(struct forecast *f, mono_t now)
{
	if (!f->apps_done) {
		const struct app *app = app_cursor_next(&f->cursor);
		f->apps_done = !app;
		if (app)
			judge_app(f, app, now);
		return true;
	}
	/* Those that are added meanwhile come at the end, with their group done. */
	f->group_of = f->group_of ? f->group_of->hh.next : f->apps;
	if (!f->group_of)
		return false;
	judge_group(f, f->group_of, now);
	judge_guard(f, f->group_of);
	return true;
}

/* ---- the result ---- */

void forecast_keep(struct forecast *f, const char *app)
{
	struct app_forecast *a = find(f, app);
	if (a && a->asks)
		a->supposed.guarded = true;
}

struct forecast_consul forecast_consul(const struct forecast *f)
{
	return f->consul;
}

const struct app_forecast *forecast_find(const struct forecast *f, const char *name)
{
	return find(f, name);
}

const struct app_forecast *forecast_next(const struct forecast *f, const struct app_forecast *at)
{
	return at ? at->hh.next : f->apps;
}

struct app_outcome forecast_outcome(const struct app *app, const struct app_forecast *of,
				    mono_t now)
{
	struct policy_output present, present_later, out, later;
	const struct app_supposed as_is = { app->health, app->kept, app->guarded };
	app_decide_if(app, &as_is, now, &present, &present_later);
	app_decide_if(app, &of->supposed, now, &out, &later);
	bool off = out.want.route == ROUTE_NONE;
	bool falls = of->supposed.health == HEALTH_DOWN && app->health == HEALTH_UP;
	return (struct app_outcome){
		.want = out.want,
		.address_goes = off && later.want.address == ADDRESS_ABSENT &&
				present_later.want.address != ADDRESS_ABSENT,
		.forgotten = off && later.forget && !present_later.forget,
		.address_stays = off && out.due != USEC_NEVER ? usec_sub(out.due, now) : 0,
		.held_down = falls ? app_damping_if_down(app, now) : 0,
	};
}
