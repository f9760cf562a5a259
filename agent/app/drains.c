/* SPDX-License-Identifier: MIT */
/*
 * Drains of apps and of the agent. An app is drained while anybody holds it: the API or its
 * disable_file, or for all apps the API, the agent's disable_file, or the stop. What counts for the
 * route is only when the first of them came and the last one went.
 *
 * Drains of a former run wait for their apps in `recalled`: those of Consul may come much later.
 */
#include <stdlib.h>
#include <string.h>

#include "agent/app/internal.h"
#include "lib/log.h"
#include "lib/mem.h"
#include "lib/str.h"
#include "process/loop.h"

struct recalled {
	char *name; /* the key */
	char *reason;
	usec_t until, earlier;
	UT_hash_handle hh;
};

static void begin(struct app *app, usec_t now)
{
	usec_t span = app->registry->options.drain_time;
	app->drained_since = now;
	/* What is not announced does not come up just to go. */
	app->drain_end = app->form == ROUTE_NONE ? now : usec_add(now, span);
}

static void end(struct app *app, usec_t now)
{
	app->drained_since = USEC_NEVER;
	/* What went down meanwhile gets the time that it would have had. */
	if (app->form == ROUTE_NONE && app->off_since != USEC_NEVER)
		app->off_since = now;
}

/* Returns whether the app was not drained and is now, or the other way round. */
static bool look(struct app *app, usec_t now)
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

void app_drain_look(struct app *app, usec_t now)
{
	if (look(app, now))
		app_apply(app, now);
}

static void look_at_all(struct registry *reg, usec_t now)
{
	for (struct app *app = reg->apps; app; app = app->hh.next)
		app_drain_look(app, now);
}

/* Logs a change, of one app or (NULL) of the agent. */
static void log_change(const struct app *app, const char *what, enum drain_source source,
		       const char *reason)
{
	log_info(app ? "app" : "agent", "%s%s%s by %s%s%s", app ? app->spec->name : "",
		 app ? ": " : "", what, drain_source_name(source), reason[0] ? ": " : "", reason);
}

/* Only what the API drains outlives us: files are looked at again. */
static void tell_changed(struct registry *reg, const struct app *app, enum drain_source source)
{
	if (source == DRAIN_BY_API)
		registry_tell_changed(reg, app ? app->spec->name : NULL, app, false);
}

static enum drain_result hold(struct registry *reg, struct app *app, enum drain_source source,
			      const char *reason, usec_t until, usec_t now)
{
	if (app && !app->drain)
		app->drain = mem_new(1, sizeof(*app->drain));
	struct drain *d = app ? app->drain : &reg->drain;
	const struct drain_request *h = &d->requests[source], before = *h;
	bool is_new = drain_request(d, source, reason, until, now);
	bool same = !is_new && h->until == before.until && str_equal(h->reason, before.reason);
	if (!same)
		log_change(app, is_new ? "drained" : "drain changed", source, h->reason);
	if (app && source == DRAIN_BY_API)
		app_set_undrain(app, until);
	tell_changed(reg, app, source);
	return is_new ? DRAIN_BEGUN : same ? DRAIN_UNCHANGED : DRAIN_CHANGED;
}

enum drain_result registry_drain(struct registry *reg, const char *name, enum drain_source source,
				 const char *reason, usec_t until, usec_t now)
{
	struct app *app = name ? registry_get(reg, name) : NULL;
	if (name && !app)
		return DRAIN_NO_APP;
	enum drain_result result = hold(reg, app, source, reason, until, now);
	if (app)
		app_drain_look(app, now);
	else
		look_at_all(reg, now);
	registry_arm_timer(reg);
	return result;
}

enum drain_result registry_undrain(struct registry *reg, const char *name, enum drain_source source,
				   usec_t now)
{
	struct app *app = name ? registry_get(reg, name) : NULL;
	if (name && !app)
		return DRAIN_NO_APP;
	struct drain *d = app ? app->drain : &reg->drain;
	if (app && source == DRAIN_BY_API)
		app_set_undrain(app, USEC_NEVER);
	if (!d || !drain_lift(d, source))
		return DRAIN_UNCHANGED;
	log_change(app, "undrained", source, "");
	tell_changed(reg, app, source);
	if (app)
		app_drain_look(app, now);
	else
		look_at_all(reg, now);
	registry_arm_timer(reg);
	return DRAIN_ENDED;
}

const struct drain *registry_agent_drain(const struct registry *reg)
{
	return &reg->drain;
}

usec_t registry_drained_at(const struct registry *reg, usec_t now)
{
	usec_t last = now;
	for (const struct app *app = reg->apps; app; app = app->hh.next)
		if (app->form == ROUTE_DRAIN && app->drain_end > last)
			last = app->drain_end;
	return last;
}

/* Of a former run */

static void drain_again(struct registry *reg, const char *name, const char *reason, usec_t until,
			usec_t earlier, usec_t now)
{
	if (until <= now)
		return;
	struct app *app = name ? registry_get(reg, name) : NULL;
	registry_drain(reg, name, DRAIN_BY_API, reason, until, now);
	struct drain *d = app ? app->drain : &reg->drain;
	d->requests[DRAIN_BY_API].earlier = earlier;
	registry_tell_changed(reg, name, app, false);
}

static void recalled_free(struct registry *reg, struct recalled *r)
{
	/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): it does not follow uthash's lists */
	HASH_DELETE(hh, reg->recalled, r);
	free(r->name);
	free(r->reason);
	free(r);
}

/* NOLINTNEXTLINE(readability-function-size): uthash's macros are long */
static struct recalled *recalled_find(const struct registry *reg, const char *name)
{
	struct recalled *r;
	HASH_FIND(hh, reg->recalled, name, strlen(name), r);
	return r;
}

/* NOLINTNEXTLINE(readability-function-size): uthash's macros are long */
void registry_restore_drain(struct registry *reg, const char *name, const char *reason,
			    usec_t until, usec_t earlier, usec_t now)
{
	if (!name || registry_get(reg, name)) {
		drain_again(reg, name, reason, until, earlier, now);
		return;
	}
	struct recalled *r = recalled_find(reg, name);
	if (r)
		recalled_free(reg, r);
	r = mem_new(1, sizeof(*r));
	r->name = mem_strdup(name);
	r->reason = mem_strdup(reason);
	r->until = until;
	r->earlier = earlier;
	HASH_ADD_KEYPTR(hh, reg->recalled, r->name, strlen(r->name), r);
}

static void take_recalled(struct app *app, usec_t now)
{
	struct registry *reg = app->registry;
	struct recalled *r = recalled_find(reg, app->spec->name);
	if (!r)
		return;
	drain_again(reg, r->name, r->reason, r->until, r->earlier, now);
	recalled_free(reg, r);
}

void registry_drop_pending_drains(struct registry *reg, registry_name_cb *forgotten, void *userdata)
{
	struct recalled *r, *next;
	HASH_ITER (hh, reg->recalled, r, next) {
		if (forgotten)
			forgotten(r->name, userdata);
		recalled_free(reg, r);
	}
}

void registry_free_recalled(struct registry *reg)
{
	registry_drop_pending_drains(reg, NULL, NULL);
}

/* The file */

static void take_file(struct app *app, bool exists, usec_t now)
{
	const char *name = app->spec->name;
	if (exists)
		registry_drain(app->registry, name, DRAIN_BY_FILE, app->spec->disable_file,
			       USEC_NEVER, now);
	else
		registry_undrain(app->registry, name, DRAIN_BY_FILE, now);
}

static void on_file(bool exists, void *userdata)
{
	struct app *app = userdata;
	take_file(app, exists, loop_now(app->registry->loop));
}

void app_drain_watch(struct app *app, usec_t now)
{
	struct file_watcher *watcher = app->registry->options.presence;
	bool exists = false;
	file_watch_free(app->disable_file);
	app->disable_file = NULL;
	if (watcher && app->spec->disable_file)
		app->disable_file =
			file_watch_new(watcher, app->spec->disable_file, on_file, app, &exists);
	take_file(app, exists, now);
	take_recalled(app, now);
	look(app, now); /* the agent may be drained; who calls applies it */
}

void app_drain_done(struct app *app)
{
	file_watch_free(app->disable_file);
	list_remove(&app->undrain_node);
	free(app->drain);
}
