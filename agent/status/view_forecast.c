/* SPDX-License-Identifier: MIT */
#include "agent/status/view_forecast.h"

#include <stdlib.h>

#include "agent/model/app_state.h"
#include "agent/status/forecast_fleet.h"
#include "agent/status/forecast_routes.h"
#include "agent/status/json_out.h"
#include "agent/status/view_json.h"
#include "lib/mem.h"

enum phase { JUDGE, GATHER, LOOK, SHOW_APPS, COUNT, SHOW_VIPS, SHOW_AGGREGATES, ENDED };

struct forecast_view {
	struct forecast *forecast;
	enum phase phase;
	const struct app_forecast *app; /* the last one that was shown */
	struct reconcile *reconcile;
	struct vip_cursor cursor;
	struct aggregates *aggregates; /* a copy, in which the VIPs are counted as they would be */
	size_t aggregate;              /* the next one */
	size_t lost;
	struct json_out out;
	struct peer_id *down;
	size_t n_down;
	bool consul_away;
	struct forecast_fleet *fleet; /* NULL: it is not asked about */
	struct app_cursor apps;       /* of GATHER */
	bool walks;
	/* Of the turn. */
	struct status_sources in;
	struct forecast_routes routes;
};

static void ignore_announce(const struct aggregate_spec *spec, enum route_form form, void *userdata)
{
	(void)spec, (void)form, (void)userdata;
}

static void ignore_withdraw(const struct aggregate_spec *spec, void *userdata)
{
	(void)spec, (void)userdata;
}

static void ignore_changed(const struct aggregate_spec *spec, enum route_form form,
			   struct aggregate_count count, void *userdata)
{
	(void)spec, (void)form, (void)count, (void)userdata;
}

struct forecast_view *forecast_view_new(const struct status_sources *in, struct forecast *forecast,
					const struct forecast_question *question)
{
	static const struct aggregates_ops ops = { ignore_announce, ignore_withdraw,
						   ignore_changed };
	struct forecast_view *v = mem_new(1, sizeof(*v));
	v->forecast = forecast;
	v->reconcile = in->reconcile;
	v->aggregates = aggregates_new(&ops, NULL);
	v->consul_away = question->consul_away;
	v->fleet = question->fleet ? forecast_fleet_new() : NULL;
	v->n_down = question->n_down;
	v->down = mem_new(v->n_down + 1, sizeof(*v->down));
	for (size_t i = 0; i < v->n_down; i++)
		v->down[i] = question->down[i];
	aggregates_begin_change(v->aggregates, aggregates_list(actuator_aggregates(in->actuator)));
	vip_cursor_init(v->reconcile, &v->cursor);
	return v;
}

void forecast_view_free(struct forecast_view *v)
{
	if (!v)
		return;
	vip_cursor_done(&v->cursor);
	if (v->walks)
		app_cursor_done(&v->apps);
	forecast_fleet_free(v->fleet);
	aggregates_free(v->aggregates);
	forecast_free(v->forecast);
	free(v->down);
	free(v->out.text);
	free(v);
}

void forecast_view_begin_turn(struct forecast_view *v, const struct status_sources *in)
{
	v->in = *in;
	forecast_routes_init(&v->routes, &v->in, v->aggregates);
	for (size_t i = 0; i < v->n_down; i++)
		forecast_routes_set_down(&v->routes, &v->down[i]);
}

void forecast_view_end_turn(struct forecast_view *v)
{
	forecast_routes_done(&v->routes);
}

const char *forecast_view_text(const struct forecast_view *v)
{
	return v->out.text;
}

static void rewind_vips(struct forecast_view *v)
{
	vip_cursor_done(&v->cursor);
	vip_cursor_init(v->reconcile, &v->cursor);
}

static json_t *span_or_null(bool is, span_t span)
{
	return is ? view_span(span) : json_null();
}

/* What follows from Consul's being away besides; NULL: it is not supposed to be. */
static json_t *view_consul_away(const struct forecast_view *v)
{
	struct forecast_consul c = forecast_consul(v->forecast);
	const struct consul_config *config = &v->in.config->consul;
	if (!v->consul_away)
		return json_null();
	return json_pack("{s:I, s:I, s:I, s:b, s:o}", "apps_stay", VIEW_INT(c.n_apps),
			 "monitors_stay", VIEW_INT(c.n_monitors - c.n_failing), "monitors_fail",
			 VIEW_INT(c.n_failing), "publishing_stops", config->publish,
			 "max_stale_seconds",
			 span_or_null(config->max_stale > 0, config->max_stale));
}

static void begin_list(struct forecast_view *v, const char *key)
{
	json_out_key(&v->out, key);
	json_out_open(&v->out, '[');
}

static void begin(struct forecast_view *v)
{
	json_out_open(&v->out, '{');
	json_out_key(&v->out, "consul");
	json_out_json(&v->out, view_consul_away(v));
	begin_list(v, "apps");
	v->phase = SHOW_APPS;
}

/* ---- the fleet ---- */

/* Of the apps that change, and of all that are announced when sessions are down. */
static void gather_next(struct forecast_view *v)
{
	const struct app *app;
	if (!v->walks) {
		v->app = forecast_next(v->forecast, v->app);
		app = v->app ? registry_find(v->in.registry, v->app->name) : NULL;
		if (app)
			forecast_fleet_add(v->fleet, &v->in, app, v->app->asks);
		v->walks = !v->app;
		if (v->walks)
			app_cursor_init(v->in.registry, &v->apps);
		return;
	}
	app = v->n_down > 0 ? app_cursor_next(&v->apps) : NULL;
	if (app && app->form != ROUTE_NONE)
		forecast_fleet_add(v->fleet, &v->in, app, false);
	if (!app)
		v->phase = LOOK;
}

bool forecast_view_looks(const struct forecast_view *v, const struct prefix **ret, size_t *ret_n)
{
	*ret = v->phase == LOOK ? forecast_fleet_vips(v->fleet, ret_n) : NULL;
	return v->phase == LOOK;
}

void forecast_view_see(struct forecast_view *v, size_t i, const struct fleet_view *view, wall_t now)
{
	forecast_fleet_see(v->fleet, i, view, now);
}

void forecast_view_seen(struct forecast_view *v)
{
	const struct app_forecast *a = NULL;
	while ((a = forecast_next(v->forecast, a)))
		if (forecast_fleet_keeps(v->fleet, a->name))
			forecast_keep(v->forecast, a->name);
	begin(v);
}

/* ---- apps ---- */

static json_t *before_and_after(const char *before, const char *after)
{
	return json_pack("{s:s, s:s}", "before", before, "after", after);
}

static json_t *view_app(const struct app *app, const struct app_forecast *of, mono_t now)
{
	struct app_outcome out = forecast_outcome(app, of, now);
	bool drained = app->drained_since != USEC_NEVER, falls = of->verdict.goes_down;
	return json_pack(
		"{s:o, s:o, s:o, s:b, s:o, s:o, s:o, s:o}", "app", view_text(of->name), "health",
		before_and_after(health_name(app->health), health_name(of->supposed.health)),
		"state",
		before_and_after(app_state_name(app->health, app->form, drained),
				 app_state_name(of->supposed.health, out.want.route, drained)),
		"guarded", of->supposed.guarded, "checks",
		falls ? json_integer(VIEW_INT(of->verdict.checks)) : json_null(), "noticed_seconds",
		span_or_null(falls, of->verdict.notice), "held_down_seconds",
		span_or_null(out.held_down > 0, out.held_down), "unregistered_seconds",
		span_or_null(out.forgotten, out.address_stays));
}

static bool is_another(const struct app *app, const struct app_supposed *s)
{
	return app->health != s->health || app->kept != s->kept || app->guarded != s->guarded;
}

static void show_next_app(struct forecast_view *v, mono_t now)
{
	v->app = forecast_next(v->forecast, v->app);
	const struct app *app = v->app ? registry_find(v->in.registry, v->app->name) : NULL;
	if (app && is_another(app, &v->app->supposed))
		json_out_json(&v->out, view_app(app, v->app, now));
	if (v->app)
		return;
	json_out_close(&v->out, ']');
	v->phase = COUNT;
}

/* ---- VIPs ---- */

/* False: its app stays as it is. */
static bool outcome_of(const struct forecast_view *v, const struct vip *vip, mono_t now,
		       struct app_outcome *ret)
{
	const struct app *app = vip->owner;
	const struct app_forecast *of = app ? forecast_find(v->forecast, app->spec->name) : NULL;
	if (of)
		*ret = forecast_outcome(app, of, now);
	return of;
}

/* A VIP that is kept from going up by something else stays so. */
static enum route_form form_after(const struct vip *vip, const struct app_outcome *out)
{
	const struct app *app = vip->owner;
	enum route_form present = vip->announced ? vip->form : ROUTE_NONE;
	if (!out || out->want.route == app->form)
		return present;
	return !vip->announced && vip->trouble ? ROUTE_NONE : out->want.route;
}

static void count_next_vip(struct forecast_view *v, mono_t now)
{
	struct app_outcome out;
	const struct vip *vip = vip_cursor_next(&v->cursor);
	if (vip && vip->spec) {
		bool is = outcome_of(v, vip, now, &out);
		enum route_form form = form_after(vip, is ? &out : NULL);
		if (form != ROUTE_NONE)
			aggregates_count(v->aggregates, &vip->prefix, vip->owner, form, now);
	}
	if (vip)
		return;
	aggregates_end_change(v->aggregates, now);
	rewind_vips(v);
	begin_list(v, "vips");
	v->phase = SHOW_VIPS;
}

/* What becomes of address and NAT; NULL: they stay. */
static const char *fate_of(const struct vip *vip, const struct app_outcome *out)
{
	if (!out)
		return NULL;
	if (out->address_goes)
		return vip->bound || vip->retained ? "removed" : NULL;
	bool comes = out->want.address == ADDRESS_BOUND && !vip->bound && !vip->trouble;
	return comes ? "added" : NULL;
}

static json_t *view_nats(const struct vip *vip, const char *fate)
{
	char text[NAT_SPEC_TEXT_MAX];
	json_t *array = json_array();
	for (size_t i = 0; fate && i < vip->spec->n_nats; i++)
		if (nat_spec_covers(&vip->spec->nats[i], vip->prefix.addr.family))
			json_array_append_new(
				array, json_string(nat_spec_format(&vip->spec->nats[i], text)));
	return array;
}

static json_t *view_vip_change(const struct vip *vip, const struct app_outcome *out,
			       const struct forecast_change *change)
{
	const char *fate = fate_of(vip, out);
	bool ours = bind_is_ours(app_spec_bind(vip->spec)), goes = out && out->address_goes;
	return json_pack(
		"{s:o, s:s, s:o, s:{s:I, s:I}, s:b, s:o, s:o, s:o, s:O}", "prefix",
		view_prefix(&vip->prefix), "app", vip->spec->name, "form",
		before_and_after(route_form_name(change->from), route_form_name(change->to)),
		"announced_to", "before", VIEW_INT(change->n_before), "after",
		VIEW_INT(change->n_after), "lost", forecast_change_is_loss(change), "address",
		view_text_or_null(ours ? fate : NULL), "nat", view_nats(vip, fate),
		"address_seconds", span_or_null(fate && goes, goes ? out->address_stays : 0),
		"routes", change->rows);
}

static void show_vip(struct forecast_view *v, const struct vip *vip, mono_t now)
{
	struct app_outcome out;
	bool is = outcome_of(v, vip, now, &out);
	struct forecast_change change;
	forecast_routes_of_vip(&v->routes, vip, form_after(vip, is ? &out : NULL), &change);
	if (forecast_change_is_one(&change) || (is && fate_of(vip, &out)))
		json_out_json(&v->out, view_vip_change(vip, is ? &out : NULL, &change));
	v->lost += forecast_change_is_loss(&change);
	forecast_fleet_count(v->fleet, &vip->prefix, &change);
	json_decref(change.rows);
}

static void show_next_vip(struct forecast_view *v, mono_t now)
{
	const struct vip *vip = vip_cursor_next(&v->cursor);
	if (vip && vip->spec)
		show_vip(v, vip, now);
	if (vip)
		return;
	json_out_close(&v->out, ']');
	begin_list(v, "aggregates");
	v->phase = SHOW_AGGREGATES;
}

/* ---- aggregates ---- */

static void show_aggregate(struct forecast_view *v, const struct aggregate_status *after)
{
	struct forecast_change change;
	if (!forecast_routes_of_aggregate(&v->routes, after, &change))
		return;
	if (forecast_change_is_one(&change))
		json_out_json(&v->out,
			      json_pack("{s:o, s:o, s:{s:I, s:I}, s:b, s:O}", "prefix",
					view_prefix(&after->spec->prefix), "form",
					before_and_after(route_form_name(change.from),
							 route_form_name(change.to)),
					"announced_to", "before", VIEW_INT(change.n_before),
					"after", VIEW_INT(change.n_after), "lost",
					forecast_change_is_loss(&change), "routes", change.rows));
	v->lost += forecast_change_is_loss(&change);
	forecast_fleet_count(v->fleet, &after->spec->prefix, &change);
	json_decref(change.rows);
}

static void show_next_aggregate(struct forecast_view *v)
{
	struct aggregate_status after;
	if (v->aggregate < aggregates_list(v->aggregates)->n) {
		aggregates_status(v->aggregates, v->aggregate++, &after);
		show_aggregate(v, &after);
		return;
	}
	json_out_close(&v->out, ']');
	json_out_add_count(&v->out, "lost", v->lost);
	json_out_add_json(&v->out, "fleet", forecast_fleet_view(v->fleet));
	json_out_close(&v->out, '}');
	json_out_add(&v->out, "\n");
	v->phase = ENDED;
}

bool forecast_view_step(struct forecast_view *v, mono_t now)
{
	switch (v->phase) {
	case JUDGE:
		if (forecast_step(v->forecast, now))
			break;
		if (v->fleet)
			v->phase = GATHER;
		else
			begin(v);
		break;
	case GATHER:
		gather_next(v);
		break;
	case LOOK:
		return false;
	case SHOW_APPS:
		show_next_app(v, now);
		break;
	case COUNT:
		count_next_vip(v, now);
		break;
	case SHOW_VIPS:
		show_next_vip(v, now);
		break;
	case SHOW_AGGREGATES:
		show_next_aggregate(v);
		break;
	case ENDED:
		return false;
	}
	return v->phase != ENDED;
}
