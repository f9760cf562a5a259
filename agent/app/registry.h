/* SPDX-License-Identifier: MIT */
/*
 * Registers apps: gives them their VIPs and monitors, replaces and removes them.
 *
 *	register/unregister ──┐
 *	verdicts of monitors ─┼─> app ── policy ──> what its VIPs should be ──> reconcile
 *	drains, disable files ┤
 *	deadlines ────────────┘
 *
 * Names and VIPs are unique; both are found by hash, so that registering N apps is linear in N.
 */
#ifndef AGENT_APP_REGISTRY_H
#define AGENT_APP_REGISTRY_H

#include "agent/app/app.h"
#include "agent/model/app_counts.h"

enum register_result {
	REGISTER_NEW,
	REGISTER_SAME,
	REGISTER_RENEWED, /* the same, but for its lease, which begins anew or is lifted */
	REGISTER_REPLACED,
};

/* `runner` and `reconcile` must outlive it. */
struct registry *registry_new(sd_event *loop, struct monitor_runner *runner,
			      struct reconcile *reconcile, span_t cleanup_timer);
void registry_set_guard(struct registry *reg, registry_guard *guard, void *userdata);
void registry_set_policy(struct registry *reg, registry_policy *policy, void *userdata);
/* During a reload, in which every app of the configuration is registered anew: a VIP stays with the
 * app that has it until its heir is registered, and moves without a gap if that one is up. An app
 * that is new and takes over the VIP of another one with the same monitors has its health until the
 * first verdict. NULL ends that. */
void registry_set_heirs(struct registry *reg, registry_heir *heir, void *userdata);
/* For apps that do not set it themselves; without it none is held down. */
void registry_set_damping(struct registry *reg, const struct damping_config *config);
/* Before the first app; or at a reload, then call registry_refresh() for all apps. */
void registry_set_options(struct registry *reg, const struct registry_options *options);
/* The same. */
void registry_set_cleanup_timer(struct registry *reg, span_t cleanup_timer);
/* Applies other options, and another timing of the runner, to an app that did not change. */
void registry_refresh(struct registry *reg, const struct app *app, mono_t now);
/* One callback for each `userdata`, NOTIFY_READERS of them; NULL: it is not called any more. */
void registry_on_freed(struct registry *reg, registry_freed_cb *freed, void *userdata);
void registry_on_changed(struct registry *reg, registry_changed_cb *changed, void *userdata);
/* The guard of the fleet, before the first app; NULL: there is none. */
void registry_set_fleet(struct registry *reg, const struct registry_fleet *fleet, void *userdata);
/* The guard says something else of the app, which may be gone. */
void registry_guard_changed(struct registry *reg, const char *name, mono_t now);
/* Takes nothing down: unregister first what should go. */
void registry_free(struct registry *reg);

/* Registers or replaces; copies `spec`. Ports are checked and what can go up is up when it returns.
 * A VIP that a replaced definition keeps is not touched. With -errno nothing changed: -EACCES when
 * a monitor, a VIP or a community is not accepted from where the app comes from, -EEXIST when a VIP
 * belongs to another app (the text names it), -EBUSY when the name belongs to a source that comes
 * before, -ENOSPC at APPS_MAX, -EDQUOT when its principal has used up its budget, -EMFILE when file
 * descriptors run short. */
int registry_register(struct registry *reg, const struct app_spec *spec, mono_t now,
		      enum register_result *ret, struct err *err);
/* Frees the VIPs of `spec` that apps have which come after it, as registering it does. */
void registry_displace(struct registry *reg, const struct app_spec *spec, const struct app *self,
		       mono_t now);
/* Grows whenever an app is added, replaced or removed, loses a VIP to another or becomes another
 * source's. */
uint64_t registry_changes(const struct registry *reg);
/* False when there is no such app. Its VIPs go down on their own. */
bool registry_unregister(struct registry *reg, const char *name, mono_t now);
/* Without callbacks: nothing is to take the place of what goes. */
void registry_unregister_all(struct registry *reg, mono_t now);
/* Handles what is due; the timer calls it, and tests with a clock of their own. True when more is
 * due already. Any app may be gone after it. */
bool registry_tick(struct registry *reg, mono_t now);

/* NULL when there is none. */
const struct app *registry_find(const struct registry *reg, const char *name);
/* The app that has the VIP; NULL: none. */
const struct app *registry_owner(const struct registry *reg, const struct prefix *vip);
/* Is the address in a VIP, also one that is going down? */
bool registry_has_vip(const struct registry *reg, const struct addr *a);
/* When the VIPs of an app without routes are removed; USEC_NEVER when nothing is due. */
mono_t app_cleanup_at(const struct app *app);
/* VIPs of HTTP and Consul, without those of one app. */
size_t registry_requested_vips(const struct registry *reg, const struct app *except);
size_t registry_n(const struct registry *reg, enum health health);
struct app_counts registry_count(const struct registry *reg);

#endif
