/* SPDX-License-Identifier: MIT */
#include "agent/app/joins.h"

#include <stdlib.h>
#include <string.h>

#include "agent/config/app_hash.h"
#include "lib/log.h"
#include "lib/mem.h"
#include "lib/str.h"

struct pending_promotion {
	char *name; /* the key */
	char sha256[SHA256_TEXT_MAX];
	UT_hash_handle hh;
};

static struct pending_promotion *find(const struct registry *reg, const char *name)
{
	struct pending_promotion *p;
	HASH_FIND(hh, reg->pending_promotions, name, strlen(name), p);
	return p;
}

static void drop(struct registry *reg, struct pending_promotion *p)
{
	/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): it does not follow uthash's lists */
	HASH_DELETE(hh, reg->pending_promotions, p);
	free(p->name);
	free(p);
}

/* NOLINTNEXTLINE(readability-function-size): uthash's macros are long */
void registry_restore_promotion(struct registry *reg, const char *name, const char *sha256)
{
	struct pending_promotion *p = find(reg, name);
	if (p)
		drop(reg, p);
	p = mem_new(1, sizeof(*p));
	p->name = mem_strdup(name);
	str_copy(p->sha256, sizeof(p->sha256), sha256);
	HASH_ADD_KEYPTR(hh, reg->pending_promotions, p->name, strlen(p->name), p);
}

void registry_drop_promotions(struct registry *reg)
{
	struct pending_promotion *p, *next;
	HASH_ITER (hh, reg->pending_promotions, p, next)
		drop(reg, p);
}

/* ---- definitions ---- */

static bool has_join(const struct app_spec *spec)
{
	return announce_specs_announces(spec->announce, ANNOUNCE_JOIN);
}

static void apply_promotion(struct app *app)
{
	struct pending_promotion *p = find(app->registry, app->spec->name);
	if (!p)
		return;
	str_copy(app->joining->promoted, sizeof(app->joining->promoted), p->sha256);
	drop(app->registry, p);
}

/* To turn joining on does not make anything join. */
static bool carries_on(const struct app_spec *former, const char *hash)
{
	char before[SHA256_TEXT_MAX];
	return former && !has_join(former) && str_equal(config_app_hash(former, before), hash);
}

static void log_joining(const struct app *app)
{
	char text[DURATION_TEXT_MAX];
	log_event(LOG_INFO, "app", EVENT("app.joining", .app = app->spec->name),
		  "%s: this definition is not promoted yet: announced with the attributes of "
		  "states.join until its checks have passed for %s",
		  app->spec->name, duration_format(app_join_time(app), text));
}

static void define(struct app *app, const struct app_spec *former, mono_t now)
{
	char hash[SHA256_TEXT_MAX];
	config_app_hash(app->spec, hash);
	joining_define(app->joining, hash, carries_on(former, hash), now);
}

void app_join_define(struct app *app, const struct app_spec *former, mono_t now)
{
	if (!has_join(app->spec)) {
		mem_free(&app->joining);
		return;
	}
	if (!app->joining)
		app->joining = mem_new(1, sizeof(*app->joining));
	if (!former)
		apply_promotion(app);
	mono_t before = app->joining->on ? app->joining->since : USEC_NEVER;
	define(app, former, now);
	if (app->joining->on && app->joining->since != before)
		log_joining(app);
}

void app_join_done(struct app *app)
{
	mem_free(&app->joining);
}

/* ---- time ---- */

span_t app_join_time(const struct app *app)
{
	return app->spec->join_time ? app->spec->join_time : app->registry->options.join_time;
}

void app_join_judged(struct app *app)
{
	if (app->joining)
		app->joining->is_judged = true;
}

static mono_t step(struct app *app, mono_t now)
{
	bool passes = app->health == HEALTH_UP && app->drained_since == USEC_NEVER;
	return app->joining ? joining_step(app->joining, passes, app_join_time(app), now)
			    : USEC_NEVER;
}

void app_join_step(struct app *app, mono_t now)
{
	mono_t due = step(app, now);
	due_set(&app->registry->due, DUE_JOINED, &app->due[DUE_JOINED], due);
}

static bool may_promote(const struct app *app)
{
	const struct registry *reg = app->registry;
	return app_joins(app) && app->joining->is_due &&
	       (!reg->fleet || reg->fleet->promotes(app, reg->fleet_userdata));
}

bool app_join_promote(struct app *app)
{
	const struct registry *reg = app->registry;
	if (!may_promote(app))
		return false;
	joining_promote(app->joining);
	log_event(LOG_INFO, "app", EVENT("app.promoted", .app = app->spec->name),
		  "%s: promoted, its checks have passed for long enough", app->spec->name);
	notify_changed(&reg->notify, app->spec->name, app, false);
	return true;
}

bool app_join_if(struct app *copy, bool is_other, const struct app_spec *former, mono_t now)
{
	if (!has_join(copy->spec))
		return false;
	if (is_other)
		define(copy, former, now);
	step(copy, now);
	return copy->joining->on && !may_promote(copy);
}

/* ---- queries ---- */

bool app_joins(const struct app *app)
{
	return app->joining && app->joining->on;
}

mono_t app_join_due(const struct app *app)
{
	if (!app_joins(app))
		return USEC_NEVER;
	return usec_add(app->joining->passes_since, app_join_time(app));
}
