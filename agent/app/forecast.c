/* SPDX-License-Identifier: MIT */
#include "agent/app/forecast.h"

#include <stdlib.h>
#include <string.h>

#include "agent/app/apply.h"
#include "agent/app/damped.h"
#include "agent/app/groups.h"
#include "agent/app/registry.h"
#include "lib/mem.h"

struct forecast {
	struct registry *reg;
	struct fault fault;
	struct app_cursor cursor;
	struct app_forecast *apps; /* by name */
	bool apps_done;
	const struct app_forecast *group_of; /* whose group was the last */
};

struct forecast *forecast_new(struct registry *reg, struct fault *fault)
{
	struct forecast *f = mem_new(1, sizeof(*f));
	f->reg = reg;
	f->fault = *fault;
	*fault = (struct fault){ 0 };
	app_cursor_init(reg, &f->cursor);
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

static struct app_forecast *add(struct forecast *f, const struct app *app, enum health health)
{
	struct app_forecast *a = mem_new(1, sizeof(*a));
	a->name = mem_strdup(app->spec->name);
	a->health = health;
	HASH_ADD_KEYPTR(hh, f->apps, a->name, strlen(a->name), a);
	return a;
}

/* ---- one app ---- */

static struct fault_monitor judged_monitor(const struct forecast *f, const struct app *app,
					   size_t i)
{
	struct monitor_status status;
	monitor_watch_status(app->watch, i, &status);
	return (struct fault_monitor){
		.health = status.health,
		.fails = fault_hits_app(&f->fault, app->spec->name) ||
			 fault_hits_kind(&f->fault, app->spec->monitors[i].kind),
		.notice = monitor_watch_notice_of(app->watch, i),
		.checks = status.timing.fall,
	};
}

static struct fault_verdict judge(const struct forecast *f, const struct app *app)
{
	size_t n = app->watch ? monitor_watch_n(app->watch) : 0;
	struct fault_monitor *monitors = mem_new(n + 1, sizeof(*monitors));
	for (size_t i = 0; i < n; i++)
		monitors[i] = judged_monitor(f, app, i);
	struct fault_verdict verdict = fault_judge(monitors, n, app->spec->quorum);
	free(monitors);
	return verdict;
}

static void judge_app(struct forecast *f, const struct app *app)
{
	struct fault_verdict verdict = judge(f, app);
	if (verdict.goes_down && app->health != HEALTH_DOWN)
		add(f, app, HEALTH_DOWN)->verdict = verdict;
}

/* ---- its group ---- */

static enum health health_of(const struct app *app, void *userdata)
{
	const struct app_forecast *a = find(userdata, app->spec->name);
	return a ? a->health : app->health;
}

static void on_kept(const struct app *app, bool kept, void *userdata)
{
	struct forecast *f = userdata;
	struct app_forecast *a = find(f, app->spec->name);
	if (!a && kept != app->kept)
		a = add(f, app, app->health);
	if (!a)
		return;
	a->kept = kept;
	a->grouped = true;
}

static void judge_group(struct forecast *f, const struct app_forecast *of, mono_t now)
{
	const struct app *app = app_get(f->reg, of->name);
	const struct group_forecast asked = { health_of, on_kept, f };
	if (app && !of->grouped)
		app_group_forecast(app, &asked, now);
}

bool forecast_step(struct forecast *f, mono_t now)
{
	if (!f->apps_done) {
		const struct app *app = app_cursor_next(&f->cursor);
		f->apps_done = !app;
		if (app)
			judge_app(f, app);
		return true;
	}
	/* Those that are added meanwhile come at the end, with their group done. */
	f->group_of = forecast_next(f, f->group_of);
	if (f->group_of)
		judge_group(f, f->group_of, now);
	return f->group_of;
}

/* ---- the result ---- */

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
	app_decide_if(app, app->health, app->kept, now, &present, &present_later);
	app_decide_if(app, of->health, of->kept, now, &out, &later);
	bool off = out.want.route == ROUTE_NONE;
	bool falls = of->health == HEALTH_DOWN && app->health == HEALTH_UP;
	return (struct app_outcome){
		.want = out.want,
		.address_goes = off && later.want.address == ADDRESS_ABSENT &&
				present_later.want.address != ADDRESS_ABSENT,
		.forgotten = off && later.forget && !present_later.forget,
		.address_stays = off && out.due != USEC_NEVER ? usec_sub(out.due, now) : 0,
		.held_down = falls ? app_damping_if_down(app, now) : 0,
	};
}
