/* SPDX-License-Identifier: MIT */
/*
 * Apps that hold for a while only: who registered them has to do so again, or they go as if they
 * had been unregistered. Only apps of HTTP have one; it ends when another source takes the app.
 */
#include "agent/app/internal.h"
#include "lib/log.h"
#include "lib/str.h"
#include "process/loop.h"

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
	(void)source, (void)usec;
	struct registry *reg = userdata;
	registry_expire(reg, loop_now(reg->loop));
	return 0;
}

static void arm(struct registry *reg)
{
	loop_timer_set(reg->loop, &reg->lease_timer, deadlines_next_due(&reg->leases), LOOP_APPLY,
		       on_timer, reg);
}

static void set_end(struct app *app, usec_t until)
{
	if (until == USEC_NEVER)
		deadlines_remove(&app->registry->leases, &app->lease);
	else
		deadlines_set(&app->registry->leases, &app->lease, until);
	arm(app->registry);
}

usec_t app_lease_end(const struct app *app)
{
	return app->lease.slot ? app->lease.due : USEC_NEVER;
}

void app_lease_end_now(struct app *app)
{
	if (app->lease.slot)
		set_end(app, USEC_NEVER);
}

bool app_lease_begin(struct app *app, usec_t now)
{
	usec_t span = app->spec->source == APP_FROM_HTTP ? app->spec->lease : 0;
	bool had_one = app->lease.slot;
	if (span > 0)
		set_end(app, usec_add(now, span));
	else
		app_lease_end_now(app);
	return had_one || span > 0;
}

void registry_set_lease_end(struct registry *reg, const char *name, usec_t until)
{
	struct app *app = registry_get(reg, name);
	if (!app || !app->lease.slot)
		return;
	set_end(app, until);
	registry_tell_changed(reg, name, app, false);
}

static struct app *app_of(struct deadline *e)
{
	return (struct app *)((char *)e - offsetof(struct app, lease));
}

void registry_expire(struct registry *reg, usec_t now)
{
	char text[DURATION_TEXT_MAX];
	struct deadline *e;
	while ((e = deadlines_pop(&reg->leases, now))) {
		struct app *app = app_of(e);
		log_info("app", "%s: its lease of %s was not renewed, unregistering it",
			 app->spec->name, duration_format(app->spec->lease, text));
		reg->leases_expired++;
		registry_unregister(reg, app->spec->name, now);
	}
	arm(reg);
}

void registry_free_leases(struct registry *reg)
{
	sd_event_source_disable_unref(reg->lease_timer);
	deadlines_done(&reg->leases);
}
