/* SPDX-License-Identifier: MIT */
#include "agent/status/forecast_fleet.h"

#include <stdlib.h>

#include "agent/fleet/fleet_agent.h"
#include "agent/status/view_json.h"
#include "fleet/outlook.h"
#include "lib/hash.h"
#include "lib/mem.h"
#include "lib/str.h"

/* An app that has guarded VIPs. */
struct guarded_app {
	char *name; /* the key; owned */
	struct fleet_claim claim;
	size_t first, n; /* of the VIPs */
	bool asks;
	bool settles; /* Consul had forgotten the fleet: the guard is not asked yet */
	UT_hash_handle hh;
};

struct guarded_vip {
	struct prefix prefix;
	const struct guarded_app *app;
	struct fleet_rule rule;
	struct fleet_outlook outlook;
};

struct forecast_fleet {
	struct guarded_app *apps; /* by name */
	struct guarded_vip *vips; /* by app */
	struct prefix *prefixes;  /* of `vips` */
	size_t n;
	json_t *shown;
	size_t below, unguarded_lost;
};

struct forecast_fleet *forecast_fleet_new(void)
{
	struct forecast_fleet *f = mem_new(1, sizeof(*f));
	f->shown = json_array();
	return f;
}

void forecast_fleet_free(struct forecast_fleet *f)
{
	struct guarded_app *a, *next;
	if (!f)
		return;
	HASH_ITER (hh, f->apps, a, next) {
		/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): it does not follow uthash's lists */
		HASH_DELETE(hh, f->apps, a);
		free(a->name);
		free(a);
	}
	json_decref(f->shown);
	free(f->vips);
	free(f->prefixes);
	free(f);
}

static struct guarded_app *find(const struct forecast_fleet *f, const char *name)
{
	struct guarded_app *a;
	HASH_FIND_STR(f->apps, name, a);
	return a;
}

static void add_vip(struct forecast_fleet *f, const struct guarded_app *app,
		    const struct prefix *vip, const struct fleet_rule *rule)
{
	f->vips = mem_grow_by_one(f->vips, f->n, sizeof(*f->vips));
	f->prefixes = mem_grow_by_one(f->prefixes, f->n, sizeof(*f->prefixes));
	f->vips[f->n] = (struct guarded_vip){ .prefix = *vip, .app = app, .rule = *rule };
	f->prefixes[f->n++] = *vip;
}

/* It would ask by a claim that it has not made yet. */
static struct guarded_app *add_app(struct forecast_fleet *f, const struct fleet_app *of,
				   const char *name, bool asks)
{
	struct fleet_app_status status;
	struct guarded_app *a = mem_new(1, sizeof(*a));
	fleet_app_status(of, &status);
	a->name = mem_strdup(name);
	a->claim = *fleet_app_claim(of);
	a->claim.number++;
	a->first = f->n;
	a->asks = asks;
	a->settles = status.is_settling;
	HASH_ADD_KEYPTR(hh, f->apps, a->name, strlen(a->name), a);
	return a;
}

void forecast_fleet_add(struct forecast_fleet *f, const struct status_sources *in,
			const struct fleet_spec *then, const struct app *app, bool asks)
{
	const struct fleet_app *of = fleet_agent_find(in->fleet, app->spec->name);
	if (!of || find(f, app->spec->name))
		return;
	struct guarded_app *a = add_app(f, of, app->spec->name, asks);
	for (size_t i = 0; i < app->spec->n_vips; i++) {
		const struct prefix *vip = &app->spec->vips[i];
		const struct fleet_min_up *min_up = fleet_spec_min_up(then, vip);
		const struct fleet_rule rule = { .min_up = min_up ? *min_up
								  : (struct fleet_min_up){ 0 },
						 .window = then->window };
		if (min_up && fleet_spec_min_up(&in->configuration->fleet, vip))
			add_vip(f, a, vip, &rule);
	}
	a->n = f->n - a->first;
}

const struct prefix *forecast_fleet_vips(const struct forecast_fleet *f, size_t *ret_n)
{
	*ret_n = f ? f->n : 0;
	return f ? f->prefixes : NULL;
}

void forecast_fleet_see(struct forecast_fleet *f, size_t i, const struct fleet_view *view,
			wall_t now)
{
	struct guarded_vip *v = &f->vips[i];
	fleet_outlook(view, &v->rule, &v->app->claim, now, &v->outlook);
}

/* ---- the answers ---- */

/* One that has more VIPs than a transaction holds is never let go. */
static enum fleet_prospect prospect_of(const struct forecast_fleet *f, const struct guarded_app *a)
{
	struct fleet_outlook all[FLEET_VIPS_MAX];
	if (a->n > FLEET_VIPS_MAX)
		return FLEET_PROSPECT_UNKNOWN;
	for (size_t i = 0; i < a->n; i++)
		all[i] = f->vips[a->first + i].outlook;
	enum fleet_prospect p = fleet_prospect(all, a->n);
	return p == FLEET_PROSPECT_GOES && a->settles ? FLEET_PROSPECT_WAITS : p;
}

static size_t room_of(const struct forecast_fleet *f, const struct guarded_app *a)
{
	struct fleet_outlook all[FLEET_VIPS_MAX];
	if (a->n > FLEET_VIPS_MAX)
		return 0;
	for (size_t i = 0; i < a->n; i++)
		all[i] = f->vips[a->first + i].outlook;
	return fleet_room(all, a->n);
}

bool forecast_fleet_keeps(const struct forecast_fleet *f, const char *app)
{
	const struct guarded_app *a = f ? find(f, app) : NULL;
	return a && a->asks && a->n > 0 && prospect_of(f, a) != FLEET_PROSPECT_GOES;
}

static const char *answer_of(const struct forecast_fleet *f, const struct guarded_app *a)
{
	if (!a->asks)
		return NULL;
	switch (prospect_of(f, a)) {
	case FLEET_PROSPECT_GOES:
		return "lets-go";
	case FLEET_PROSPECT_WAITS:
		return "waits";
	case FLEET_PROSPECT_UNKNOWN:
		break;
	}
	return "keeps";
}

/* ---- what is left ---- */

static const struct guarded_vip *find_vip(const struct forecast_fleet *f, const struct prefix *vip)
{
	for (size_t i = 0; i < f->n; i++)
		if (prefix_equal(&f->prefixes[i], vip))
			return &f->vips[i];
	return NULL;
}

/* Of those that announce it and do not leave already, if the same happened to all. */
static size_t left_of_all(const struct forecast_fleet *f, const struct guarded_vip *v, bool stays)
{
	size_t staying = v->outlook.others + v->outlook.stays;
	if (v->app->asks)
		return staying - room_of(f, v->app);
	return stays ? staying : 0;
}

void forecast_fleet_count(struct forecast_fleet *f, const struct prefix *vip,
			  const struct forecast_change *change)
{
	const struct guarded_vip *v = f ? find_vip(f, vip) : NULL;
	bool stays = change->to != ROUTE_NONE && change->n_after > 0;
	if (f && !v)
		f->unguarded_lost += forecast_change_is_loss(change);
	if (!v || !forecast_change_is_one(change))
		return;
	const struct fleet_outlook *o = &v->outlook;
	size_t left = o->others + stays;
	f->below += left < o->min_up;
	json_array_append_new(
		f->shown,
		json_pack("{s:o, s:o, s:I, s:I, s:I, s:I, s:b, s:o, s:I, s:I}", "prefix",
			  view_prefix(vip), "app", view_text(v->app->name), "up", VIEW_INT(o->up),
			  "joining", VIEW_INT(o->joining), "left", VIEW_INT(left), "min_up",
			  VIEW_INT(o->min_up), "below", left < o->min_up, "guard",
			  view_text_or_null(answer_of(f, v->app)), "ahead", VIEW_INT(o->ahead),
			  "left_of_all", VIEW_INT(left_of_all(f, v, stays))));
}

json_t *forecast_fleet_view(const struct forecast_fleet *f)
{
	if (!f)
		return json_null();
	return json_pack("{s:O, s:I, s:I}", "vips", f->shown, "below", VIEW_INT(f->below),
			 "unguarded_lost", VIEW_INT(f->unguarded_lost));
}
