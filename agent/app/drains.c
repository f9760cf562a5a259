/* SPDX-License-Identifier: MIT */
#include "agent/app/drains.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "agent/app/apply.h"
#include "lib/log.h"
#include "lib/mem.h"
#include "lib/str.h"
#include "monitors/verdict.h"
#include "process/loop.h"

struct pending_drain {
	char *name; /* the key */
	char *reason;
	mono_t until;
	span_t earlier;
	UT_hash_handle hh;
};

static void begin(struct app *app, mono_t now)
{
	span_t span = app->registry->options.drain_time;
	app->drained_since = now;
	/* An app without a route is not announced for the sake of draining it. */
	app->drain_end = app->form == ROUTE_NONE ? now : usec_add(now, span);
}

static void end(struct app *app, mono_t now)
{
	app->drained_since = USEC_NEVER;
	/* An app that went down meanwhile gets the whole cleanup_timer. */
	if (app->form == ROUTE_NONE && app->off_since != USEC_NEVER)
		app->off_since = now;
}

/* Returns whether that has changed. */
static bool update_drained(struct app *app, mono_t now)
{
	bool was = app->drained_since != USEC_NEVER;
	bool is = drain_is_on(app->drain) || drain_is_on(&app->registry->drain);
	if (was == is)
		return false;
	if (is)
		begin(app, now);
	else
		end(app, now);
	return true;
}

/* `app` NULL: all apps. */
static void update(struct registry *reg, struct app *app, mono_t now)
{
	if (app) {
		if (update_drained(app, now))
			app_apply(app, now);
		return;
	}
	for (app = reg->apps; app; app = app->hh.next)
		if (update_drained(app, now))
			app_apply(app, now);
}

/* Of one app or (NULL) of the agent, as all below. */
static void log_change(const struct app *app, const char *kind, const char *what,
		       enum drain_source source, const struct log_requester *asked,
		       const char *reason)
{
	const char *name = app ? app->spec->name : NULL;
	const char *health = app ? health_name(app->health) : NULL;
	log_event(LOG_INFO, app ? "app" : "agent",
		  EVENT(kind, .app = name, .by = asked ? asked->by : NULL,
			.from = asked ? asked->from : NULL, .health = health),
		  "%s%s%s by %s%s%s", app ? app->spec->name : "", app ? ": " : "", what,
		  drain_source_name(source), reason[0] ? ": " : "", reason);
}

/* Only drains of the API are persistent: disable files are checked again at start. */
static void tell_changed(struct registry *reg, const struct app *app, enum drain_source source)
{
	if (source == DRAIN_BY_API)
		notify_changed(&reg->notify, app ? app->spec->name : NULL, app, false);
}

static void schedule_undrain(struct registry *reg, struct app *app, enum drain_source source,
			     mono_t until)
{
	if (source == DRAIN_BY_API)
		due_set(&reg->due, DUE_UNDRAIN, app ? &app->due[DUE_UNDRAIN] : &reg->agent_undrain,
			until);
}

static enum drain_result request(struct registry *reg, struct app *app, enum drain_source source,
				 const struct log_requester *asked, const char *reason,
				 mono_t until, mono_t now)
{
	if (app && !app->drain)
		app->drain = mem_new(1, sizeof(*app->drain));
	struct drain *d = app ? app->drain : &reg->drain;
	const struct drain_request *r = &d->requests[source], before = *r;
	bool is_new = drain_request(d, source, reason, until, now);
	bool same = !is_new && r->until == before.until && str_equal(r->reason, before.reason);
	if (!same)
		log_change(app, "drain.on", is_new ? "drained" : "drain changed", source, asked,
			   r->reason);
	schedule_undrain(reg, app, source, until);
	tell_changed(reg, app, source);
	return is_new ? DRAIN_BEGUN : same ? DRAIN_UNCHANGED : DRAIN_CHANGED;
}

enum drain_result registry_drain(struct registry *reg, const char *name, enum drain_source source,
				 const struct log_requester *asked, const char *reason,
				 mono_t until, mono_t now)
{
	struct app *app = name ? app_get(reg, name) : NULL;
	if (name && !app)
		return DRAIN_NO_APP;
	enum drain_result result = request(reg, app, source, asked, reason, until, now);
	update(reg, app, now);
	return result;
}

enum drain_result registry_undrain(struct registry *reg, const char *name, enum drain_source source,
				   const struct log_requester *asked, mono_t now)
{
	struct app *app = name ? app_get(reg, name) : NULL;
	if (name && !app)
		return DRAIN_NO_APP;
	struct drain *d = app ? app->drain : &reg->drain;
	schedule_undrain(reg, app, source, USEC_NEVER);
	if (!d || !drain_lift(d, source))
		return DRAIN_UNCHANGED;
	log_change(app, "drain.off", "undrained", source, asked, "");
	tell_changed(reg, app, source);
	update(reg, app, now);
	return DRAIN_ENDED;
}

void drain_on_due(struct registry *reg, const struct app *app, mono_t now)
{
	registry_undrain(reg, app ? app->spec->name : NULL, DRAIN_BY_API, NULL, now);
}

const struct drain *registry_agent_drain(const struct registry *reg)
{
	return &reg->drain;
}

void registry_end_drains(struct registry *reg, mono_t now)
{
	for (struct app *app = reg->apps; app; app = app->hh.next) {
		if (app->drained_since == USEC_NEVER || app->drain_end <= now)
			continue;
		app->drain_end = now;
		app_apply(app, now);
	}
}

/* All its VIPs together, measured since the drain began. False when they are not counted. */
static bool is_quiet(const struct app *app, uint32_t limit)
{
	double rate = 0;
	for (size_t i = 0; i < app->spec->n_vips; i++) {
		const struct traffic *t = app->vips[i]->traffic;
		if (!t || !traffic_is_measured(t, app->drained_since))
			return false;
		rate += t->packet_rate;
	}
	return rate < (double)limit;
}

void registry_end_quiet_drains(struct registry *reg, mono_t now)
{
	uint32_t limit = reg->options.drain_until;
	for (struct app *app = reg->apps; app && limit > 0; app = app->hh.next) {
		if (app->form != ROUTE_DRAIN || app->drain_end <= now || !is_quiet(app, limit))
			continue;
		app->drain_end = now;
		log_event(LOG_INFO, "app", EVENT("app.drained", .app = app->spec->name),
			  "%s: fewer than %" PRIu32 " packets a second (drain_until), "
			  "withdrawing it",
			  app->spec->name, limit);
		app_apply(app, now);
	}
}

mono_t registry_drained_at(const struct registry *reg, mono_t now)
{
	mono_t last = now;
	for (const struct app *app = reg->apps; app; app = app->hh.next)
		if (app->form == ROUTE_DRAIN && app->drain_end > last)
			last = app->drain_end;
	return last;
}

/* Of a previous instance */

static void restore(struct registry *reg, const char *name, const char *reason, mono_t until,
		    span_t earlier, mono_t now)
{
	if (until <= now)
		return;
	struct app *app = name ? app_get(reg, name) : NULL;
	registry_drain(reg, name, DRAIN_BY_API, NULL, reason, until, now);
	struct drain *d = app ? app->drain : &reg->drain;
	d->requests[DRAIN_BY_API].earlier = earlier;
	notify_changed(&reg->notify, name, app, false);
}

static void pending_free(struct registry *reg, struct pending_drain *p)
{
	/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): it does not follow uthash's lists */
	HASH_DELETE(hh, reg->pending_drains, p);
	free(p->name);
	free(p->reason);
	free(p);
}

/* NOLINTNEXTLINE(readability-function-size): uthash's macros are long */
static struct pending_drain *pending_find(const struct registry *reg, const char *name)
{
	struct pending_drain *p;
	HASH_FIND(hh, reg->pending_drains, name, strlen(name), p);
	return p;
}

/* NOLINTNEXTLINE(readability-function-size): uthash's macros are long */
void registry_restore_drain(struct registry *reg, const char *name, const char *reason,
			    mono_t until, span_t earlier, mono_t now)
{
	if (!name || app_get(reg, name)) {
		restore(reg, name, reason, until, earlier, now);
		return;
	}
	struct pending_drain *p = pending_find(reg, name);
	if (p)
		pending_free(reg, p);
	p = mem_new(1, sizeof(*p));
	p->name = mem_strdup(name);
	p->reason = mem_strdup(reason);
	p->until = until;
	p->earlier = earlier;
	HASH_ADD_KEYPTR(hh, reg->pending_drains, p->name, strlen(p->name), p);
}

static void restore_pending(struct app *app, mono_t now)
{
	struct registry *reg = app->registry;
	struct pending_drain *p = pending_find(reg, app->spec->name);
	if (!p)
		return;
	restore(reg, p->name, p->reason, p->until, p->earlier, now);
	pending_free(reg, p);
}

void registry_drop_pending_drains(struct registry *reg, registry_name_cb *dropped, void *userdata)
{
	struct pending_drain *p, *next;
	HASH_ITER (hh, reg->pending_drains, p, next) {
		if (dropped)
			dropped(p->name, userdata);
		pending_free(reg, p);
	}
}

/* A roll of the fleet */

static bool is_rolled(const struct registry *reg, const char *name)
{
	for (size_t i = 0; i < reg->n_rolled; i++)
		if (str_equal(reg->rolled[i], name))
			return true;
	return false;
}

void registry_set_rolled(struct registry *reg, char *const *names, size_t n, const char *reason,
			 const struct log_requester *asked, mono_t now)
{
	char **before = reg->rolled;
	size_t n_before = reg->n_rolled;
	free(reg->rolled_why);
	reg->rolled_why = mem_strdup(reason);
	reg->rolled = mem_new(n + 1, sizeof(*reg->rolled));
	reg->n_rolled = n;
	for (size_t i = 0; i < n; i++)
		reg->rolled[i] = mem_strdup(names[i]);
	for (size_t i = 0; i < n_before; i++) {
		if (!is_rolled(reg, before[i]))
			registry_undrain(reg, before[i], DRAIN_BY_FLEET, asked, now);
		free(before[i]);
	}
	free(before);
	for (size_t i = 0; i < n; i++)
		registry_drain(reg, names[i], DRAIN_BY_FLEET, asked, reason, USEC_NEVER, now);
}

void registry_drains_done(struct registry *reg)
{
	registry_drop_pending_drains(reg, NULL, NULL);
	for (size_t i = 0; i < reg->n_rolled; i++)
		free(reg->rolled[i]);
	free(reg->rolled);
	free(reg->rolled_why);
}

/* The disable_file */

static void apply_file(struct app *app, bool exists, mono_t now)
{
	const char *name = app->spec->name;
	if (exists)
		registry_drain(app->registry, name, DRAIN_BY_FILE, NULL, app->spec->disable_file,
			       USEC_NEVER, now);
	else
		registry_undrain(app->registry, name, DRAIN_BY_FILE, NULL, now);
}

static void on_file(bool exists, void *userdata)
{
	struct app *app = userdata;
	apply_file(app, exists, loop_now(app->registry->loop));
}

void app_drain_start(struct app *app, mono_t now)
{
	struct file_watcher *watcher = app->registry->options.presence;
	bool exists = false;
	file_watch_free(app->disable_file);
	app->disable_file = NULL;
	if (watcher && app->spec->disable_file)
		app->disable_file =
			file_watch_new(watcher, app->spec->disable_file, on_file, app, &exists);
	apply_file(app, exists, now);
	if (is_rolled(app->registry, app->spec->name))
		registry_drain(app->registry, app->spec->name, DRAIN_BY_FLEET, NULL,
			       app->registry->rolled_why, USEC_NEVER, now);
	restore_pending(app, now);
	update_drained(app, now); /* the agent may be drained */
}

void app_drain_done(struct app *app)
{
	file_watch_free(app->disable_file);
	free(app->drain);
}
