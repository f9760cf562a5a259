/* SPDX-License-Identifier: MIT */
/*
 * The inside of the registry, for the files that share it:
 *
 *	app.c        registering, health, and what the policy says
 *	app_due.c    what time alone changes
 *	app_hold.c   apps that flap
 *	app_drain.c  who wants what drained
 *	app_group.c  apps that are judged together
 *	app_lease.c  apps that hold for a while only
 */
#ifndef AGENT_APP_INTERNAL_H
#define AGENT_APP_INTERNAL_H

#include "agent/app/registry.h"
#include "agent/model/drain.h"

/* Deadlines. Within each list they come nearly in order, as the spans are the same for all apps. */
enum app_due {
	DUE_DRAINED, /* drain_time is over */
	DUE_CLEANUP, /* cleanup_timer is over, or the app is to be forgotten */
};
#define APP_DUES 2

struct app_group {
	char *name; /* the key */
	struct list members;
	size_t n, n_up;
	bool kept; /* policy_group() */
	UT_hash_handle hh;
};

struct registry {
	sd_event *loop;
	struct monitor_runner *runner;
	struct reconcile *reconcile;
	usec_t cleanup_timer;
	struct registry_options options;
	struct drain drain; /* of the whole agent */
	struct app *apps;   /* by name */
	struct app_group *groups;
	struct list due[APP_DUES]; /* the first to be due comes first */
	struct list undrain;       /* apps with a drain that ends by itself, likewise */
	struct list cursors;
	size_t n_by_health[3];
	registry_guard *guard; /* NULL: any VIP will do */
	void *guard_userdata;
	struct damping_config hold;
	struct deadlines releases; /* apps that are held down */
	struct deadlines leases;
	uint64_t leases_expired;
	struct recalled *recalled; /* drains of a former run, by the name of the app; app_drain.c */
	sd_event_source *timer, *release_timer, *lease_timer;
	registry_freed_cb *freed; /* NULL: nobody wants to know */
	void *freed_userdata;
	registry_changed_cb *changed; /* likewise */
	void *changed_userdata;
};

/* Tells the reconciler what should be true. The app may be due afterwards, never gone. */
void app_apply(struct app *app, usec_t now);
struct app *registry_get(const struct registry *reg, const char *name);
void registry_tell_changed(struct registry *reg, const char *name, const struct app *app,
			   bool renewed);

/* app_due.c */
void app_set_due(struct app *app, enum app_due list, usec_t when);
void app_set_undrain(struct app *app, usec_t when); /* USEC_NEVER: not by itself */
void registry_arm_timer(struct registry *reg);

/* app_hold.c. After every change of health. */
void app_hold_look(struct app *app, usec_t now);
void registry_free_holds(struct registry *reg);

/* app_drain.c. What drains the app as its spec says; before its first health. */
void app_drain_watch(struct app *app, usec_t now);
void app_drain_done(struct app *app);
/* After anything that may have begun or ended a drain; applies it. */
void app_drain_look(struct app *app, usec_t now);

void registry_free_recalled(struct registry *reg);

/* app_lease.c. Begins the lease that the spec says, anew; or ends it. True when it had or has one.
 */
bool app_lease_begin(struct app *app, usec_t now);
void app_lease_end_now(struct app *app);
void registry_free_leases(struct registry *reg);

/* app_group.c. Joins the group that the spec names, after leaving the one it is in. */
void app_group_join(struct app *app, usec_t now);
void app_group_leave(struct app *app, usec_t now);
/* The app's health has changed, and so may what the group is kept for. Applies it to the others. */
void app_group_health(struct app *app, enum health from, usec_t now);
void registry_free_groups(struct registry *reg);

#endif
