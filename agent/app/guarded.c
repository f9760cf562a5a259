/* SPDX-License-Identifier: MIT */
#include "agent/app/guarded.h"

#include "monitors/watch.h"

/* An app that is held down, or that has other monitors than those it went down by, is down for the
 * reason that it had. */
static bool is_down_hard(const struct app *app)
{
	bool failing = app->watch && monitor_watch_health(app->watch) == HEALTH_DOWN;
	return failing ? monitor_watch_is_hard(app->watch) : app->down_hard;
}

/* An app that is announced by its own definition while it is down counts for no other agent, and is
 * no reason to ask the guard. */
static enum fleet_evidence evidence_if(const struct app *app, enum health health, bool hard,
				       bool kept)
{
	bool last_resort = announce_specs_announces(app->spec->announce, ANNOUNCE_DOWN);
	if (health == HEALTH_UNKNOWN)
		return FLEET_HARD;
	if (health == HEALTH_DOWN && (last_resort || hard))
		return FLEET_HARD;
	if (app->drained_since != USEC_NEVER)
		return app->form == ROUTE_NONE ? FLEET_HARD : FLEET_DRAIN;
	if (health == HEALTH_UP)
		return FLEET_GOOD;
	return kept ? FLEET_KEPT : FLEET_SOFT; /* keep_last announces it without a question */
}

static enum fleet_evidence evidence_of(const struct app *app)
{
	bool hard = app->health == HEALTH_DOWN && is_down_hard(app);
	return evidence_if(app, app->health, hard, app->kept);
}

/* A VIP that is taken over from another app is as that one left it. */
static bool is_announced(const struct app *app)
{
	for (size_t i = 0; i < app->spec->n_vips; i++)
		if (app->vips[i]->want.route != ROUTE_NONE)
			return true;
	return false;
}

void app_guard_update(struct app *app, mono_t now)
{
	const struct registry *reg = app->registry;
	bool keeps = false;
	app->down_hard = app->health == HEALTH_DOWN && is_down_hard(app);
	app->evidence = evidence_of(app);
	if (reg->fleet)
		keeps = reg->fleet->update(app, app->evidence, is_announced(app), now,
					   reg->fleet_userdata);
	/* The drain of an app that is kept ends as that of one that is up. */
	if (app->evidence == FLEET_DRAIN)
		keeps = app->guarded && app->health == HEALTH_DOWN;
	app->guarded = keeps;
}

bool app_guard_keeps_if(const struct app *app, bool hard, bool kept)
{
	const struct registry *reg = app->registry;
	if (!reg->fleet || !reg->fleet->guards(app, reg->fleet_userdata))
		return false;
	switch (evidence_if(app, HEALTH_DOWN, hard, kept)) {
	case FLEET_SOFT:
		return app->health == HEALTH_UP || is_announced(app);
	case FLEET_DRAIN:
		return app->guarded;
	case FLEET_GOOD:
	case FLEET_KEPT:
	case FLEET_HARD:
		break;
	}
	return false;
}

bool app_guard_is_told(const struct app *app)
{
	return !app->registry->fleet || app->evidence == evidence_of(app);
}

void app_guard_gone(const struct app *app)
{
	const struct registry *reg = app->registry;
	if (reg->fleet)
		reg->fleet->gone(app, reg->fleet_userdata);
}
