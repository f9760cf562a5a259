/* SPDX-License-Identifier: MIT */
/*
 * Apps that flap are held down (hold.h). When that ends, an app gets the health that its monitors
 * have then.
 */
#include "agent/app/internal.h"
#include "lib/log.h"
#include "lib/str.h"
#include "process/loop.h"

static int on_release(sd_event_source *source, uint64_t usec, void *userdata)
{
	(void)source, (void)usec;
	struct registry *reg = userdata;
	registry_release(reg, loop_now(reg->loop));
	return 0;
}

static void arm_release(struct registry *reg)
{
	loop_timer_set(reg->loop, &reg->release_timer, deadlines_next_due(&reg->releases),
		       LOOP_HEALTH, on_release, reg);
}

static void set_release(struct app *app, usec_t now)
{
	struct registry *reg = app->registry;
	char text[DURATION_TEXT_MAX];
	if (damping_is_on(&app->damping, now)) {
		log_warn("app", "%s: held down for %s, as it flapped %u times", app->spec->name,
			 duration_format(app->damping.until - now, text), app->damping.flaps);
		deadlines_set(&reg->releases, &app->release, app->damping.until);
	} else {
		deadlines_remove(&reg->releases, &app->release);
	}
	arm_release(reg);
}

void app_hold_look(struct app *app, usec_t now)
{
	const struct registry *reg = app->registry;
	const struct app_spec *spec = app->spec;
	const struct damping_config config = {
		.first = spec->hold_down ? spec->hold_down : reg->hold.first,
		.max = spec->hold_down_max ? spec->hold_down_max : reg->hold.max,
	};
	if (app->health == HEALTH_UP)
		damping_went_up(&app->damping, now);
	else
		damping_went_down(&app->damping, &config, now);
	set_release(app, now);
}

static struct app *app_of_release(struct deadline *e)
{
	return (struct app *)((char *)e - offsetof(struct app, release));
}

void registry_release(struct registry *reg, usec_t now)
{
	struct deadline *e;
	while ((e = deadlines_pop(&reg->releases, now))) {
		struct app *app = app_of_release(e);
		log_info("app", "%s: no longer held down", app->spec->name);
		app_on_verdict(app, monitor_watch_health(app->watch), "", now);
	}
	arm_release(reg);
}

void registry_free_holds(struct registry *reg)
{
	sd_event_source_disable_unref(reg->release_timer);
	deadlines_done(&reg->releases);
}
