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
 * What the monitors say is the app's health, but for one thing: an app that flaps is held down for
 * a while (app_hold.c).
 *
 * What follows from it all is policy.c's to say. This file keeps what the policy has to store:
 * since when the routes are gone, and when a drain ends.
 */
#include "agent/app/registry.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/app/internal.h"
#include "agent/model/policy.h"
#include "lib/log.h"
#include "lib/mem.h"
#include "lib/str.h"
#include "process/loop.h"

#define REASON_MAX  640
#define APPS_LOGGED 100

struct registry *registry_new(sd_event *loop, struct monitor_runner *runner,
			      struct reconcile *reconcile, usec_t cleanup_timer)
{
	struct registry *reg = mem_new(1, sizeof(*reg));
	reg->loop = loop;
	reg->runner = runner;
	reg->reconcile = reconcile;
	reg->cleanup_timer = cleanup_timer;
	for (size_t i = 0; i < APP_DUES; i++)
		list_init(&reg->due[i]);
	list_init(&reg->undrain);
	list_init(&reg->cursors);
	return reg;
}

void registry_set_guard(struct registry *reg, registry_guard *guard, void *userdata)
{
	reg->guard = guard;
	reg->guard_userdata = userdata;
}

void registry_set_damping(struct registry *reg, const struct damping_config *config)
{
	reg->hold = *config;
}

void registry_set_options(struct registry *reg, const struct registry_options *options)
{
	reg->options = *options;
}

struct app *registry_get(const struct registry *reg, const char *name)
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
	deadlines_remove(&reg->releases, &app->release);
	app_lease_end_now(app);
	list_remove(&app->due_node);
	app_drain_done(app);
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
	registry_free_holds(reg);
	registry_free_leases(reg);
	registry_free_recalled(reg);
	registry_free_groups(reg);
	sd_event_source_disable_unref(reg->timer);
	free(reg);
}

/* The policy */

static struct policy_output decide(const struct app *app, usec_t now)
{
	const struct announce_specs *states = app->spec->announce;
	struct policy_output out;
	struct policy_input in = {
		.registered = true,
		.source = app->spec->source,
		.health = app->health,
		.checks_own_vip = app_spec_checks_own_vip(app->spec),
		.last_resort = announce_specs_announces(states, ANNOUNCE_DOWN),
		.kept = app->kept,
		.drained = app->drained_since != USEC_NEVER,
		.drain_announces = announce_specs_announces(states, ANNOUNCE_DRAIN),
		.drain_end = app->drain_end,
		.off_since = app->off_since,
		.cleanup_timer = app->registry->cleanup_timer,
		.now = now,
	};
	policy_decide(&in, &out);
	return out;
}

/* The cleanup counts from when the last route went. */
static struct policy_output decide_and_remember(struct app *app, usec_t now)
{
	struct policy_output out = decide(app, now);
	bool never_up = app->off_since == USEC_NEVER && app->health != HEALTH_UNKNOWN;
	if (out.want.route == ROUTE_NONE && (app->form != ROUTE_NONE || never_up)) {
		app->off_since = now;
		out = decide(app, now);
	}
	app->form = out.want.route;
	app->forget = out.forget;
	/* What is down while it is drained comes back to nobody. */
	if (app->form == ROUTE_NONE)
		app->drain_end = usec_min(app->drain_end, now);
	return out;
}

void app_apply(struct app *app, usec_t now)
{
	struct policy_output out = decide_and_remember(app, now);
	for (size_t i = 0; i < app->spec->n_vips; i++)
		reconcile_want(app->registry->reconcile, app->vips[i], out.want, now);
	/* What is to be forgotten goes by the timer too, never inside a callback of its watch. */
	app_set_due(app, app->form == ROUTE_DRAIN ? DUE_DRAINED : DUE_CLEANUP,
		    app->forget ? now : out.due);
}

/* Health */

/* The first verdicts of 10,000 apps at start are no news. */
static enum log_level level_of_first(const struct registry *reg)
{
	return HASH_COUNT(reg->apps) > APPS_LOGGED ? LOG_DEBUG : LOG_INFO;
}

static const char *what_follows(const struct app *app)
{
	if (app->form == ROUTE_NONE)
		return "not announced";
	if (app->kept)
		return "as is all of its group, keeping it announced";
	return announce_specs_announces(app->spec->announce, ANNOUNCE_DOWN)
		       ? "announcing it as a last resort"
		       : "withdrawing it";
}

static void log_health(const struct app *app, enum health from)
{
	const char *name = app->spec->name;
	enum log_level level = from == HEALTH_UNKNOWN ? level_of_first(app->registry) : LOG_INFO;
	if (app->health == HEALTH_UP)
		log_write(level, "app", "%s: up", name);
	else if (from == HEALTH_UP)
		log_warn("app", "%s: down, %s: %s", name, what_follows(app), app->reason);
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
	if (health == HEALTH_DOWN && from == HEALTH_UP)
		app->left_at = now;
	app_group_health(app, from, now);
	log_health(app, from);
	app_hold_look(app, now);
}

void app_on_verdict(struct app *app, enum health health, const char *reason, usec_t now)
{
	/* "Unknown" says nothing against what was known. */
	if (health == HEALTH_UNKNOWN || health == app->health)
		return;
	if (health == HEALTH_UP && damping_is_on(&app->damping, now))
		return;
	set_health(app, health, reason, now);
	app_apply(app, now);
}

static void on_verdict(struct monitor_watch *w, enum health health, const char *reason,
		       void *userdata)
{
	(void)w;
	struct app *app = userdata;
	app_on_verdict(app, health, reason, loop_now(app->registry->loop));
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
	bool is_held = health == HEALTH_UP && damping_is_on(&app->damping, now);
	if (health != HEALTH_UNKNOWN && health != app->health && !is_held)
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
	if (a->n_monitors != b->n_monitors || a->quorum != b->quorum)
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
				       app->spec->n_monitors, app->spec->quorum, on_verdict, app);
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
	app->off_since = app->left_at = app->drained_since = USEC_NEVER;
	app->due = app->undrain_at = USEC_NEVER;
	app->spec = spec_new(spec);
	HASH_ADD_KEYPTR(hh, reg->apps, app->spec->name, strlen(app->spec->name), app);
	reg->n_by_health[HEALTH_UNKNOWN]++;
	claim_vips(app);
	app_group_join(app, now);
	app_drain_watch(app, now);
	watch(app, now);
	app_apply(app, now);
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
	app_group_join(app, now);
	app_drain_watch(app, now);
	if (!same_monitors(app->spec, old))
		watch(app, now);
	app_apply(app, now);
	spec_free(old);
	free(old_vips);
}

static void tell_freed(struct registry *reg)
{
	if (reg->freed)
		reg->freed(reg->freed_userdata);
}

void registry_tell_changed(struct registry *reg, const char *name, const struct app *app,
			   bool renewed)
{
	if (reg->changed)
		reg->changed(name, app, renewed, reg->changed_userdata);
}

static void unregister(struct app *app, usec_t now)
{
	struct registry *reg = app->registry;
	registry_tell_changed(reg, app->spec->name, NULL, false);
	for (size_t i = 0; i < app->spec->n_vips; i++)
		reconcile_release(reg->reconcile, app->vips[i], now);
	app_group_leave(app, now);
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
	registry_tell_changed(app->registry, app->spec->name, app, false);
}

/* Registered again. */
static enum register_result renew(struct app *app, const struct app_spec *spec, usec_t now)
{
	usec_t lease = app->spec->lease;
	enum app_source source = app->spec->source;
	take_over(app, spec->source);
	if (spec->source != app->spec->source) /* who comes later says nothing about it */
		return REGISTER_SAME;
	app->spec->lease = spec->lease;
	app->spec->local = spec->local;
	if (!app_lease_begin(app, now))
		return REGISTER_SAME;
	registry_tell_changed(app->registry, app->spec->name, app,
			      lease == spec->lease && source == spec->source);
	return REGISTER_RENEWED;
}

int registry_register(struct registry *reg, const struct app_spec *spec, usec_t now,
		      enum register_result *ret, struct err *err)
{
	int rc = reg->options.admission ? monitor_admission_check(reg->options.admission, spec, err)
					: 0;
	if (rc < 0)
		return rc;
	struct app *app = registry_get(reg, spec->name);
	if (app && app_spec_equal(app->spec, spec)) {
		*ret = renew(app, spec, now);
		return 0;
	}
	rc = check_register(reg, spec, app, err);
	if (rc < 0)
		return rc;
	displace(reg, spec, app, now);
	*ret = app ? REGISTER_REPLACED : REGISTER_NEW;
	if (app)
		replace(app, spec, now);
	else
		app_new(reg, spec, now);
	app = registry_get(reg, spec->name);
	app_lease_begin(app, now);
	registry_tell_changed(reg, app->spec->name, app, false);
	for (size_t i = 0; i < app->spec->n_vips; i++)
		reconcile_vip_now(reg->reconcile, app->vips[i], now);
	if (*ret == REGISTER_REPLACED)
		tell_freed(reg); /* VIPs that the former definition had */
	return 0;
}

bool registry_unregister(struct registry *reg, const char *name, usec_t now)
{
	struct app *app = registry_get(reg, name);
	if (app)
		unregister(app, now);
	return app;
}

void registry_unregister_all(struct registry *reg, usec_t now)
{
	struct app *app, *next;
	reg->freed = NULL; /* nobody is to take their place */
	reg->changed = NULL;
	HASH_ITER (hh, reg->apps, app, next)
		unregister(app, now);
}

void registry_on_freed(struct registry *reg, registry_freed_cb *freed, void *userdata)
{
	reg->freed = freed;
	reg->freed_userdata = userdata;
}

void registry_on_changed(struct registry *reg, registry_changed_cb *changed, void *userdata)
{
	reg->changed = changed;
	reg->changed_userdata = userdata;
}

/* What is asked of it */

const struct app *registry_find(const struct registry *reg, const char *name)
{
	return registry_get(reg, name);
}

const struct app *registry_owner(const struct registry *reg, const struct prefix *vip)
{
	return owner_of(reg, vip);
}

size_t registry_n(const struct registry *reg, enum health health)
{
	return reg->n_by_health[health];
}

bool registry_has_vip(const struct registry *reg, const struct addr *a)
{
	uint8_t bits = (uint8_t)(8 * addr_size(a->family));
	for (int len = bits; len > 0; len--) {
		const struct prefix p = { .addr = addr_mask(a, (uint8_t)len), .len = (uint8_t)len };
		if (reconcile_find(reg->reconcile, &p))
			return true;
	}
	return false;
}

usec_t app_cleanup_at(const struct app *app)
{
	return app->form == ROUTE_NONE ? app->due : USEC_NEVER;
}

struct app_counts registry_count(const struct registry *reg)
{
	struct app_counts c = {
		.up = registry_n(reg, HEALTH_UP),
		.down = registry_n(reg, HEALTH_DOWN),
		.unknown = registry_n(reg, HEALTH_UNKNOWN),
		.damped = reg->releases.n,
	};
	for (const struct app *app = reg->apps; app; app = app->hh.next) {
		c.draining += app->form == ROUTE_DRAIN;
		c.drained += app->drained_since != USEC_NEVER && app->form == ROUTE_NONE;
		c.apps_kept += app->kept;
	}
	for (const struct app_group *g = reg->groups; g; g = g->hh.next)
		c.groups_kept += g->kept;
	c.leases = reg->leases.n;
	c.leases_expired = reg->leases_expired;
	return c;
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
