/* SPDX-License-Identifier: MIT */
#include "agent/app/guarded.h"

/* An app that is announced by its own definition while it is down, or that is drained, counts for no other
 * agent; neither is a reason to ask the guard. */
static enum fleet_evidence evidence_of(const struct app *app)
{
	bool last_resort = announce_specs_announces(app->spec->announce, ANNOUNCE_DOWN);
	if (app->drained_since != USEC_NEVER)
		return FLEET_HARD;
	switch (app->health) {
	case HEALTH_UNKNOWN:
		return FLEET_HARD;
	case HEALTH_UP:
		return FLEET_GOOD;
	case HEALTH_DOWN:
		break;
	}
	return last_resort || monitor_watch_is_hard(app->watch) ? FLEET_HARD : FLEET_SOFT;
}

void app_guard_update(struct app *app, mono_t now)
{
	const struct registry *reg = app->registry;
	app->evidence = evidence_of(app);
	app->guarded =
		reg->fleet && reg->fleet->update(app, app->evidence, now, reg->fleet_userdata);
}

void app_guard_gone(const struct app *app)
{
	const struct registry *reg = app->registry;
	if (reg->fleet)
		reg->fleet->gone(app, reg->fleet_userdata);
}
