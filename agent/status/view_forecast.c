/* SPDX-License-Identifier: MIT */
#include "agent/status/view_forecast.h"

#include <stdlib.h>

#include "agent/app/joins.h"
#include "agent/model/app_state.h"
#include "agent/status/forecast_fleet.h"
#include "agent/status/forecast_routes.h"
#include "agent/status/forecast_vip.h"
#include "agent/status/json_out.h"
#include "agent/status/view_json.h"
#include "lib/mem.h"
#include "lib/str.h"

enum phase {
	JUDGE,
	GATHER,
	READ_FLEET,
	BEGIN,
	SHOW_APPS,
	COUNT,
	SHOW_VIPS,
	SHOW_AGGREGATES,
	ENDED
};

struct forecast_view {
	struct forecast *forecast;
	enum phase phase;
	const struct app_forecast *app; /* the last one that was shown */
	struct reconcile *reconcile;
	struct vip_cursor cursor;
	size_t next_app, next_vip;     /* of the configuration, behind those that there are */
	struct aggregates *aggregates; /* a copy, in which the VIPs are counted as they would be */
	size_t aggregate;              /* the next one, also of those that go */
	size_t lost;
	struct json_out out;
	struct peer_id *down;
	size_t n_down;
	bool consul_away;
	struct forecast_config config; /* plan NULL: none */
	struct forecast_fleet *fleet;  /* NULL: it is not asked about */
	struct app_cursor apps;        /* of GATHER */
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
	v->config = question->config;
	json_incref(v->config.findings);
	v->fleet = question->fleet ? forecast_fleet_new() : NULL;
	v->n_down = question->n_down;
	v->down = mem_new(v->n_down + 1, sizeof(*v->down));
	for (size_t i = 0; i < v->n_down; i++)
		v->down[i] = question->down[i];
	aggregates_begin_change(
		v->aggregates, v->config.plan ? &v->config.next->aggregates
					      : aggregates_list(actuator_aggregates(in->actuator)));
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
	json_decref(v->config.findings);
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
	forecast_routes_init(&v->routes, &v->in, v->aggregates,
			     v->config.plan ? &v->config.bgp : NULL);
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
	v->next_app = v->next_vip = 0;
}

/* One that only the configuration has; false: there are no more. */
static bool next_coming_vip(struct forecast_view *v, struct vip *room, const struct vip **ret)
{
	const struct config *next = v->config.next;
	if (!next || v->next_app == next->n_apps)
		return false;
	const struct app_spec *spec = &next->apps[v->next_app];
	*room = (struct vip){ .prefix = spec->vips[v->next_vip++] };
	if (v->next_vip == spec->n_vips) {
		v->next_app++;
		v->next_vip = 0;
	}
	if (!vip_find(v->reconcile, &room->prefix))
		*ret = room;
	return true;
}

/* *ret is NULL where there is nothing to say; false: there are no more. */
static bool next_vip(struct forecast_view *v, struct vip *room, const struct vip **ret)
{
	const struct vip *vip = vip_cursor_next(&v->cursor);
	*ret = NULL;
	if (!vip)
		return next_coming_vip(v, room, ret);
	if (vip->spec || plan_owner(v->config.plan, &vip->prefix))
		*ret = vip;
	return true;
}

static json_t *span_or_null(bool is, span_t span)
{
	return is ? view_span(span) : json_null();
}

/* Further consequences of losing Consul; NULL: that is not assumed. */
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
	json_out_add_json(&v->out, "peers", forecast_routes_peers(&v->routes));
	begin_list(v, "apps");
	v->phase = SHOW_APPS;
}

/* ---- the fleet ---- */

/* Without another configuration there is no forecast of any other. */
static bool is_another(const struct app *app, const struct app_forecast *of)
{
	const struct app_supposed *s = &of->supposed;
	return !app || of->fate == PLAN_GOES || app->health != s->health || app->kept != s->kept ||
	       app->guarded != s->guarded;
}

static bool concerns_fleet(const struct app *app, const struct app_forecast *of)
{
	return of->fate != PLAN_STAYS || is_another(app, of) || of->joins != app_joins(app);
}

/* A reload applies fleet.vips and the times, and keeps the rest. */
static const struct fleet_spec *fleet_then(const struct forecast_view *v)
{
	return v->config.plan ? &v->config.next->fleet : &v->in.configuration->fleet;
}

/* Of the apps that change, and of all that are announced when sessions are down. */
static void gather_next(struct forecast_view *v)
{
	const struct app *app;
	if (!v->walks) {
		v->app = forecast_next(v->forecast, v->app);
		app = v->app ? registry_find(v->in.registry, v->app->name) : NULL;
		if (app && concerns_fleet(app, v->app))
			forecast_fleet_add(v->fleet, &v->in, fleet_then(v), app, v->app->asks);
		v->walks = !v->app;
		if (v->walks)
			app_cursor_init(v->in.registry, &v->apps);
		return;
	}
	app = v->n_down > 0 ? app_cursor_next(&v->apps) : NULL;
	if (app && app->form != ROUTE_NONE)
		forecast_fleet_add(v->fleet, &v->in, fleet_then(v), app, false);
	if (!app)
		v->phase = READ_FLEET;
}

bool forecast_view_reads(const struct forecast_view *v, const struct prefix **ret, size_t *ret_n)
{
	*ret = v->phase == READ_FLEET ? forecast_fleet_vips(v->fleet, ret_n) : NULL;
	return v->phase == READ_FLEET;
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
	v->phase = BEGIN;
}

/* ---- apps ---- */

static json_t *before_and_after(const char *before, const char *after)
{
	return json_pack("{s:o, s:o}", "before", view_text_or_null(before), "after",
			 view_text_or_null(after));
}

static const char *definition_of(const struct app_forecast *of)
{
	switch (of->fate) {
	case PLAN_STAYS:
		return NULL;
	case PLAN_CHANGES:
		return "changed";
	case PLAN_COMES:
		return "added";
	case PLAN_GOES:
		break;
	}
	return "removed";
}

static const char *state_now(const struct app *app)
{
	return app ? app_state_name(app->health, app->form, app->drained_since != USEC_NEVER)
		   : NULL;
}

/* It goes, with all that it is. */
static json_t *view_removed(const struct app *app, const struct app_forecast *of)
{
	return json_pack("{s:o, s:s, s:o, s:o, s:b, s:n, s:n, s:n, s:n}", "app",
			 view_text(of->name), "definition", "removed", "health",
			 before_and_after(health_name(app->health), NULL), "state",
			 before_and_after(state_now(app), NULL), "guarded", 0, "checks",
			 "noticed_seconds", "held_down_seconds", "unregistered_seconds");
}

static const char *state_then(const struct app_forecast *of, const struct planned *then,
			      const struct app_outcome *out)
{
	return app_state_name(of->supposed.health, out->want.route,
			      then->app.drained_since != USEC_NEVER);
}

static json_t *view_app(const struct app *app, const struct app_forecast *of,
			const struct planned *then, const struct app_outcome *out)
{
	enum health health = of->supposed.health;
	bool falls = of->verdict.goes_down;
	return json_pack(
		"{s:o, s:o, s:o, s:o, s:b, s:o, s:o, s:o, s:o}", "app", view_text(of->name),
		"definition", view_text_or_null(definition_of(of)), "health",
		before_and_after(app ? health_name(app->health) : NULL, health_name(health)),
		"state", before_and_after(state_now(app), state_then(of, then, out)), "guarded",
		of->supposed.guarded, "checks",
		falls ? json_integer(VIEW_INT(of->verdict.checks)) : json_null(), "noticed_seconds",
		span_or_null(falls, of->verdict.notice), "held_down_seconds",
		span_or_null(out->held_down > 0, out->held_down), "unregistered_seconds",
		span_or_null(out->forgotten, out->address_stays));
}

/* By another configuration it may have another state although its health stays. */
static bool changes(const struct forecast_view *v, const struct app *app,
		    const struct app_forecast *of, const char *after)
{
	return is_another(app, of) || (v->config.plan && !str_equal(state_now(app), after));
}

static void show_app(struct forecast_view *v, const struct app_forecast *of, mono_t now)
{
	struct planned then;
	const struct app *app = registry_find(v->in.registry, of->name);
	if (!forecast_app(v->forecast, of, now, &then)) {
		if (app)
			json_out_json(&v->out, view_removed(app, of));
		return;
	}
	struct app_outcome out = forecast_outcome(v->forecast, of, &then, now);
	if (changes(v, app, of, state_then(of, &then, &out)))
		json_out_json(&v->out, view_app(app, of, &then, &out));
}

static void show_next_app(struct forecast_view *v, mono_t now)
{
	v->app = forecast_next(v->forecast, v->app);
	if (v->app)
		show_app(v, v->app, now);
	if (v->app)
		return;
	json_out_close(&v->out, ']');
	v->phase = COUNT;
}

/* ---- VIPs ---- */

static void count_next_vip(struct forecast_view *v, mono_t now)
{
	struct forecast_vip of;
	struct vip room;
	const struct vip *vip;
	if (next_vip(v, &room, &vip)) {
		if (!vip)
			return;
		forecast_vip_find(v->forecast, v->config.plan, vip, now, &of);
		if (of.form != ROUTE_NONE)
			aggregates_count(v->aggregates, &vip->prefix, of.owner, of.form, now);
		return;
	}
	aggregates_end_change(v->aggregates, now);
	rewind_vips(v);
	begin_list(v, "vips");
	v->phase = SHOW_VIPS;
}

static json_t *view_bind(const struct forecast_vip *of)
{
	char before[FORECAST_BIND_MAX], after[FORECAST_BIND_MAX];
	return before_and_after(forecast_vip_bind(of, false, before),
				forecast_vip_bind(of, true, after));
}

static const char *app_name_of(const struct forecast_vip *of)
{
	return of->after.spec ? of->after.spec->name : of->vip->spec ? of->vip->spec->name : "";
}

static json_t *view_vip_change(const struct forecast_vip *of, const struct forecast_change *change,
			       json_t *nat_removed, json_t *nat_added)
{
	bool later = forecast_vip_goes_later(of) &&
		     (forecast_vip_address(of) || json_array_size(nat_removed) > 0);
	return json_pack(
		"{s:o, s:s, s:o, s:{s:I, s:I}, s:b, s:o, s:o, s:o, s:o, s:o, s:o, s:O}", "prefix",
		view_prefix(&of->vip->prefix), "app", app_name_of(of), "form",
		before_and_after(route_form_name(change->from), route_form_name(change->to)),
		"announced_to", "before", VIEW_INT(change->n_before), "after",
		VIEW_INT(change->n_after), "lost", forecast_change_is_loss(change), "address",
		view_text_or_null(forecast_vip_address(of)), "bind", view_bind(of), "nat_removed",
		nat_removed, "nat_added", nat_added, "address_seconds",
		span_or_null(later, of->out.address_stays), "when",
		view_text_or_null(of->later != ROUTE_NONE ? "checks" : NULL), "routes",
		change->rows);
}

static void show_vip(struct forecast_view *v, const struct vip *vip, mono_t now)
{
	struct forecast_vip of;
	struct forecast_change change;
	forecast_vip_find(v->forecast, v->config.plan, vip, now, &of);
	forecast_routes_of_vip(&v->routes, vip, &of.after, of.form, of.later, &change);
	json_t *removed = forecast_vip_nats(&of, false), *added = forecast_vip_nats(&of, true);
	if (forecast_change_is_one(&change) || forecast_vip_address(&of) ||
	    json_array_size(removed) + json_array_size(added) > 0)
		json_out_json(&v->out, view_vip_change(&of, &change, json_incref(removed),
						       json_incref(added)));
	json_decref(removed);
	json_decref(added);
	v->lost += forecast_change_is_loss(&change);
	forecast_fleet_count(v->fleet, &vip->prefix, &change);
	json_decref(change.rows);
}

static void show_next_vip(struct forecast_view *v, mono_t now)
{
	struct vip room;
	const struct vip *vip;
	if (next_vip(v, &room, &vip)) {
		if (vip)
			show_vip(v, vip, now);
		return;
	}
	json_out_close(&v->out, ']');
	begin_list(v, "aggregates");
	v->phase = SHOW_AGGREGATES;
}

/* ---- aggregates ---- */

static void show_aggregate(struct forecast_view *v, const struct prefix *prefix)
{
	struct forecast_change change;
	if (!forecast_routes_of_aggregate(&v->routes, prefix, &change))
		return;
	if (forecast_change_is_one(&change))
		json_out_json(&v->out,
			      json_pack("{s:o, s:o, s:{s:I, s:I}, s:b, s:O}", "prefix",
					view_prefix(prefix), "form",
					before_and_after(route_form_name(change.from),
							 route_form_name(change.to)),
					"announced_to", "before", VIEW_INT(change.n_before),
					"after", VIEW_INT(change.n_after), "lost",
					forecast_change_is_loss(&change), "routes", change.rows));
	v->lost += forecast_change_is_loss(&change);
	forecast_fleet_count(v->fleet, prefix, &change);
	json_decref(change.rows);
}

/* Of the configuration. */
static json_t *finding_list(const struct forecast_view *v, const char *name)
{
	return json_incref(json_object_get(v->config.findings, name));
}

static void show_next_aggregate(struct forecast_view *v)
{
	const struct aggregate_list *after = aggregates_list(v->aggregates),
				    *before = aggregates_list(actuator_aggregates(v->in.actuator));
	size_t i = v->aggregate++;
	if (i < after->n) {
		show_aggregate(v, &after->items[i].prefix);
		return;
	}
	if (i - after->n < before->n) {
		const struct prefix *prefix = &before->items[i - after->n].prefix;
		if (!aggregate_list_find(after, prefix))
			show_aggregate(v, prefix);
		return;
	}
	json_out_close(&v->out, ']');
	json_out_add_count(&v->out, "lost", v->lost);
	json_out_add_json(&v->out, "fleet", forecast_fleet_view(v->fleet));
	if (v->config.findings) {
		json_out_add_json(&v->out, "errors", finding_list(v, "errors"));
		json_out_add_json(&v->out, "warnings", finding_list(v, "warnings"));
	}
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
		v->phase = v->fleet ? GATHER : BEGIN;
		break;
	case GATHER:
		gather_next(v);
		break;
	case READ_FLEET:
		return false;
	case BEGIN:
		begin(v);
		break;
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
