/* SPDX-License-Identifier: MIT */
/*
 * The registry.
 *
 * An app that is replaced stays the same object: its health, counters and place in the tables
 * carry over, VIPs that stay keep their route, and its monitors keep running if none of them
 * changed. Otherwise all start from nothing known, and until their first verdict the app keeps the
 * health that it had: changing how a service is checked says nothing about the service.
 *
 * An app that goes is freed at once. Its VIPs outlive it in the reconciler until they are down,
 * where a new app can claim them.
 *
 * cleanup_timer is the same for all apps, so those that are DOWN expire in the order in which they
 * went down: one list and one timer serve them all.
 */
#include "agent/app.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/policy.h"
#include "lib/log.h"
#include "lib/mem.h"
#include "lib/str.h"
#include "net/loop.h"

#define REASON_MAX  640
#define APPS_LOGGED 100

struct registry {
	sd_event *loop;
	struct monitor_runner *runner;
	struct reconcile *reconcile;
	usec_t cleanup_timer;
	struct app *apps;     /* by name */
	struct list expiring; /* the first to expire comes first */
	struct list cursors;
	size_t n_by_health[3];
	registry_guard *guard;
	void *guard_userdata;
	sd_event_source *expiry_timer;
	registry_freed_cb *freed;
	void *freed_userdata;
};

struct registry *registry_new(sd_event *loop, struct monitor_runner *runner,
			      struct reconcile *reconcile, usec_t cleanup_timer)
{
	struct registry *reg = mem_new(1, sizeof(*reg));
	reg->loop = loop;
	reg->runner = runner;
	reg->reconcile = reconcile;
	reg->cleanup_timer = cleanup_timer;
	list_init(&reg->expiring);
	list_init(&reg->cursors);
	return reg;
}

void registry_set_guard(struct registry *reg, registry_guard *guard, void *userdata)
{
	reg->guard = guard;
	reg->guard_userdata = userdata;
}

static struct app *find(const struct registry *reg, const char *name)
{
	struct app *app;
	HASH_FIND(hh, reg->apps, name, strlen(name), app);
	return app;
}

static struct app_spec *spec_new(const struct app_spec *src)
{
	struct app_spec *spec = mem_new(1, sizeof(*spec));
	app_spec_copy(spec, src);
	return spec;
}

static void spec_free(struct app_spec *spec)
{
	app_spec_done(spec);
	free(spec);
}

static void app_free(struct app *app)
{
	struct registry *reg = app->registry;
	list_for_each (it, &reg->cursors) {
		struct app_cursor *c = list_entry(it, struct app_cursor, node);
		if (c->next == app)
			c->next = app->hh.next;
	}
	HASH_DELETE(hh, reg->apps, app);
	reg->n_by_health[app->health]--;
	list_remove(&app->expiring);
	monitor_watch_free(app->watch);
	spec_free(app->spec);
	free(app->vips);
	free(app->reason);
	free(app);
}

void registry_free(struct registry *reg)
{
	if (!reg)
		return;
	struct app *app, *next;
	HASH_ITER (hh, reg->apps, app, next)
		app_free(app);
	sd_event_source_disable_unref(reg->expiry_timer);
	free(reg);
}

/* The policy */

static struct policy_output decide(const struct app *app, usec_t now)
{
	struct policy_output out;
	struct policy_input in = {
		.registered = true,
		.source = app->spec->source,
		.health = app->health,
		.down_since = app->health_since,
		.cleanup_timer = app->registry->cleanup_timer,
		.now = now,
	};
	policy_decide(&in, &out);
	return out;
}

static int on_expiry(sd_event_source *source, uint64_t usec, void *userdata)
{
	(void)source, (void)usec;
	struct registry *reg = userdata;
	registry_tick(reg, loop_now(reg->loop));
	return 0;
}

static void arm_expiry(struct registry *reg)
{
	struct app *first = list_first(&reg->expiring, struct app, expiring);
	usec_t when = first ? usec_add(first->health_since, reg->cleanup_timer) : USEC_NEVER;
	loop_timer_set(reg->loop, &reg->expiry_timer, when, LOOP_APPLY, on_expiry, reg);
}

/* Tells the reconciler what should be true. */
static void apply(struct app *app, usec_t now)
{
	struct registry *reg = app->registry;
	struct policy_output out = decide(app, now);
	for (size_t i = 0; i < app->spec->n_vips; i++)
		reconcile_want(reg->reconcile, app->vips[i], out.want, now);
	/* What is to be forgotten goes by the timer too, never inside a callback of its watch. */
	bool expires = out.look_again != USEC_NEVER || out.forget;
	if (expires == list_linked(&app->expiring))
		return;
	if (expires)
		list_append(&reg->expiring, &app->expiring);
	else
		list_remove(&app->expiring);
	arm_expiry(reg);
}

void registry_tick(struct registry *reg, usec_t now)
{
	struct app *app;
	while ((app = list_first(&reg->expiring, struct app, expiring))) {
		struct policy_output out = decide(app, now);
		if (out.look_again != USEC_NEVER)
			break;
		log_info("app", "%s: still down after cleanup_timer, %s", app->spec->name,
			 out.forget ? "forgetting it" : "removing its VIPs from lo");
		list_remove(&app->expiring);
		if (out.forget)
			registry_unregister(reg, app->spec->name, now);
		else
			apply(app, now);
	}
	arm_expiry(reg);
}

/* Health */

/* The first verdicts of 10,000 apps at start are no news. */
static enum log_level level_of_first(const struct registry *reg)
{
	return HASH_COUNT(reg->apps) > APPS_LOGGED ? LOG_DEBUG : LOG_INFO;
}

static void log_health(const struct app *app, enum health from)
{
	const char *name = app->spec->name;
	enum log_level level = from == HEALTH_UNKNOWN ? level_of_first(app->registry) : LOG_INFO;
	if (app->health == HEALTH_UP)
		log_write(level, "app", "%s: up", name);
	else if (from == HEALTH_UP)
		log_warn("app", "%s: down, withdrawing it: %s", name, app->reason);
	else
		log_write(level, "app", "%s: down, not announced: %s", name, app->reason);
}

static void set_health(struct app *app, enum health health, const char *reason, usec_t now)
{
	struct registry *reg = app->registry;
	enum health from = app->health;
	reg->n_by_health[from]--;
	reg->n_by_health[health]++;
	app->health = health;
	app->health_since = now;
	app->went_up += health == HEALTH_UP;
	app->went_down += health == HEALTH_DOWN;
	mem_free(&app->reason);
	if (health == HEALTH_DOWN)
		app->reason = mem_strdup(reason);
	log_health(app, from);
}

void app_take_verdict(struct app *app, enum health health, const char *reason, usec_t now)
{
	/* "Unknown" says nothing against what was known. */
	if (health == HEALTH_UNKNOWN || health == app->health)
		return;
	set_health(app, health, reason, now);
	apply(app, now);
}

static void on_verdict(struct monitor_watch *w, enum health health, const char *reason,
		       void *userdata)
{
	(void)w;
	struct app *app = userdata;
	app_take_verdict(app, health, reason, loop_now(app->registry->loop));
}

/* The first health of a watch comes without a callback: looks up who is to blame for it. */
static void take_first_health(struct app *app, usec_t now)
{
	struct monitor_status status = { .text = "", .said = "" };
	char reason[REASON_MAX];
	enum health health = monitor_watch_health(app->watch);
	for (size_t i = 0; i < monitor_watch_n(app->watch); i++) {
		monitor_watch_status(app->watch, i, &status);
		if (status.health == health)
			break;
	}
	snprintf(reason, sizeof(reason), "%.100s: %.500s", status.text, status.said);
	if (health != HEALTH_UNKNOWN && health != app->health)
		set_health(app, health, reason, now);
}

/* Registering */

static struct app *owner_of(const struct registry *reg, const struct prefix *prefix)
{
	const struct vip *vip = reconcile_find(reg->reconcile, prefix);
	return vip ? vip->owner : NULL;
}

/* Whether who has something must give it up to `spec`. */
static bool yields(const struct app *owner, const struct app_spec *spec)
{
	return owner->spec->source > spec->source; /* the enum is in this order */
}

static int find_conflict(struct registry *reg, const struct app_spec *spec, const struct app *self,
			 struct err *err)
{
	char text[PREFIX_TEXT_MAX];
	for (size_t i = 0; i < spec->n_vips; i++) {
		const struct app *owner = owner_of(reg, &spec->vips[i]);
		if (owner && owner != self && !yields(owner, spec))
			return err_set(err, -EEXIST, "vip %s belongs to app '%s' already",
				       prefix_format(&spec->vips[i], text), owner->spec->name);
	}
	return 0;
}

static int ask_guard(const struct registry *reg, const struct app_spec *spec, struct err *err)
{
	int rc = 0;
	for (size_t i = 0; rc == 0 && reg->guard && i < spec->n_vips; i++)
		rc = reg->guard(&spec->vips[i], err, reg->guard_userdata);
	return rc;
}

static int check_register(struct registry *reg, const struct app_spec *spec, const struct app *self,
			  struct err *err)
{
	/* GoCast lets a request replace it, and the next restart brings the old one back. */
	if (self && self->spec->source == APP_FROM_CONFIG && spec->source != APP_FROM_CONFIG)
		return err_set(err, -EBUSY,
			       "app '%s' is defined in the configuration file, change it there",
			       spec->name);
	if (self && self->spec->source < spec->source)
		return err_set(err, -EBUSY,
			       "app '%s' was registered over HTTP, which comes before Consul",
			       spec->name);
	if (!self && HASH_COUNT(reg->apps) >= APPS_MAX)
		return err_set(err, -ENOSPC, "there are %d apps already, more are not taken",
			       APPS_MAX);
	int rc = ask_guard(reg, spec, err);
	return rc < 0 ? rc : find_conflict(reg, spec, self, err);
}

static bool same_monitors(const struct app_spec *a, const struct app_spec *b)
{
	if (a->n_monitors != b->n_monitors)
		return false;
	for (size_t i = 0; i < a->n_monitors; i++)
		if (!monitor_spec_equal(&a->monitors[i], &b->monitors[i]))
			return false;
	return true;
}

static void watch(struct app *app, usec_t now)
{
	monitor_watch_free(app->watch);
	app->watch = monitor_watch_new(app->registry->runner, app->spec->name, app->spec->monitors,
				       app->spec->n_monitors, on_verdict, app);
	take_first_health(app, now);
}

static void claim_vips(struct app *app)
{
	app->vips = mem_new(app->spec->n_vips, sizeof(app->vips[0]));
	for (size_t i = 0; i < app->spec->n_vips; i++)
		app->vips[i] = reconcile_claim(app->registry->reconcile, &app->spec->vips[i],
					       app->spec, app);
}

static void app_new(struct registry *reg, const struct app_spec *spec, usec_t now)
{
	struct app *app = mem_new(1, sizeof(*app));
	app->registry = reg;
	app->registered_at = app->health_since = now;
	app->spec = spec_new(spec);
	HASH_ADD_KEYPTR(hh, reg->apps, app->spec->name, strlen(app->spec->name), app);
	reg->n_by_health[HEALTH_UNKNOWN]++;
	claim_vips(app);
	watch(app, now);
	apply(app, now);
}

static bool has_vip(const struct app_spec *spec, const struct prefix *vip)
{
	for (size_t i = 0; i < spec->n_vips; i++)
		if (prefix_equal(&spec->vips[i], vip))
			return true;
	return false;
}

static void replace(struct app *app, const struct app_spec *spec, usec_t now)
{
	struct app_spec *old = app->spec;
	struct vip **old_vips = app->vips;
	app->spec = spec_new(spec);
	app->hh.key = app->spec->name; /* the same bytes at another place */
	claim_vips(app);
	for (size_t i = 0; i < old->n_vips; i++)
		if (!has_vip(app->spec, &old->vips[i]))
			reconcile_release(app->registry->reconcile, old_vips[i], now);
	app->registered_at = now;
	if (!same_monitors(app->spec, old))
		watch(app, now);
	apply(app, now);
	spec_free(old);
	free(old_vips);
}

static void tell_freed(struct registry *reg)
{
	if (reg->freed)
		reg->freed(reg->freed_userdata);
}

static void unregister(struct app *app, usec_t now)
{
	struct registry *reg = app->registry;
	for (size_t i = 0; i < app->spec->n_vips; i++)
		reconcile_release(reg->reconcile, app->vips[i], now);
	app_free(app);
	tell_freed(reg);
}

/* What was checked to be free for `spec` becomes so. */
static void displace(struct registry *reg, const struct app_spec *spec, const struct app *self,
		     usec_t now)
{
	char text[PREFIX_TEXT_MAX];
	for (size_t i = 0; i < spec->n_vips; i++) {
		struct app *owner = owner_of(reg, &spec->vips[i]);
		if (!owner || owner == self)
			continue;
		log_warn("app", "%s: gives vip %s up to app %s, as %s comes before %s",
			 owner->spec->name, prefix_format(&spec->vips[i], text), spec->name,
			 app_source_name(spec->source), app_source_name(owner->spec->source));
		unregister(owner, now);
	}
}

/* The same definition from a source that comes first: it is theirs from now on. */
static void take_over(struct app *app, enum app_source source)
{
	if (source >= app->spec->source)
		return;
	app->spec->source = source;
	tell_freed(app->registry); /* who had it has to look again */
}

int registry_register(struct registry *reg, const struct app_spec *spec, usec_t now,
		      enum register_result *ret, struct err *err)
{
	struct app *app = find(reg, spec->name);
	if (app && app_spec_equal(app->spec, spec)) {
		take_over(app, spec->source);
		*ret = REGISTER_SAME;
		return 0;
	}
	int rc = check_register(reg, spec, app, err);
	if (rc < 0)
		return rc;
	displace(reg, spec, app, now);
	*ret = app ? REGISTER_REPLACED : REGISTER_NEW;
	if (app)
		replace(app, spec, now);
	else
		app_new(reg, spec, now);
	app = find(reg, spec->name);
	for (size_t i = 0; i < app->spec->n_vips; i++)
		reconcile_vip_now(reg->reconcile, app->vips[i], now);
	if (*ret == REGISTER_REPLACED)
		tell_freed(reg); /* VIPs that the former definition had */
	return 0;
}

bool registry_unregister(struct registry *reg, const char *name, usec_t now)
{
	struct app *app = find(reg, name);
	if (app)
		unregister(app, now);
	return app;
}

void registry_unregister_all(struct registry *reg, usec_t now)
{
	struct app *app, *next;
	reg->freed = NULL; /* nobody is to take their place */
	HASH_ITER (hh, reg->apps, app, next)
		unregister(app, now);
}

void registry_on_freed(struct registry *reg, registry_freed_cb *freed, void *userdata)
{
	reg->freed = freed;
	reg->freed_userdata = userdata;
}

/* What is asked of it */

const struct app *registry_find(const struct registry *reg, const char *name)
{
	return find(reg, name);
}

const struct app *registry_owner(const struct registry *reg, const struct prefix *vip)
{
	return owner_of(reg, vip);
}

size_t registry_n(const struct registry *reg, enum health health)
{
	return reg->n_by_health[health];
}

usec_t app_cleanup_at(const struct app *app)
{
	if (!list_linked(&app->expiring))
		return USEC_NEVER;
	return usec_add(app->health_since, app->registry->cleanup_timer);
}

void app_cursor_init(struct registry *reg, struct app_cursor *c)
{
	c->next = reg->apps;
	list_append(&reg->cursors, &c->node);
}

const struct app *app_cursor_next(struct app_cursor *c)
{
	const struct app *app = c->next;
	if (app)
		c->next = app->hh.next;
	return app;
}

void app_cursor_done(struct app_cursor *c)
{
	list_remove(&c->node);
}
