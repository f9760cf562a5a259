/* SPDX-License-Identifier: MIT */
/*
 * The registered apps: who they are, which VIPs they own, and how healthy they are.
 *
 *	register/unregister ─┐
 *	verdicts of monitors ─┼─> app ── policy ──> what its VIPs should be ──> reconcile
 *	drain/undrain, files ─┤
 *	time ─────────────────┘
 *
 * Names and VIPs are unique; both are found by hash, so that registering N apps is linear in N.
 */
#ifndef AGENT_APP_REGISTRY_H
#define AGENT_APP_REGISTRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#include "agent/model/admission.h"
#include "agent/model/app_counts.h"
#include "agent/model/app_spec.h"
#include "agent/model/damping.h"
#include "agent/model/drain.h"
#include "agent/vip/reconcile.h"
#include "lib/deadlines.h"
#include "lib/err.h"
#include "lib/hash.h"
#include "lib/list.h"
#include "lib/mono.h"
#include "monitors/runner.h"
#include "process/file_watch.h"

/* The HTTP API is open to whoever reaches it. */
#define APPS_MAX 131072

struct registry;
struct app_group;

/* Read by others, written by app.c only. */
struct app {
	struct app_spec *spec; /* spec->name is the key */
	struct vip **vips;     /* as many as in spec->vips, in the same order */
	struct monitor_watch *watch;
	enum health health;   /* the last verdict; of the former definition until there is one */
	usec_t health_since;  /* of the last change; registered_at before the first */
	char *reason;         /* of DOWN; NULL else */
	usec_t registered_at; /* this definition */
	uint64_t went_up, went_down;
	struct damping damping;
	struct deadline release; /* due when the hold ends */
	struct deadline lease;   /* due when it ends; not scheduled: none */
	enum route_form form;    /* of its routes, as wanted; what is true is in the vips */
	usec_t off_since;        /* when the routes went; USEC_NEVER: there were none yet */
	usec_t left_at;          /* of policy_member */
	bool kept;               /* of policy_member */
	bool forget;             /* by the timer */
	struct app_group *group; /* NULL: none */
	struct drain *drain;     /* holds of its own; NULL: there were none yet */
	usec_t drained_since;    /* by anybody; USEC_NEVER: not drained */
	usec_t drain_end;        /* when the route goes */
	struct file_watch *disable_file;
	usec_t due, undrain_at; /* when time alone changes something */
	struct list_node member, due_node, undrain_node;
	struct registry *registry;
	UT_hash_handle hh;
};

/* What the registry does without, at first. */
struct registry_options {
	usec_t drain_time, keep_last_window; /* spans */
	bool keep_last_stretches;      /* the window, to what the checks of a group may differ by */
	struct file_watcher *presence; /* for disable_file; must outlive the registry */
	/* Which monitors are accepted from where; must outlive the registry. NULL: all. */
	const struct monitor_admission *admission;
};

enum register_result {
	REGISTER_NEW,
	REGISTER_SAME,
	REGISTER_RENEWED, /* the same, but for its lease, which begins anew or is lifted */
	REGISTER_REPLACED,
};

/* `runner` and `reconcile` must outlive it. */
struct registry *registry_new(sd_event *loop, struct monitor_runner *runner,
			      struct reconcile *reconcile, usec_t cleanup_timer);
/* Asked before an app may have a VIP; -errno and a text refuse it. */
typedef int registry_guard(const struct prefix *vip, struct err *err, void *userdata);
void registry_set_guard(struct registry *reg, registry_guard *guard, void *userdata);
/* What holds for apps that do not say it themselves; nothing is held before this. */
void registry_set_damping(struct registry *reg, const struct damping_config *config);
/* Before the first app. */
void registry_set_options(struct registry *reg, const struct registry_options *options);
/* Takes nothing down: unregister first what should go. */
void registry_free(struct registry *reg);

/*
 * Who may have a name or a VIP: the configuration file comes before HTTP, HTTP before Consul, and
 * among equals who was first. A definition takes from those that come after it what it needs, and
 * is refused what those before it have.
 */

/* Registers or replaces; copies `spec`. Ports are checked and what can go up is up when it
 * returns. A VIP that a replaced definition keeps is not touched. With -errno nothing changed:
 * -EACCES when a monitor is not accepted from where the app comes from, -EEXIST when a VIP belongs
 * to another app (the text names it), -EBUSY when the name belongs to a source that comes before,
 * -ENOSPC at APPS_MAX. */
int registry_register(struct registry *reg, const struct app_spec *spec, usec_t now,
		      enum register_result *ret, struct err *err);
/* The lease of an app ends then, instead of after its span. For an app of a former run. */
void registry_set_lease_end(struct registry *reg, const char *name, usec_t until);
/* When its lease ends; USEC_NEVER: it has none. */
usec_t app_lease_end(const struct app *app);
/* False when there is no such app. Its VIPs go down on their own. */
bool registry_unregister(struct registry *reg, const char *name, usec_t now);
void registry_unregister_all(struct registry *reg, usec_t now);

enum drain_result { DRAIN_NO_APP, DRAIN_BEGUN, DRAIN_CHANGED, DRAIN_ENDED, DRAIN_UNCHANGED };

/* Drains an app, or the whole agent (`name` NULL): routes become unattractive now and go after
 * drain_time. CHANGED: this source holds it already, and has another reason or end now. `until` is
 * USEC_NEVER, or when the hold is lifted by itself. */
enum drain_result registry_drain(struct registry *reg, const char *name, enum drain_source source,
				 const char *reason, usec_t until, usec_t now);
/* What other sources hold stays drained. UNCHANGED: the source did not hold it. */
enum drain_result registry_undrain(struct registry *reg, const char *name, enum drain_source source,
				   usec_t now);
/* A drain by the API that began in a former run, `earlier` ago. An app that is not registered yet
 * gets it when it is: before it is announced. */
void registry_restore_drain(struct registry *reg, const char *name, const char *reason,
			    usec_t until, usec_t earlier, usec_t now);
/* Whoever is not registered by now is not expected any more. */
typedef void registry_name_cb(const char *name, void *userdata);
void registry_drop_pending_drains(struct registry *reg, registry_name_cb *forgotten,
				  void *userdata);
/* What drains all apps. */
const struct drain *registry_agent_drain(const struct registry *reg);
/* When the last of the drains that run is over; `now` when none runs. */
usec_t registry_drained_at(const struct registry *reg, usec_t now);

struct app_counts registry_count(const struct registry *reg);
/* The names of the groups that are kept, at most `max`; returns how many. */
size_t registry_kept_groups(const struct registry *reg, const char **ret, size_t max);
/* Called when a name or a VIP may have become free, from inside the functions above and below: the
 * registry is not to be changed there. */
typedef void registry_freed_cb(void *userdata);
void registry_on_freed(struct registry *reg, registry_freed_cb *freed, void *userdata);
/* Called when what should outlive the process has changed: an app of HTTP, its lease, or who drains
 * any app over HTTP. `app` NULL: it is gone; `name` NULL: the agent. `renewed`: nothing but when
 * the lease ends. The registry is not to be changed there. */
typedef void registry_changed_cb(const char *name, const struct app *app, bool renewed,
				 void *userdata);
void registry_on_changed(struct registry *reg, registry_changed_cb *changed, void *userdata);
/* Whoever has the VIP, NULL: nobody. */
const struct app *registry_owner(const struct registry *reg, const struct prefix *vip);

/* NULL when there is none. */
const struct app *registry_find(const struct registry *reg, const char *name);
size_t registry_n(const struct registry *reg, enum health health);
/* Is the address in a VIP, also one that is going down? */
bool registry_has_vip(const struct registry *reg, const struct addr *a);
/* When the VIPs of an app without routes are removed; USEC_NEVER when nothing is due. */
usec_t app_cleanup_at(const struct app *app);

/* What the runner and the timer call; tests call them with a clock of their own. The app may be
 * gone after a tick. */
void app_on_verdict(struct app *app, enum health health, const char *reason, usec_t now);
void registry_tick(struct registry *reg, usec_t now);
void registry_release(struct registry *reg, usec_t now);
void registry_expire(struct registry *reg, usec_t now);

/* Walks all apps over several turns of the loop; an app that goes meanwhile is passed over. */
struct app_cursor {
	struct list_node node;
	const struct app *next;
};
void app_cursor_init(struct registry *reg, struct app_cursor *c);
/* NULL at the end. */
const struct app *app_cursor_next(struct app_cursor *c);
void app_cursor_done(struct app_cursor *c);

#endif
