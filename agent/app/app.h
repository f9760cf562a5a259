/* SPDX-License-Identifier: MIT */
/*
 * The apps of the registry, and the table of them. Written by the modules of this directory, which
 * are layers; each knows those below it:
 *
 *	registry                registering, replacing, unregistering; what becomes due
 *	forecast                what would follow if monitors failed, or from another configuration
 *	plan                    the apps as a reload would leave them
 *	health                  verdicts of the monitors
 *	drains groups           what else changes the decision, for one app or for many
 *	damped leases           deadlines of an app
 *	claims budgets          who may have a name or a VIP, and how many
 *	apply                   the decision of the policy, handed to the reconciler
 *	joins                   new definitions, until they are promoted
 *	guarded                 what the guard of the fleet is told, and what it says
 *	due notify app          deadlines, callbacks, this table
 */
#ifndef AGENT_APP_APP_H
#define AGENT_APP_APP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#include "agent/app/due.h"
#include "agent/app/notify.h"
#include "agent/model/admission.h"
#include "agent/model/app_spec.h"
#include "agent/model/app_state.h"
#include "agent/model/damping.h"
#include "agent/model/drain.h"
#include "agent/model/joining.h"
#include "agent/model/principal.h"
#include "agent/vip/reconcile.h"
#include "fleet/member.h"
#include "lib/err.h"
#include "lib/hash.h"
#include "lib/list.h"
#include "lib/mono.h"
#include "monitors/runner.h"
#include "process/file_watch.h"
#include "process/pause_watch.h"

struct registry;
struct app_group;
struct budget;
struct pending_drain;
struct pending_promotion;

/* Of a budget (agent/app/budgets.h). */
struct budget_share {
	size_t apps, vips, bytes;
};

struct app {
	struct app_spec *spec; /* spec->name is the key */
	/* Definitions before, which VIPs that are kept for their heirs are announced by. */
	struct app_spec **formers;
	size_t n_formers;
	struct vip *
		*vips; /* as many as in spec->vips, in the same order; new ones come at the end */
	uint64_t vips_gone; /* that this definition had */
	struct monitor_watch *watch;
	enum health health;   /* the last verdict; of the former definition until there is one */
	mono_t health_since;  /* of the last change; registered_at before the first */
	char *reason;         /* of DOWN; NULL else */
	mono_t registered_at; /* this definition */
	enum app_state state; /* of health, drain and form; for the views */
	mono_t state_since;   /* of the last change; registered_at before the first */
	uint64_t went_up, went_down;
	struct damping damping;
	enum route_form form;         /* of its routes, as wanted; what is true is in the vips */
	mono_t off_since;             /* when the routes went; USEC_NEVER: there were none yet */
	mono_t left_at;               /* of policy_member */
	bool kept;                    /* of policy_member */
	enum fleet_evidence evidence; /* of its health, as the guard of the fleet sees it */
	bool down_hard;               /* of DOWN: by hard evidence; also while it is held down */
	bool guarded;                 /* down, and kept announced by the guard of the fleet */
	bool forget;                  /* when DUE_CLEANUP is due */
	struct app_group *group;      /* NULL: none */
	struct budget *budget;        /* of HTTP: its principal's; and its share of that */
	struct budget_share share;
	size_t requested_vips; /* of HTTP and Consul */
	struct drain *drain;   /* requested for this app; NULL: there was none yet */
	mono_t drained_since;  /* by any request; USEC_NEVER: not drained */
	mono_t drain_end;      /* when the route goes */
	struct file_watch *disable_file;
	struct deadline due[DUE_KINDS];
	struct joining *joining; /* NULL: it has no states.join */
	span_t lease_lost;       /* by pauses, when the lease began */
	struct list_node member;
	struct registry *registry;
	UT_hash_handle hh;
};

struct registry_options {
	span_t drain_time, keep_last_window;
	span_t join_time;         /* of apps that do not set it themselves */
	uint32_t drain_until;     /* packets a second, below which a drain ends; 0: by time only */
	bool keep_last_stretches; /* the window, to what the checks of a group may differ by */
	struct file_watcher *presence; /* for disable_file; must outlive the registry */
	/* Which monitors are accepted from where; must outlive the registry. NULL: all. */
	const struct monitor_admission *admission;
	enum bind bind; /* of apps that do not set it themselves */
	/* Of each principal of HTTP; must outlive the registry. NULL: no limits. */
	const struct api_budget *budget;
};

/* Asked before an app may have a VIP; -errno and a text refuse it. */
typedef int registry_guard(const struct prefix *vip, struct err *err, void *userdata);

/* Asked before an app is registered, or `self` is replaced (NULL: it is new); -errno and a text
 * refuse it. */
typedef int registry_policy(const struct app_spec *spec, const struct app *self, struct err *err,
			    void *userdata);

/* The name of the app of the configuration that is to have the VIP; NULL: none. */
typedef const char *registry_heir(const struct prefix *vip, void *userdata);

/* The guard of the fleet. None is NULL. */
struct registry_fleet {
	/* The app has changed; `announced`: some VIP of it is so far. Whether it is to stay
	 * announced although it is down. */
	bool (*update)(const struct app *app, enum fleet_evidence evidence, bool announced,
		       mono_t now, void *userdata);
	/* Whether it asks at all before it lets the app go. */
	bool (*guards)(const struct app *app, void *userdata);
	/* Whether nothing stands against promoting the app, whose checks have passed for
	 * join_time. */
	bool (*promotes)(const struct app *app, void *userdata);
	/* It is about to be freed. */
	void (*gone)(const struct app *app, void *userdata);
};

struct registry {
	struct monitor_runner *runner;
	struct reconcile *reconcile;
	sd_event *loop;
	span_t cleanup_timer;
	struct registry_options options;
	struct damping_config damping; /* of apps that do not set it themselves */
	struct app *apps;              /* by name */
	uint64_t changes;              /* of what is registered by which name, and how */
	struct list cursors;
	size_t n_by_health[3];
	struct due_queue due;
	struct app_group *groups;
	struct budget *budgets; /* by the name of the principal */
	size_t requested_vips;  /* of HTTP and Consul */
	struct drain drain;     /* of the whole agent */
	struct deadline agent_undrain;
	struct pending_drain *pending_drains;         /* by the name of the app */
	struct pending_promotion *pending_promotions; /* likewise */
	char **rolled;                                /* names of apps that a roll drains */
	size_t n_rolled;
	char *rolled_why;
	struct pause_watch pauses; /* on while there are leases */
	uint64_t leases_expired;
	registry_guard *guard; /* NULL: any VIP is accepted */
	void *guard_userdata;
	registry_policy *policy; /* NULL: all are accepted */
	void *policy_userdata;
	registry_heir *heir; /* NULL: VIPs do not move between apps of the configuration */
	void *heir_userdata;
	const struct registry_fleet *fleet; /* NULL: no guard */
	void *fleet_userdata;
	struct notify notify;
};

/* NULL when there is none. */
struct app *app_get(const struct registry *reg, const char *name);
void app_table_add(struct registry *reg, struct app *app);
void app_table_remove(struct registry *reg, struct app *app);
/* NULL when it is not an app's. */
struct app *app_of_due(enum due_kind kind, const struct registry *reg, struct deadline *entry);

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
