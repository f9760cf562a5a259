/* SPDX-License-Identifier: MIT */
/*
 * The registry.
 *
 * An app that is replaced stays the same object: its health, counters and place in the tables
 * carry over, VIPs that stay keep their route, and monitors that did not change keep running. New
 * ones start from nothing known, and until there is a verdict the app keeps the health that it had:
 * changing how a service is checked says nothing about the service.
 *
 * An app that goes is freed at once. Its VIPs outlive it in the reconciler until they are down,
 * where a new app can claim them.
 */
#include "agent/app/registry.h"

#include <stdlib.h>
#include <string.h>

#include "agent/app/apply.h"
#include "agent/app/budgets.h"
#include "agent/app/claims.h"
#include "agent/app/drains.h"
#include "agent/app/groups.h"
#include "agent/app/guarded.h"
#include "agent/app/health.h"
#include "agent/app/joins.h"
#include "agent/app/leases.h"
#include "lib/log.h"
#include "lib/mem.h"
#include "lib/str.h"
#include "monitors/watch.h"
#include "process/loop.h"

static due_cb on_due;

struct registry *registry_new(sd_event *loop, struct monitor_runner *runner,
			      struct reconcile *reconcile, span_t cleanup_timer)
{
	struct registry *reg = mem_new(1, sizeof(*reg));
	reg->loop = loop;
	reg->runner = runner;
	reg->reconcile = reconcile;
	reg->cleanup_timer = cleanup_timer;
	list_init(&reg->cursors);
	due_init(&reg->due, loop, on_due, reg);
	pause_watch_init(&reg->pauses, loop);
	return reg;
}

void registry_set_guard(struct registry *reg, registry_guard *guard, void *userdata)
{
	reg->guard = guard;
	reg->guard_userdata = userdata;
}

void registry_set_policy(struct registry *reg, registry_policy *policy, void *userdata)
{
	reg->policy = policy;
	reg->policy_userdata = userdata;
}

static void spec_free(struct app_spec *spec)
{
	if (!spec)
		return;
	app_spec_done(spec);
	free(spec);
}

static bool is_used(const struct app *app, const struct app_spec *former)
{
	for (size_t i = 0; i < app->spec->n_vips; i++)
		if (app->vips[i]->spec == former)
			return true;
	return false;
}

/* Not before VIPs that are given up are claimed: until then they have the former definition. */
static void drop_formers(struct app *app)
{
	size_t n = 0;
	for (size_t i = 0; i < app->n_formers; i++)
		if (is_used(app, app->formers[i]))
			app->formers[n++] = app->formers[i];
		else
			spec_free(app->formers[i]);
	app->n_formers = n;
	if (n == 0)
		mem_free(&app->formers);
}

static void add_former(struct app *app, struct app_spec *spec)
{
	app->formers = mem_grow_by_one(app->formers, app->n_formers, sizeof(struct app_spec *));
	app->formers[app->n_formers++] = spec;
}

void registry_set_heirs(struct registry *reg, registry_heir *heir, void *userdata)
{
	reg->heir = heir;
	reg->heir_userdata = userdata;
	for (struct app *app = reg->apps; app && !heir; app = app->hh.next)
		drop_formers(app);
}

void registry_set_fleet(struct registry *reg, const struct registry_fleet *fleet, void *userdata)
{
	reg->fleet = fleet;
	reg->fleet_userdata = userdata;
}

void registry_guard_changed(struct registry *reg, const char *name, mono_t now)
{
	struct app *app = app_get(reg, name);
	if (app)
		app_apply(app, now);
}

void registry_set_cleanup_timer(struct registry *reg, span_t cleanup_timer)
{
	reg->cleanup_timer = cleanup_timer;
}

void registry_refresh(struct registry *reg, const struct app *app, mono_t now)
{
	struct app *own = app_get(reg, app->spec->name);
	monitor_watch_change(own->watch, own->spec->monitors);
	app_apply(own, now);
}

void registry_set_damping(struct registry *reg, const struct damping_config *config)
{
	reg->damping = *config;
}

/* Those of the file were loaded with theirs, and come one by one. */
static void set_agent_bind(struct registry *reg, enum bind bind)
{
	for (struct app *app = reg->apps; app; app = app->hh.next) {
		if (app->spec->source == APP_FROM_CONFIG || app->spec->agent_bind == bind)
			continue;
		app->spec->agent_bind = bind;
		for (size_t i = 0; !app->spec->bind && i < app->spec->n_vips; i++)
			reconcile_bind_changed(reg->reconcile, app->vips[i]);
	}
}

void registry_set_options(struct registry *reg, const struct registry_options *options)
{
	reg->options = *options;
	set_agent_bind(reg, options->bind);
}

void registry_on_freed(struct registry *reg, registry_freed_cb *freed, void *userdata)
{
	for (size_t i = 0; i < NOTIFY_READERS; i++) {
		bool own = reg->notify.freed[i].call && reg->notify.freed[i].userdata == userdata;
		if (!own && (!freed || reg->notify.freed[i].call))
			continue;
		reg->notify.freed[i].call = freed;
		reg->notify.freed[i].userdata = userdata;
		return;
	}
}

void registry_on_changed(struct registry *reg, registry_changed_cb *changed, void *userdata)
{
	reg->notify.changed = changed;
	reg->notify.changed_userdata = userdata;
}

static struct app_spec *spec_new(const struct registry *reg, const struct app_spec *src)
{
	struct app_spec *spec = mem_new(1, sizeof(*spec));
	app_spec_copy(spec, src);
	if (spec->source != APP_FROM_CONFIG)
		spec->agent_bind = reg->options.bind;
	return spec;
}

static void app_free(struct app *app)
{
	struct registry *reg = app->registry;
	app_table_remove(reg, app);
	for (size_t i = 0; i < DUE_KINDS; i++)
		due_set(&reg->due, i, &app->due[i], USEC_NEVER);
	app_lease_done(app);
	app_drain_done(app);
	app_join_done(app);
	budget_discharge(app);
	monitor_watch_free(app->watch);
	spec_free(app->spec);
	for (size_t i = 0; i < app->n_formers; i++)
		spec_free(app->formers[i]);
	free(app->formers);
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
	registry_drains_done(reg);
	registry_drop_promotions(reg);
	groups_done(reg);
	budgets_free(reg);
	due_done(&reg->due);
	pause_watch_done(&reg->pauses);
	free(reg);
}

/* Registering */

/* Those behind its own `n_own` are kept for their heirs, as they are: no router gets them, for a
 * moment, by a definition that is not for them. */
static void claim_vips(struct app *app, size_t n_own)
{
	struct reconcile *r = app->registry->reconcile;
	app->vips = mem_new(app->spec->n_vips, sizeof(app->vips[0]));
	for (size_t i = 0; i < app->spec->n_vips; i++) {
		const struct prefix *vip = &app->spec->vips[i];
		const struct app_spec *spec = i < n_own ? app->spec : vip_find(r, vip)->spec;
		app->vips[i] = reconcile_claim(r, vip, spec, app);
	}
}

/* Health as found for the former owner of its VIPs, until the app has results of its own. */
static void inherit_health(struct app *app, const struct app *former)
{
	if (!former || app->health != HEALTH_UNKNOWN ||
	    !app_spec_monitors_equal(app->spec, former->spec))
		return;
	app->registry->n_by_health[app->health]--;
	app->health = former->health;
	app->registry->n_by_health[app->health]++;
	app->health_since = former->health_since;
	app->down_hard = former->down_hard;
	app->state = former->state;
	app->state_since = former->state_since;
	app->reason = former->reason ? mem_strdup(former->reason) : NULL;
}

static void add(struct registry *reg, const struct app_spec *spec, const struct app *former,
		mono_t now)
{
	struct app *app = mem_new(1, sizeof(*app));
	app->registered_at = app->health_since = app->state_since = now;
	app->off_since = app->left_at = app->drained_since = USEC_NEVER;
	app->spec = spec_new(reg, spec);
	app_table_add(reg, app);
	app_join_define(app, NULL, now);
	inherit_health(app, former);
	claim_vips(app, app->spec->n_vips);
	app_group_join(app, now);
	app_drain_start(app, now);
	app_watch(app, now);
	app_apply(app, now);
}

static bool has_vip(const struct app_spec *spec, const struct prefix *vip)
{
	for (size_t i = 0; i < spec->n_vips; i++)
		if (prefix_equal(&spec->vips[i], vip))
			return true;
	return false;
}

/* VIPs that another app is about to take over stay with the app until then. */
static void keep_for_heirs(struct app *app, const struct app_spec *old)
{
	const struct registry *reg = app->registry;
	struct app_spec *spec = app->spec;
	for (size_t i = 0; reg->heir && i < old->n_vips; i++) {
		if (has_vip(spec, &old->vips[i]))
			continue;
		const char *heir = reg->heir(&old->vips[i], reg->heir_userdata);
		if (!heir || str_equal(heir, spec->name))
			continue;
		spec->vips = mem_grow_by_one(spec->vips, spec->n_vips, sizeof(*spec->vips));
		spec->vips[spec->n_vips++] = old->vips[i];
	}
}

static void replace(struct app *app, const struct app_spec *spec, mono_t now)
{
	struct app_spec *old = app->spec;
	struct vip **old_vips = app->vips;
	size_t n_own = spec->n_vips;
	app->registry->changes++;
	app->spec = spec_new(app->registry, spec);
	app->hh.key = app->spec->name; /* the same bytes at another place */
	app_join_define(app, old, now);
	if (old->source == APP_FROM_CONFIG && spec->source == APP_FROM_CONFIG)
		keep_for_heirs(app, old);
	claim_vips(app, n_own);
	for (size_t i = 0; i < old->n_vips; i++)
		if (!has_vip(app->spec, &old->vips[i]))
			reconcile_release(app->registry->reconcile, old_vips[i], now);
	app->registered_at = now;
	app_group_join(app, now);
	app_drain_start(app, now);
	app_watch_change(app, old, now);
	app_apply(app, now);
	add_former(app, old);
	drop_formers(app);
	free(old_vips);
}

static void unregister(struct app *app, mono_t now)
{
	struct registry *reg = app->registry;
	notify_changed(&reg->notify, app->spec->name, NULL, false);
	for (size_t i = 0; i < app->spec->n_vips; i++)
		reconcile_release(reg->reconcile, app->vips[i], now);
	app_group_leave(app, now);
	app_guard_gone(app);
	app_free(app);
	notify_freed(&reg->notify);
}

/* The VIP stays as it is, for the app that claims it next. */
static void give_up_vip(struct app *app, const struct prefix *vip)
{
	size_t n = 0;
	for (size_t i = 0; i < app->spec->n_vips; i++) {
		if (prefix_equal(&app->spec->vips[i], vip))
			continue;
		app->spec->vips[n] = app->spec->vips[i];
		app->vips[n++] = app->vips[i];
	}
	app->vips_gone += app->spec->n_vips - n;
	app->spec->n_vips = n;
	app->registry->changes++;
	if (app->registry->fleet)
		app_guard_update(app, loop_now(app->registry->loop));
	budget_charge(app);
}

/* Its other routes are not concerned. */
static void give_up_route(struct app *app, const struct prefix *vip, const struct app_spec *to)
{
	char text[PREFIX_TEXT_MAX];
	log_event(LOG_WARNING, "app", EVENT("app.displaced", .app = app->spec->name),
		  "%s: route %s is taken by app %s (%s comes before %s)", app->spec->name,
		  prefix_format(vip, text), to->name, app_source_name(to->source),
		  app_source_name(app->spec->source));
	give_up_vip(app, vip);
}

/* Frees the VIPs that `spec` may take: those of apps that give them up, and those of apps that come
 * after it. *ret_former is one of the former. */
static void displace(struct registry *reg, const struct app_spec *spec, const struct app *self,
		     const struct app **ret_former, mono_t now)
{
	char text[PREFIX_TEXT_MAX];
	for (size_t i = 0; i < spec->n_vips; i++) {
		struct app *owner = claims_owner(reg, &spec->vips[i]);
		if (!owner || owner == self)
			continue;
		if (owner->spec->source == spec->source) {
			give_up_vip(owner, &spec->vips[i]);
			*ret_former = owner;
			continue;
		}
		if (owner->spec->source == APP_FROM_PROCESS) {
			give_up_route(owner, &spec->vips[i], spec);
			continue;
		}
		log_event(LOG_WARNING, "app", EVENT("app.displaced", .app = owner->spec->name),
			  "%s: displaced by app %s, which claims vip %s (%s comes before %s)",
			  owner->spec->name, spec->name, prefix_format(&spec->vips[i], text),
			  app_source_name(spec->source), app_source_name(owner->spec->source));
		unregister(owner, now);
	}
}

void registry_displace(struct registry *reg, const struct app_spec *spec, const struct app *self,
		       mono_t now)
{
	const struct app *former;
	displace(reg, spec, self, &former, now);
}

/* The same definition from a source that comes first becomes that source's. */
static void change_source(struct app *app, enum app_source source)
{
	struct notify *notify = &app->registry->notify;
	if (source >= app->spec->source)
		return;
	app->spec->source = source;
	app->registry->changes++;
	notify_freed(notify); /* the former source has to compare again */
	notify_changed(notify, app->spec->name, app, false);
}

/* The same definition again. */
static enum register_result renew(struct app *app, const struct app_spec *spec, mono_t now)
{
	span_t lease = app->spec->lease;
	enum app_source source = app->spec->source;
	change_source(app, spec->source);
	if (spec->source !=
	    app->spec->source) /* a source that comes later does not set the lease */
		return REGISTER_SAME;
	app->spec->lease = spec->lease;
	app->spec->local = spec->local;
	app->spec->admin = spec->admin;
	mem_free(&app->spec->by);
	app->spec->by = spec->by ? mem_strdup(spec->by) : NULL;
	budget_charge(app);
	if (!app_lease_start(app, now))
		return REGISTER_SAME;
	notify_changed(&app->registry->notify, app->spec->name, app,
		       lease == spec->lease && source == spec->source);
	return REGISTER_RENEWED;
}

static enum register_result add_or_replace(struct registry *reg, const struct app_spec *spec,
					   mono_t now)
{
	struct app *app = app_get(reg, spec->name);
	enum register_result result = app ? REGISTER_REPLACED : REGISTER_NEW;
	const struct app *former = NULL;
	displace(reg, spec, app, &former, now);
	if (app)
		replace(app, spec, now);
	else
		add(reg, spec, former, now);
	app = app_get(reg, spec->name);
	budget_charge(app);
	app_lease_start(app, now);
	notify_changed(&reg->notify, app->spec->name, app, false);
	for (size_t i = 0; i < app->spec->n_vips; i++)
		reconcile_vip_now(reg->reconcile, app->vips[i], now);
	if (result == REGISTER_REPLACED)
		notify_freed(&reg->notify); /* VIPs that the former definition had */
	return result;
}

int registry_register(struct registry *reg, const struct app_spec *spec, mono_t now,
		      enum register_result *ret, struct err *err)
{
	int rc = reg->options.admission ? monitor_admission_check(reg->options.admission, spec, err)
					: 0;
	if (rc < 0)
		return rc;
	struct app *app = app_get(reg, spec->name);
	if (app && app_spec_equal(app->spec, spec)) {
		*ret = renew(app, spec, now);
		return 0;
	}
	rc = reg->policy ? reg->policy(spec, app, err, reg->policy_userdata) : 0;
	if (rc == 0)
		rc = claims_check(reg, spec, app, err);
	if (rc == 0)
		rc = budget_check(reg, spec, app, err);
	if (rc < 0)
		return rc;
	*ret = add_or_replace(reg, spec, now);
	return 0;
}

uint64_t registry_changes(const struct registry *reg)
{
	return reg->changes;
}

bool registry_unregister(struct registry *reg, const char *name, mono_t now)
{
	struct app *app = app_get(reg, name);
	if (app)
		unregister(app, now);
	return app;
}

void registry_unregister_all(struct registry *reg, mono_t now)
{
	struct app *app, *next;
	reg->notify = (struct notify){ 0 };
	HASH_ITER (hh, reg->apps, app, next)
		unregister(app, now);
}

/* Expired timers */

static void on_drained(struct app *app, mono_t now)
{
	log_event(LOG_INFO, "app", EVENT("app.drained", .app = app->spec->name),
		  "%s: drain_time expired, withdrawing it", app->spec->name);
	app_apply(app, now);
}

static void on_cleanup(struct app *app, mono_t now)
{
	app_apply(app, now);
	log_info("app", "%s: still %s after cleanup_timer, %s", app->spec->name,
		 app->drained_since == USEC_NEVER ? "down" : "drained",
		 app->forget ? "unregistering it" : "unbinding its VIPs");
	if (app->forget)
		unregister(app, now);
}

static void on_lease_end(struct app *app, mono_t now)
{
	char text[DURATION_TEXT_MAX];
	if (!app_lease_has_ended(app, now))
		return;
	log_event(LOG_INFO, "app", EVENT("app.expired", .app = app->spec->name),
		  "%s: lease of %s was not renewed, unregistering it", app->spec->name,
		  duration_format(app->spec->lease, text));
	app->registry->leases_expired++;
	unregister(app, now);
}

static void on_due(enum due_kind kind, struct deadline *entry, mono_t now, void *userdata)
{
	struct registry *reg = userdata;
	struct app *app = app_of_due(kind, reg, entry);
	switch (kind) {
	case DUE_UNDRAIN:
		drain_on_due(reg, app, now);
		break;
	case DUE_DRAINED:
		on_drained(app, now);
		break;
	case DUE_CLEANUP:
		on_cleanup(app, now);
		break;
	case DUE_LEASE:
		on_lease_end(app, now);
		break;
	case DUE_DAMPING:
		app_on_damping_end(app, now);
		break;
	case DUE_JOINED:
		app_apply(app, now);
		break;
	}
}

bool registry_tick(struct registry *reg, mono_t now)
{
	return due_tick(&reg->due, now);
}

/* Queries */

const struct app *registry_find(const struct registry *reg, const char *name)
{
	return app_get(reg, name);
}

const struct app *registry_owner(const struct registry *reg, const struct prefix *vip)
{
	return claims_owner(reg, vip);
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
		if (vip_find(reg->reconcile, &p))
			return true;
	}
	return false;
}

mono_t app_cleanup_at(const struct app *app)
{
	return app->form == ROUTE_NONE ? due_at(&app->due[DUE_CLEANUP]) : USEC_NEVER;
}

size_t registry_requested_vips(const struct registry *reg, const struct app *except)
{
	return reg->requested_vips - (except ? except->requested_vips : 0);
}

struct app_counts registry_count(const struct registry *reg)
{
	struct app_counts c = {
		.up = registry_n(reg, HEALTH_UP),
		.down = registry_n(reg, HEALTH_DOWN),
		.unknown = registry_n(reg, HEALTH_UNKNOWN),
		.damped = reg->due.of[DUE_DAMPING].n,
		.groups_kept = registry_kept_groups(reg, NULL, 0),
		.leases = reg->due.of[DUE_LEASE].n,
		.leases_expired = reg->leases_expired,
	};
	for (const struct app *app = reg->apps; app; app = app->hh.next) {
		c.draining += app->form == ROUTE_DRAIN;
		c.drained += app->drained_since != USEC_NEVER && app->form == ROUTE_NONE;
		c.apps_kept += app->kept;
		c.joining += app->form == ROUTE_JOIN;
	}
	return c;
}
