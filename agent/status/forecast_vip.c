/* SPDX-License-Identifier: MIT */
#include "agent/status/forecast_vip.h"

#include <stdio.h>

#include "agent/app/joins.h"
#include "lib/str.h"

/* ---- whose it would be ---- */

static const struct app_outcome gone = { .want = { .address = ADDRESS_ABSENT },
					 .address_goes = true };

static void find_owner(const struct forecast *f, const struct plan *plan, mono_t now,
		       struct forecast_vip *v)
{
	const struct app_spec *next = plan_owner(plan, &v->vip->prefix);
	const struct app *app = v->vip->owner;
	const char *name = next ? next->name : app ? app->spec->name : NULL;
	v->of = name ? forecast_find(f, name) : NULL;
	v->owner = v->of ? (const void *)v->of : app;
	if (!v->of || !forecast_app(f, v->of, now, &v->app))
		return;
	v->after.spec = &v->app.spec;
	if (app && str_equal(app->spec->name, name))
		v->after.route = v->vip->route;
}

/* With a plan each app has its forecast; one that has the VIP no more has it neither in its
 * definition. */
static bool is_had(const struct forecast_vip *v)
{
	const struct app_spec *spec = v->after.spec;
	return spec && app_spec_vip_place(spec, &v->vip->prefix) < spec->n_vips;
}

static bool is_defined_alike(const struct forecast_vip *v)
{
	const struct vip *vip = v->vip;
	return vip->spec && app_spec_bound_alike(vip->spec, v->after.spec) &&
	       app_spec_nats_equal(vip->spec, v->after.spec);
}

/* ---- the route ---- */

/* A VIP that is kept from going up by something else stays so. */
static enum route_form form_after(const struct forecast_vip *v)
{
	const struct vip *vip = v->vip;
	const struct app *app = vip->owner;
	enum route_form present = vip->announced ? vip->form : ROUTE_NONE;
	if (!v->changes)
		return present;
	if (!v->after.spec)
		return ROUTE_NONE;
	if (app && v->out.want.route == app->form && is_defined_alike(v) &&
	    vip->want.route == v->out.want.route)
		return present;
	bool is_troubled = !vip->announced && vip->trouble && is_defined_alike(v);
	return is_troubled ? ROUTE_NONE : v->out.want.route;
}

/* No check of it has run yet. */
static bool is_unchecked(const struct forecast_vip *v)
{
	return v->after.spec && v->of && v->of->fate == PLAN_COMES &&
	       v->of->supposed.health == HEALTH_UNKNOWN && v->app.app.drained_since == USEC_NEVER;
}

void forecast_vip_find(const struct forecast *f, const struct plan *plan, const struct vip *vip,
		       mono_t now, struct forecast_vip *ret)
{
	*ret = (struct forecast_vip){ .vip = vip, .after = { .prefix = vip->prefix } };
	find_owner(f, plan, now, ret);
	if (!ret->of) {
		ret->after.spec = vip->spec;
		ret->after.route = vip->route;
		ret->after.want.joins = vip->want.joins;
	} else if (is_had(ret)) {
		ret->changes = true;
		ret->out = forecast_outcome(f, ret->of, &ret->app, now);
		ret->after.want.joins = app_joins(&ret->app.app);
	} else {
		ret->changes = true;
		ret->after.spec = NULL;
		ret->owner = NULL;
		ret->out = gone;
	}
	ret->form = form_after(ret);
	ret->later = !is_unchecked(ret)      ? ROUTE_NONE
		     : ret->after.want.joins ? ROUTE_JOIN
					     : ROUTE_UP;
}

/* ---- the address ---- */

/* Our address or route is there, or would be, and is to stay. */
static bool is_bound(const struct forecast_vip *v)
{
	return v->vip->bound || v->vip->retained;
}

static bool would_be_bound(const struct forecast_vip *v)
{
	if (!v->changes || (is_bound(v) && v->later != ROUTE_NONE))
		return is_bound(v);
	if (v->later != ROUTE_NONE)
		return true;
	if (!v->after.spec || v->out.address_goes)
		return false;
	switch (v->out.want.address) {
	case ADDRESS_ABSENT:
		return false;
	case ADDRESS_RETAINED:
		return is_bound(v);
	case ADDRESS_BOUND:
		break;
	}
	return v->vip->bound || !v->vip->trouble || !is_defined_alike(v);
}

/* NULL: neither our address nor our route. */
static const char *place_of(const struct app_spec *spec)
{
	return spec ? app_spec_place(spec) : NULL;
}

const char *forecast_vip_address(const struct forecast_vip *v)
{
	const char *before = is_bound(v) ? place_of(v->vip->spec) : NULL,
		   *after = would_be_bound(v) ? place_of(v->after.spec) : NULL;
	if (!before && !after)
		return NULL;
	if (!before)
		return "added";
	if (!after)
		return "removed";
	return app_spec_bound_alike(v->vip->spec, v->after.spec) ? NULL : "moved";
}

bool forecast_vip_goes_later(const struct forecast_vip *v)
{
	return v->changes && v->after.spec && v->out.address_goes;
}

const char *forecast_vip_bind(const struct forecast_vip *v, bool after,
			      char buf[static FORECAST_BIND_MAX])
{
	const struct app_spec *spec = after ? v->after.spec : v->vip->spec;
	const char *place = (after ? would_be_bound(v) : is_bound(v)) ? place_of(spec) : NULL;
	if (!place)
		return NULL;
	snprintf(buf, FORECAST_BIND_MAX, "%s on %s", bind_name(app_spec_bind(spec)), place);
	return buf;
}

/* ---- NAT ---- */

static bool has_nat(const struct app_spec *spec, const struct nat_spec *nat)
{
	char text[NAT_SPEC_TEXT_MAX], other[NAT_SPEC_TEXT_MAX];
	nat_spec_format(nat, text);
	for (size_t i = 0; spec && i < spec->n_nats; i++)
		if (str_equal(nat_spec_format(&spec->nats[i], other), text))
			return true;
	return false;
}

json_t *forecast_vip_nats(const struct forecast_vip *v, bool come)
{
	char text[NAT_SPEC_TEXT_MAX];
	const struct app_spec *before = is_bound(v) ? v->vip->spec : NULL,
			      *after = would_be_bound(v) ? v->after.spec : NULL;
	const struct app_spec *of = come ? after : before, *other = come ? before : after;
	json_t *array = json_array();
	for (size_t i = 0; of && i < of->n_nats; i++)
		if (nat_spec_covers(&of->nats[i], v->vip->prefix.addr.family) &&
		    !has_nat(other, &of->nats[i]))
			json_array_append_new(array,
					      json_string(nat_spec_format(&of->nats[i], text)));
	return array;
}
