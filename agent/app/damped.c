/* SPDX-License-Identifier: MIT */
#include "agent/app/damped.h"

#include "lib/log.h"
#include "lib/str.h"

static void schedule_end(struct app *app, mono_t now)
{
	char text[DURATION_TEXT_MAX];
	bool on = damping_is_on(&app->damping, now);
	if (on)
		log_event(LOG_WARNING, "app", EVENT("app.held", .app = app->spec->name),
			  "%s: flapped %u time%s, held down for %s", app->spec->name,
			  app->damping.flaps, app->damping.flaps == 1 ? "" : "s",
			  duration_format(app->damping.until - now, text));
	due_set(&app->registry->due, DUE_DAMPING, &app->due[DUE_DAMPING],
		on ? app->damping.until : USEC_NEVER);
}

static struct damping_config config_of(const struct app *app)
{
	const struct damping_config *defaults = &app->registry->damping;
	const struct app_spec *spec = app->spec;
	return (struct damping_config){
		.first = spec->hold_down ? spec->hold_down : defaults->first,
		.max = spec->hold_down_max ? spec->hold_down_max : defaults->max,
	};
}

span_t app_damping_if_down(const struct app *app, mono_t now)
{
	const struct damping_config config = config_of(app);
	struct damping copy = app->damping;
	damping_went_down(&copy, &config, now);
	return usec_sub(copy.until, now);
}

void app_damping_update(struct app *app, mono_t now)
{
	const struct damping_config config = config_of(app);
	if (app->health == HEALTH_UP)
		damping_went_up(&app->damping, now);
	else
		damping_went_down(&app->damping, &config, now);
	schedule_end(app, now);
}
