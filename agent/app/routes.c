/* SPDX-License-Identifier: MIT */
#include "agent/app/routes.h"

#include <string.h>

#include "agent/app/apply.h"
#include "agent/app/claims.h"
#include "agent/app/registry.h"
#include "lib/mem.h"

static struct vip *find(const struct app *app, const struct prefix *vip)
{
	struct vip *v = vip_find(app->registry->reconcile, vip);
	return v && v->owner == app ? v : NULL;
}

bool routes_has(const struct app *app, const struct prefix *vip)
{
	return find(app, vip);
}

/* As registry_register() does it for an app, with this route alone. */
static int claim(struct app *app, const struct prefix *vip, const struct route_spec *route,
		 mono_t now, struct err *err)
{
	struct registry *reg = app->registry;
	struct prefix prefix = *vip;
	const struct app_spec alone = {
		.name = app->spec->name,
		.source = app->spec->source,
		.vips = &prefix,
		.n_vips = 1,
		.communities = route->communities,
	};
	int rc = reg->policy ? reg->policy(&alone, app, err, reg->policy_userdata) : 0;
	if (rc == 0)
		rc = claims_check(reg, &alone, app, err);
	if (rc == 0)
		registry_displace(reg, &alone, app, now);
	return rc;
}

static void append(struct app *app, struct vip *v)
{
	struct app_spec *spec = app->spec;
	size_t n = spec->n_vips;
	spec->vips = mem_grow_by_one(spec->vips, n, sizeof(*spec->vips));
	app->vips = mem_grow_by_one(app->vips, n, sizeof(struct vip *));
	spec->vips[n] = v->prefix;
	app->vips[n] = v;
	spec->n_vips = n + 1;
}

int routes_set(struct app *app, const struct prefix *vip, struct route_spec *route, mono_t now,
	       struct err *err)
{
	struct reconcile *r = app->registry->reconcile;
	struct vip *v = find(app, vip);
	if (v) {
		reconcile_set_route(r, v, route, now);
		return 0;
	}
	int rc = claim(app, vip, route, now, err);
	if (rc < 0)
		return rc;
	v = reconcile_claim(r, vip, app->spec, app);
	reconcile_set_route(r, v, route, now);
	append(app, v);
	app_apply_vip(app, v, now);
	reconcile_vip_now(r, v, now);
	return 0;
}

/* The VIP itself is left to the caller. */
static void forget(struct app *app, const struct vip *v)
{
	struct app_spec *spec = app->spec;
	size_t i = spec->n_vips - 1; /* from the end, where the newest are */
	while (app->vips[i] != v)
		i--;
	size_t after = --spec->n_vips - i;
	app->vips_gone++;
	memmove(&spec->vips[i], &spec->vips[i + 1], after * sizeof(*spec->vips));
	memmove(&app->vips[i], &app->vips[i + 1], after * sizeof(struct vip *));
}

void routes_set_bind(struct app *app, enum bind bind)
{
	app->spec->bind = bind;
	for (size_t i = 0; i < app->spec->n_vips; i++)
		reconcile_bind_changed(app->registry->reconcile, app->vips[i]);
}

bool routes_drop(struct app *app, const struct prefix *vip, mono_t now)
{
	struct vip *v = find(app, vip);
	if (!v)
		return false;
	forget(app, v);
	reconcile_release(app->registry->reconcile, v, now);
	notify_freed(&app->registry->notify);
	return true;
}
