/* SPDX-License-Identifier: MIT */
#include "agent/app/forecast.h"

#include <stdlib.h>
#include <string.h>

#include "agent/app/damped.h"
#include "agent/app/groups.h"
#include "agent/app/guarded.h"
#include "agent/app/joins.h"
#include "agent/app/registry.h"
#include "lib/mem.h"
#include "lib/str.h"
#include "monitors/watch.h"

/* With a plan: apps that are to be judged together. */
struct planned_group {
	char *name;                 /* the key; owned */
	struct app_forecast *first; /* also those that go */
	size_t n;
	bool joined; /* a member comes or changes */
	bool left;   /* a member goes, or is not one any more */
	UT_hash_handle hh;
};

struct forecast {
	struct forecast_env env;
	struct fault fault;
	struct forecast_consul consul;
	struct app_cursor cursor;
	struct app_forecast *apps; /* by name */
	struct planned_group *groups;
	bool apps_done;
	size_t next_coming;
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

static void free_groups(struct forecast *f)
{
	struct planned_group *g, *next;
	HASH_ITER (hh, f->groups, g, next) {
		/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): it does not follow uthash's lists */
		HASH_DELETE(hh, f->groups, g);
		free(g->name);
		free(g);
	}
}

void forecast_free(struct forecast *f)
{
	struct app_forecast *a, *next;
	if (!f)
		return;
	app_cursor_done(&f->cursor);
	free_groups(f);
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
	a->fate = PLAN_STAYS;
	a->joins = app_joins(app);
	a->supposed = (struct app_supposed){ app->health, app->kept, app->guarded };
	HASH_ADD_KEYPTR(hh, f->apps, a->name, strlen(a->name), a);
	return a;
}

/* ---- one app ---- */

/* A monitor that is fed by Consul, which is away. */
static void judge_fed(struct forecast *f, const char *app, struct fault_monitor *m, mono_t now)
{
	mono_t at;
	f->consul.n_monitors++;
	if (!f->env.away(app, now, &at, f->env.userdata))
		return;
	f->consul.n_failing++;
	if (m->fails)
		return;
	m->fails = true;
	m->notice += usec_sub(at, now);
}

/* As it is found to be. One that is new has not been checked yet. */
static void find_result(const struct app *app, const struct app_spec *spec, size_t i,
			struct fault_monitor *ret)
{
	struct monitor_status status;
	const struct monitor_spec *monitor = &spec->monitors[i];
	size_t n = app && app->watch ? monitor_watch_n(app->watch) : 0, at = i;
	if (app && spec != app->spec)
		for (at = 0; at < n && !monitor_spec_equal(&app->spec->monitors[at], monitor); at++)
			;
	ret->health = HEALTH_UNKNOWN;
	if (at >= n)
		return;
	monitor_watch_status(app->watch, at, &status);
	ret->health = status.health;
	ret->notice = monitor_watch_notice_of(app->watch, at);
	ret->checks = status.timing.fall;
}

static struct fault_monitor judged_monitor(struct forecast *f, const struct app *app,
					   const struct app_spec *spec, size_t i, mono_t now)
{
	const struct monitor_spec *monitor = &spec->monitors[i];
	struct fault_monitor m = {
		.fails = fault_hits_app(&f->fault, spec->name) ||
			 fault_hits_kind(&f->fault, monitor->kind),
		.is_hard = monitor_spec_is_hard(monitor),
	};
	find_result(app, spec, i, &m);
	if (f->fault.consul_away && monitor->kind->access == MONITOR_ASKS_CONSUL)
		judge_fed(f, spec->name, &m, now);
	return m;
}

/* The app's health by the results of the remaining checks; `quorum`: how many of them have to pass.
 */
static enum health health_by(const struct app *app, const struct fault_monitor *monitors, size_t n,
			     size_t quorum, mono_t now)
{
	struct health_tally tally = { 0 };
	for (size_t i = 0; i < n; i++)
		tally.n[monitors[i].health]++;
	enum health health = health_of_quorum(&tally, quorum);
	bool held = health == HEALTH_UP && damping_is_on(&app->damping, now);
	return health == HEALTH_UNKNOWN || held ? app->health : health;
}

/* `app` as it would be defined; `present` is NULL of one that comes. */
static struct fault_verdict judge(struct forecast *f, const struct app *present,
				  struct app_forecast *a, const struct app_spec *spec, mono_t now)
{
	struct planned app;
	bool other = a && a->fate != PLAN_STAYS;
	size_t n = other                       ? spec->n_monitors
		   : present && present->watch ? monitor_watch_n(present->watch)
					       : 0;
	struct fault_monitor *monitors = mem_new(n + 1, sizeof(*monitors));
	for (size_t i = 0; i < n; i++)
		monitors[i] = judged_monitor(f, present, spec, i, now);
	if (other) {
		plan_app(f->env.plan, present, spec, now, &app);
		a->supposed.health = health_by(&app.app, monitors, n, spec->quorum, now);
	}
	struct fault_verdict verdict = fault_judge(monitors, n, spec->quorum);
	free(monitors);
	return verdict;
}

static struct planned_group *group_get(struct forecast *f, const char *name)
{
	struct planned_group *g;
	HASH_FIND_STR(f->groups, name, g);
	if (g)
		return g;
	g = mem_new(1, sizeof(*g));
	g->name = mem_strdup(name);
	HASH_ADD_KEYPTR(hh, f->groups, g->name, strlen(g->name), g);
	return g;
}

/* Its members are judged when all are known. `before`: the group that it is in. */
static void join_group(struct forecast *f, struct app_forecast *a, const char *before,
		       const char *after)
{
	const char *name = a->fate == PLAN_GOES ? before : after;
	bool same = before && after && str_equal(before, after);
	if (!same && a->fate != PLAN_GOES) /* that does so last */
		a->supposed.kept = false;
	if (before && !same)
		group_get(f, before)->left = true;
	if (!name)
		return;
	struct planned_group *g = group_get(f, name);
	g->joined |= a->fate == PLAN_CHANGES || a->fate == PLAN_COMES;
	a->next_member = g->first;
	g->first = a;
	g->n++;
}

static void suppose(struct app_forecast *a, const struct fault_verdict *verdict)
{
	bool falls = verdict->goes_down && a->supposed.health != HEALTH_DOWN;
	a->verdict = *verdict;
	a->planned = a->supposed.health;
	if (falls)
		a->supposed.health = HEALTH_DOWN;
	if (falls || (a->supposed.guarded && verdict->is_hard))
		a->supposed.guarded = false;
}

/* With a plan. */
static void plan_next_app(struct forecast *f, const struct app *app, mono_t now)
{
	const struct app_spec *spec;
	enum plan_fate fate = plan_fate_of(f->env.plan, app, &spec);
	struct app_forecast *a = add(f, app);
	a->fate = fate;
	if (fate == PLAN_GOES) {
		a->planned = app->health;
		join_group(f, a, app->spec->group, NULL);
		return;
	}
	a->spec = fate == PLAN_CHANGES ? spec : NULL;
	a->joins = plan_joins(f->env.plan, app, spec, now);
	struct fault_verdict verdict = judge(f, app, a, spec, now);
	suppose(a, &verdict);
	join_group(f, a, app->spec->group, spec->group);
}

static void plan_coming_app(struct forecast *f, const struct app_spec *spec, mono_t now)
{
	const struct app none = { .spec = (struct app_spec *)spec };
	struct app_forecast *a = add(f, &none);
	a->fate = PLAN_COMES;
	a->spec = spec;
	a->joins = plan_joins(f->env.plan, NULL, spec, now);
	struct fault_verdict verdict = judge(f, NULL, a, spec, now);
	suppose(a, &verdict);
	join_group(f, a, NULL, spec->group);
}

/* An app that the guard of the fleet keeps announced goes on hard evidence. */
static void judge_app(struct forecast *f, const struct app *app, mono_t now)
{
	f->consul.n_apps += app->spec->source == APP_FROM_CONSUL;
	if (f->env.plan) {
		plan_next_app(f, app, now);
		return;
	}
	struct fault_verdict verdict = judge(f, app, NULL, app->spec, now);
	bool falls = verdict.goes_down && app->health != HEALTH_DOWN;
	if (falls || (app->guarded && verdict.is_hard))
		suppose(add(f, app), &verdict);
}

/* False: there are no more. */
static bool judge_next(struct forecast *f, mono_t now)
{
	const struct app *app = app_cursor_next(&f->cursor);
	if (app) {
		judge_app(f, app, now);
		return true;
	}
	if (f->next_coming == plan_n(f->env.plan))
		return false;
	const struct app_spec *spec = plan_coming(f->env.plan, f->next_coming++);
	if (spec && !find(f, spec->name))
		plan_coming_app(f, spec, now);
	return true;
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

static struct policy_member member_of(struct forecast *f, const struct app_forecast *a,
				      enum health health, mono_t now, span_t *window)
{
	const struct app *app = app_get(f->env.registry, a->name), *as = app;
	struct planned then;
	if (forecast_app(f, a, now, &then))
		as = &then.app;
	if (!as) /* it has gone meanwhile */
		return (struct policy_member){ .left_at = USEC_NEVER };
	const struct registry_options *options = &as->registry->options;
	span_t notice = app && app->watch ? monitor_watch_notice(app->watch) : 0;
	*window = usec_max(*window, options->keep_last_window);
	if (options->keep_last_stretches)
		*window = usec_max(*window, notice);
	bool falls = health == HEALTH_DOWN && as->health == HEALTH_UP;
	return (struct policy_member){
		.health = health,
		.keep_last = as->spec->keep_last,
		.left_at = falls ? now : as->left_at,
		.kept = a->supposed.kept,
	};
}

/* `removed`: those that go have gone. `failed`: what is supposed to fail has failed. */
static void decide_group(struct forecast *f, const struct planned_group *g, bool removed,
			 bool failed, mono_t now)
{
	struct policy_member *members = mem_new(g->n, sizeof(*members));
	span_t window = 0;
	size_t n = 0, i = 0;
	for (const struct app_forecast *a = g->first; a; a = a->next_member)
		if (!removed || a->fate != PLAN_GOES)
			members[n++] = member_of(f, a, failed ? a->supposed.health : a->planned,
						 now, &window);
	policy_group(members, n, window, now);
	for (struct app_forecast *a = g->first; a; a = a->next_member)
		if (!removed || a->fate != PLAN_GOES)
			a->supposed.kept = members[i++].kept;
	free(members);
}

/* As a reload has it: the group is judged when an app joins it, and when one leaves it while it is
 * kept; apps that go do so last. Then what fails does. */
static void judge_planned_group(struct forecast *f, const struct planned_group *g, mono_t now)
{
	bool kept = false, fails = false;
	if (g->joined)
		decide_group(f, g, false, false, now);
	for (struct app_forecast *a = g->first; a; a = a->next_member) {
		kept |= a->supposed.kept;
		fails |= a->fate != PLAN_GOES && a->supposed.health != a->planned;
		a->grouped = true;
	}
	if (g->left && kept)
		decide_group(f, g, true, false, now);
	if (fails)
		decide_group(f, g, true, true, now);
}

static void judge_group(struct forecast *f, const struct app_forecast *of, mono_t now)
{
	const struct app *app = app_get(f->env.registry, of->name);
	const struct group_forecast asked = { health_of, on_kept, f };
	struct planned then;
	struct planned_group *g = NULL;
	if (of->grouped || of->fate == PLAN_GOES)
		return;
	if (!f->env.plan) {
		if (app)
			app_group_forecast(app, &asked, now);
		return;
	}
	if (forecast_app(f, of, now, &then) && then.spec.group)
		HASH_FIND_STR(f->groups, then.spec.group, g);
	if (g)
		judge_planned_group(f, g, now);
}

/* Consul lets nothing go while it is away; without that it is supposed to let all go, unless it was
 * asked. */
static void judge_guard(struct forecast *f, struct app_forecast *a)
{
	const struct app *app = app_get(f->env.registry, a->name);
	if (!app || a->fate == PLAN_GOES || a->supposed.health != HEALTH_DOWN)
		return;
	bool guards = plan_guards(f->env.plan, a->spec ? a->spec : app->spec);
	a->supposed.guarded = a->supposed.guarded && guards;
	/* With a plan there are those, too, that stay as they are. */
	if (f->env.plan && a->planned == HEALTH_DOWN && a->supposed.kept == app->kept)
		return;
	a->asks = guards && app_guard_keeps_if(app, a->verdict.is_hard, a->supposed.kept);
	a->supposed.guarded = a->asks && f->fault.consul_away;
}

bool forecast_step(struct forecast *f, mono_t now)
{
	if (!f->apps_done) {
		f->apps_done = !judge_next(f, now);
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

bool forecast_app(const struct forecast *f, const struct app_forecast *of, mono_t now,
		  struct planned *ret)
{
	const struct app *app = app_get(f->env.registry, of->name);
	const struct app_spec *spec = of->spec ? of->spec : app ? app->spec : NULL;
	if (of->fate == PLAN_GOES || !spec || (!app && of->fate != PLAN_COMES))
		return false;
	plan_app(f->env.plan, app, spec, now, ret);
	ret->joining.on = of->joins;
	return true;
}

struct app_outcome forecast_outcome(const struct forecast *f, const struct app_forecast *of,
				    const struct planned *app, mono_t now)
{
	struct policy_output present, present_later = { .want.address = ADDRESS_BOUND }, out, later;
	const struct app *is = app_get(f->env.registry, of->name);
	if (is) {
		const struct app_supposed as_is = { is->health, is->kept, is->guarded };
		app_decide_if(is, &as_is, now, &present, &present_later);
	}
	app_decide_if(&app->app, &of->supposed, now, &out, &later);
	bool off = out.want.route == ROUTE_NONE;
	bool falls = of->supposed.health == HEALTH_DOWN && app->app.health == HEALTH_UP;
	return (struct app_outcome){
		.want = out.want,
		.address_goes = off && later.want.address == ADDRESS_ABSENT &&
				present_later.want.address != ADDRESS_ABSENT,
		.forgotten = off && later.forget && !present_later.forget,
		.address_stays = off && out.due != USEC_NEVER ? usec_sub(out.due, now) : 0,
		.held_down = falls ? app_damping_if_down(&app->app, now) : 0,
	};
}
