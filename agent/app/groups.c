/* SPDX-License-Identifier: MIT */
#include "agent/app/groups.h"

#include <stdlib.h>
#include <string.h>

#include "agent/app/apply.h"
#include "agent/model/policy.h"
#include "lib/log.h"
#include "lib/mem.h"
#include "monitors/watch.h"

struct app_group {
	char *name; /* the key */
	struct list members;
	size_t n, n_up;
	bool kept; /* policy_group() */
	UT_hash_handle hh;
};

static struct app_group *group_get(struct registry *reg, const char *name)
{
	struct app_group *g;
	HASH_FIND(hh, reg->groups, name, strlen(name), g);
	if (g)
		return g;
	g = mem_new(1, sizeof(*g));
	g->name = mem_strdup(name);
	list_init(&g->members);
	HASH_ADD_KEYPTR(hh, reg->groups, g->name, strlen(g->name), g);
	return g;
}

static void group_free(struct registry *reg, struct app_group *g)
{
	HASH_DELETE(hh, reg->groups, g);
	free(g->name);
	free(g);
}

void groups_done(struct registry *reg)
{
	struct app_group *g = reg->groups, *next;
	HASH_CLEAR(hh, reg->groups);
	for (; g; g = next) {
		next = g->hh.next;
		free(g->name);
		free(g);
	}
}

size_t registry_kept_groups(const struct registry *reg, const char **ret, size_t max)
{
	size_t n = 0;
	for (const struct app_group *g = reg->groups; g; g = g->hh.next) {
		if (g->kept && n < max)
			ret[n] = g->name;
		n += g->kept;
	}
	return n;
}

static struct policy_member *members_of(const struct app_group *g)
{
	struct policy_member *members = mem_new(g->n, sizeof(*members));
	size_t i = 0;
	list_for_each (it, &g->members) {
		const struct app *app = list_entry(it, struct app, member);
		members[i++] = (struct policy_member){
			.health = app->health,
			.keep_last = app->spec->keep_last,
			.left_at = app->left_at,
			.kept = app->kept,
		};
	}
	return members;
}

static void log_group(const struct app_group *g)
{
	if (g->kept)
		log_event(LOG_ERROR, "app", EVENT("group.kept", .group = g->name),
			  "group %s: all apps went down at once, keeping them announced as "
			  "degraded: this looks like a broken check, not a broken service. Look at "
			  "the checks first, then at the services",
			  g->name);
	else
		log_event(LOG_WARNING, "app", EVENT("group.released", .group = g->name),
			  "group %s: apps are judged individually again", g->name);
}

static void set_kept(struct app *app, bool kept, const struct app *self, mono_t now)
{
	if (app->kept == kept)
		return;
	app->kept = kept;
	if (!kept)
		app->left_at = now;
	if (app != self)
		app_apply(app, now);
}

/* A common failure is noticed by each app at its own interval. */
static span_t window_of(const struct registry *reg, const struct app_group *g)
{
	span_t window = reg->options.keep_last_window;
	if (!reg->options.keep_last_stretches)
		return window;
	list_for_each (it, &g->members) {
		const struct app *app = list_entry(it, struct app, member);
		span_t notice = app->watch ? monitor_watch_notice(app->watch) : 0;
		window = notice > window ? notice : window;
	}
	return window;
}

/* `self` is applied by the caller. */
static void group_update(struct registry *reg, struct app_group *g, const struct app *self,
			 mono_t now)
{
	if (g->n == 0 || (g->n_up > 0 && !g->kept))
		return;
	struct policy_member *members = members_of(g);
	bool was = g->kept;
	size_t i = 0;
	g->kept = policy_group(members, g->n, window_of(reg, g), now);
	if (g->kept != was)
		log_group(g);
	list_for_each (it, &g->members)
		set_kept(list_entry(it, struct app, member), members[i++].kept, self, now);
	free(members);
}

void app_group_forecast(const struct app *app, const struct group_forecast *f, mono_t now)
{
	const struct app_group *g = app->group;
	if (!g)
		return;
	struct policy_member *members = members_of(g);
	size_t i = 0;
	list_for_each (it, &g->members) {
		struct policy_member *m = &members[i++];
		m->health = f->health_of(list_entry(it, struct app, member), f->userdata);
		if (m->health == HEALTH_DOWN &&
		    list_entry(it, struct app, member)->health == HEALTH_UP)
			m->left_at = now;
	}
	policy_group(members, g->n, window_of(app->registry, g), now);
	i = 0;
	list_for_each (it, &g->members)
		f->kept(list_entry(it, struct app, member), members[i++].kept, f->userdata);
	free(members);
}

void app_group_health(struct app *app, enum health from, mono_t now)
{
	struct app_group *g = app->group;
	if (!g)
		return;
	g->n_up += app->health == HEALTH_UP;
	g->n_up -= from == HEALTH_UP;
	group_update(app->registry, g, app, now);
}

void app_group_leave(struct app *app, mono_t now)
{
	struct app_group *g = app->group;
	if (!g)
		return;
	app->group = NULL;
	app->kept = false;
	list_remove(&app->member);
	g->n--;
	g->n_up -= app->health == HEALTH_UP;
	if (g->n == 0)
		group_free(app->registry, g);
	else if (g->kept)
		group_update(app->registry, g, app, now);
}

void app_group_join(struct app *app, mono_t now)
{
	const char *name = app->spec->group;
	if (app->group && name && strcmp(app->group->name, name) == 0) {
		group_update(app->registry, app->group, app, now); /* keep_last may be another */
		return;
	}
	app_group_leave(app, now);
	if (!name)
		return;
	struct app_group *g = app->group = group_get(app->registry, name);
	list_append(&g->members, &app->member);
	g->n++;
	g->n_up += app->health == HEALTH_UP;
	group_update(app->registry, g, app, now);
}
