/* SPDX-License-Identifier: MIT */
/*
 * What time alone changes: the end of drain_time, of cleanup_timer, and of a drain that was asked
 * for with an end. One timer serves all apps. The spans of the first two are the same for all, so
 * an app nearly always belongs at the end of its list, and finding its place costs nothing.
 */
#include "agent/app/internal.h"
#include "lib/log.h"
#include "process/loop.h"

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
	(void)source, (void)usec;
	struct registry *reg = userdata;
	registry_tick(reg, loop_now(reg->loop));
	return 0;
}

static struct app *first_due(struct registry *reg, enum app_due list)
{
	return list_first(&reg->due[list], struct app, due_node);
}

static struct app *first_undrain(struct registry *reg)
{
	return list_first(&reg->undrain, struct app, undrain_node);
}

void registry_arm_timer(struct registry *reg)
{
	const struct drain_request *agent = &reg->drain.requests[DRAIN_BY_API];
	usec_t when = agent->on ? agent->until : USEC_NEVER;
	for (size_t i = 0; i < APP_DUES; i++)
		if (first_due(reg, i))
			when = usec_min(when, first_due(reg, i)->due);
	if (first_undrain(reg))
		when = usec_min(when, first_undrain(reg)->undrain_at);
	loop_timer_set(reg->loop, &reg->timer, when, LOOP_APPLY, on_timer, reg);
}

/* After all that are not later; looked for from the end. */
static void insert(struct list *list, struct app *app, size_t node_at, size_t time_at)
{
	struct list_node *node = (void *)((char *)app + node_at), *after = list->head.prev;
	usec_t when = *(usec_t *)(void *)((char *)app + time_at);
	while (after != &list->head &&
	       *(usec_t *)(void *)((char *)after - node_at + time_at) > when)
		after = after->prev;
	node->prev = after;
	node->next = after->next;
	after->next->prev = node;
	after->next = node;
}

void app_set_due(struct app *app, enum app_due list, usec_t when)
{
	struct registry *reg = app->registry;
	if (app->due == USEC_NEVER && when == USEC_NEVER)
		return; /* most apps, most of the time */
	list_remove(&app->due_node);
	app->due = when;
	if (when != USEC_NEVER)
		insert(&reg->due[list], app, offsetof(struct app, due_node),
		       offsetof(struct app, due));
	registry_arm_timer(reg);
}

void app_set_undrain(struct app *app, usec_t when)
{
	if (when == USEC_NEVER && app->undrain_at == USEC_NEVER)
		return;
	list_remove(&app->undrain_node);
	app->undrain_at = when;
	if (when != USEC_NEVER)
		insert(&app->registry->undrain, app, offsetof(struct app, undrain_node),
		       offsetof(struct app, undrain_at));
	registry_arm_timer(app->registry);
}

static void end_holds(struct registry *reg, usec_t now)
{
	const struct drain_request *agent = &reg->drain.requests[DRAIN_BY_API];
	struct app *app;
	if (agent->on && agent->until <= now)
		registry_undrain(reg, NULL, DRAIN_BY_API, now);
	while ((app = first_undrain(reg)) && app->undrain_at <= now)
		registry_undrain(reg, app->spec->name, DRAIN_BY_API, now);
}

static void log_end_of_drain(const struct app *app)
{
	log_info("app", "%s: drain_time is over, withdrawing it", app->spec->name);
}

static void clean_up(struct app *app, usec_t now)
{
	app_apply(app, now);
	log_info("app", "%s: still %s after cleanup_timer, %s", app->spec->name,
		 app->drained_since == USEC_NEVER ? "down" : "drained",
		 app->forget ? "forgetting it" : "removing its VIPs from lo");
	if (app->forget)
		registry_unregister(app->registry, app->spec->name, now);
}

void registry_tick(struct registry *reg, usec_t now)
{
	struct app *app;
	end_holds(reg, now);
	while ((app = first_due(reg, DUE_DRAINED)) && app->due <= now) {
		log_end_of_drain(app);
		app_apply(app, now);
	}
	while ((app = first_due(reg, DUE_CLEANUP)) && app->due <= now)
		clean_up(app, now);
	registry_arm_timer(reg);
}
