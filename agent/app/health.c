/* SPDX-License-Identifier: MIT */
#include "agent/app/health.h"

#include <stdio.h>

#include "agent/app/apply.h"
#include "agent/app/damped.h"
#include "agent/app/groups.h"
#include "agent/app/guarded.h"
#include "agent/app/joins.h"
#include "lib/log.h"
#include "lib/mem.h"
#include "monitors/watch.h"
#include "process/loop.h"

#define REASON_MAX  640
#define APPS_LOGGED 100

/* At the start of an agent with 10,000 apps, first verdicts are not worth 10,000 lines. */
static enum log_level level_of_first(const struct registry *reg)
{
	return HASH_COUNT(reg->apps) > APPS_LOGGED ? LOG_DEBUG : LOG_INFO;
}

static const char *consequence(const struct app *app)
{
	if (app->form == ROUTE_NONE)
		return "not announced";
	if (app->kept)
		return "as is all of its group, keeping it announced";
	if (app->guarded)
		return "asking the fleet, keeping it announced";
	return announce_specs_announces(app->spec->announce, ANNOUNCE_DOWN)
		       ? "announcing it as a last resort"
		       : "withdrawing it";
}

static void log_health(const struct app *app, enum health from)
{
	const char *name = app->spec->name;
	enum log_level level = from == HEALTH_UNKNOWN ? level_of_first(app->registry) : LOG_INFO;
	if (app->health == HEALTH_UP)
		log_event(level, "app", EVENT("app.up", .app = name), "%s: up", name);
	else if (from == HEALTH_UP)
		log_event(LOG_WARNING, "app", EVENT("app.down", .app = name), "%s: down, %s: %s",
			  name, consequence(app), app->reason);
	else
		log_event(level, "app", EVENT("app.down", .app = name),
			  "%s: down, not announced: %s", name, app->reason);
}

static void set_health(struct app *app, enum health health, const char *reason, mono_t now)
{
	struct registry *reg = app->registry;
	enum health from = app->health;
	reg->n_by_health[from]--;
	reg->n_by_health[health]++;
	app->health = health;
	app->health_since = now;
	app->went_up += health == HEALTH_UP;
	app->went_down += health == HEALTH_DOWN;
	mem_free(&app->reason);
	if (health == HEALTH_DOWN)
		app->reason = mem_strdup(reason);
	if (health == HEALTH_DOWN && from == HEALTH_UP)
		app->left_at = now;
	app_group_health(app, from, now);
	app_guard_update(app, now);
	log_health(app, from);
	app_damping_update(app, now);
}

/* Returns whether the health is another now. */
static bool accept_verdict(struct app *app, enum health health, const char *reason, mono_t now)
{
	if (health == HEALTH_UP)
		app_join_judged(app);
	/* "Unknown" does not refute what is known. */
	if (health == HEALTH_UNKNOWN || health == app->health)
		return false;
	if (health == HEALTH_UP && damping_is_on(&app->damping, now))
		return false;
	set_health(app, health, reason, now);
	return true;
}

void app_on_verdict(struct app *app, enum health health, const char *reason, mono_t now)
{
	/* The monitors of a new definition may say what those of the one before said. */
	if (accept_verdict(app, health, reason, now) || app_joins(app))
		app_apply(app, now);
}

void app_on_damping_end(struct app *app, mono_t now)
{
	log_event(LOG_INFO, "app", EVENT("app.released", .app = app->spec->name),
		  "%s: no longer held down", app->spec->name);
	app_on_verdict(app, monitor_watch_health(app->watch), "", now);
}

/* It is down as before, by hard evidence now or no more by that. */
static void on_other_evidence(struct app *app, const char *reason, mono_t now)
{
	enum route_form before = app->form;
	app_apply(app, now);
	if ((app->form == ROUTE_NONE) == (before == ROUTE_NONE))
		return;
	log_event(LOG_WARNING, "app", EVENT("app.down", .app = app->spec->name), "%s: down, %s: %s",
		  app->spec->name, app->form == ROUTE_NONE ? "withdrawing it" : consequence(app),
		  reason);
}

static void on_verdict(struct monitor_watch *w, enum health health, const char *reason,
		       void *userdata)
{
	struct app *app = userdata;
	mono_t now = loop_now(app->registry->loop);
	(void)w;
	app_on_verdict(app, health, reason, now);
	if (!app_guard_is_told(app))
		on_other_evidence(app, reason, now);
}

/* This health of a watch came without a callback: finds the monitor that it is due to. */
static void accept_silent_verdict(struct app *app, mono_t now)
{
	struct monitor_status status = { .text = "", .said = "" };
	char reason[REASON_MAX];
	enum health health = monitor_watch_health(app->watch);
	for (size_t i = 0; i < monitor_watch_n(app->watch); i++) {
		monitor_watch_status(app->watch, i, &status);
		if (status.health == health)
			break;
	}
	snprintf(reason, sizeof(reason), "%.100s: %.500s", status.text, status.said);
	accept_verdict(app, health, reason, now);
}

void app_watch(struct app *app, mono_t now)
{
	app->watch = monitor_watch_new(app->registry->runner, app->spec->name, app->spec->monitors,
				       app->spec->n_monitors, app->spec->quorum, on_verdict, app);
	accept_silent_verdict(app, now);
}

void app_watch_change(struct app *app, const struct app_spec *former, mono_t now)
{
	const struct app_spec *spec = app->spec;
	monitor_watch_replace(app->watch, spec->name, former->monitors, spec->monitors,
			      spec->n_monitors, spec->quorum);
	accept_silent_verdict(app, now);
}
