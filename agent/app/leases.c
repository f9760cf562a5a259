/* SPDX-License-Identifier: MIT */
#include "agent/app/leases.h"

#include "lib/log.h"
#include "lib/str.h"
#include "process/loop.h"

static void set_end(struct app *app, mono_t until, mono_t now)
{
	struct registry *reg = app->registry;
	due_set(&reg->due, DUE_LEASE, &app->due[DUE_LEASE], until);
	pause_watch_set(&reg->pauses, reg->due.of[DUE_LEASE].n > 0);
	app->lease_lost = pause_watch_lost(&reg->pauses, now);
}

mono_t app_lease_end(const struct app *app)
{
	return due_at(&app->due[DUE_LEASE]);
}

bool app_lease_start(struct app *app, mono_t now)
{
	span_t span = app->spec->source == APP_FROM_HTTP ? app->spec->lease : 0;
	bool had_one = app_lease_end(app) != USEC_NEVER;
	set_end(app, span > 0 ? usec_add(now, span) : USEC_NEVER, now);
	return had_one || span > 0;
}

void registry_set_lease_end(struct registry *reg, const char *name, mono_t until)
{
	struct app *app = app_get(reg, name);
	if (!app || app_lease_end(app) == USEC_NEVER)
		return;
	set_end(app, until, loop_clock());
	notify_changed(&reg->notify, name, app, false);
}

bool app_lease_has_ended(struct app *app, mono_t now)
{
	struct registry *reg = app->registry;
	const char *name = app->spec->name;
	char lost_text[DURATION_TEXT_MAX];
	span_t lost = usec_sub(pause_watch_lost(&reg->pauses, now), app->lease_lost);
	if (lost == 0)
		return true;
	set_end(app, usec_add(app->due[DUE_LEASE].due, lost), now);
	log_info("app", "%s: lease extended, the agent was paused for %s", name,
		 duration_format(lost - lost % (10 * USEC_PER_MSEC), lost_text));
	notify_changed(&reg->notify, name, app, true);
	return false;
}

void app_lease_done(struct app *app)
{
	set_end(app, USEC_NEVER, 0);
}
