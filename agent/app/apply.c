/* SPDX-License-Identifier: MIT */
/*
 * policy.c decides the wanted state of an app. This file keeps what that needs: since when the
 * routes are gone, and when a drain ends.
 */
#include "agent/app/apply.h"

#include "agent/app/guarded.h"
#include "agent/app/joins.h"
#include "agent/model/policy.h"

static struct policy_output decide(const struct app *app, mono_t now)
{
	const struct announce_specs *announce = app->spec->announce;
	struct policy_output out;
	struct policy_input in = {
		.registered = true,
		.source = app->spec->source,
		.health = app->health,
		.checks_own_vip = app_spec_checks_own_vip(app->spec),
		.last_resort = announce_specs_announces(announce, ANNOUNCE_DOWN),
		.kept = app->kept || app->guarded,
		.joins = app_joins(app),
		.drained = app->drained_since != USEC_NEVER,
		.drain_announces = announce_specs_announces(announce, ANNOUNCE_DRAIN),
		.drain_end = app->drain_end,
		.off_since = app->off_since,
		.cleanup_timer = app->registry->cleanup_timer,
		.now = now,
	};
	policy_decide(&in, &out);
	return out;
}

/* The cleanup counts from when the last route went. */
static struct policy_output decide_and_remember(struct app *app, mono_t now)
{
	struct policy_output out = decide(app, now);
	bool never_up = app->off_since == USEC_NEVER && app->health != HEALTH_UNKNOWN;
	if (out.want.route == ROUTE_NONE && (app->form != ROUTE_NONE || never_up)) {
		app->off_since = now;
		out = decide(app, now);
	}
	app->form = out.want.route;
	app->forget = out.forget;
	/* An app that goes down while it is drained is not announced again before the drain ends.
	 */
	if (app->form == ROUTE_NONE)
		app->drain_end = usec_min(app->drain_end, now);
	return out;
}

void app_decide_if(const struct app *app, const struct app_supposed *supposed, mono_t now,
		   struct policy_output *ret, struct policy_output *ret_later)
{
	struct app copy = *app;
	copy.health = supposed->health;
	copy.kept = supposed->kept;
	copy.guarded = supposed->guarded;
	*ret = *ret_later = decide_and_remember(&copy, now);
	if (ret->want.route == ROUTE_NONE && ret->due != USEC_NEVER)
		*ret_later = decide_and_remember(&copy, ret->due);
}

void app_apply_vip(struct app *app, struct vip *vip, mono_t now)
{
	struct policy_output out = decide(app, now);
	reconcile_want(app->registry->reconcile, vip, out.want, now);
}

static void update_state(struct app *app, mono_t now)
{
	enum app_state state =
		app_state_of(app->health, app->form, app->drained_since != USEC_NEVER);
	if (state != app->state)
		app->state_since = now;
	app->state = state;
}

void app_apply(struct app *app, mono_t now)
{
	struct due_queue *q = &app->registry->due;
	app_join_step(app, now);
	app_guard_update(app, now);
	if (app_join_promote(app))
		app_guard_update(app, now);
	struct policy_output out = decide_and_remember(app, now);
	bool draining = app->form == ROUTE_DRAIN;
	update_state(app, now);
	/* An app is forgotten by the timer too, never inside a callback of its watch. */
	mono_t when = app->forget ? now : out.due;
	for (size_t i = 0; i < app->spec->n_vips; i++)
		reconcile_want(app->registry->reconcile, app->vips[i], out.want, now);
	due_set(q, DUE_DRAINED, &app->due[DUE_DRAINED], draining ? when : USEC_NEVER);
	due_set(q, DUE_CLEANUP, &app->due[DUE_CLEANUP], draining ? USEC_NEVER : when);
}
