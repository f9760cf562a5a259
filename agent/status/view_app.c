/* SPDX-License-Identifier: MIT */
#include "agent/status/view_app.h"

#include <stdio.h>
#include <stdlib.h>

#include "agent/app/drains.h"
#include "agent/app/joins.h"
#include "agent/app/leases.h"
#include "agent/config/show.h"
#include "agent/model/app_state.h"
#include "agent/status/json_out.h"
#include "agent/status/view_drain.h"
#include "agent/status/view_joining.h"
#include "agent/status/view_monitor.h"
#include "agent/status/view_nat.h"
#include "agent/status/view_vip.h"
#include "lib/mem.h"
#include "lib/str.h"
#include "monitors/watch.h"

#define ERRORS_MAX 1024
#define REASON_MAX 900

json_t *view_app_lease(const struct app *app, const struct view_clock *clock)
{
	mono_t end = app_lease_end(app);
	if (end == USEC_NEVER)
		return json_null();
	json_t *o = json_pack("{s:o}", "ttl_seconds", view_span(app->spec->lease));
	view_add_time(o, clock, "expires", end);
	return o;
}

/* The monitor that keeps it down now; the one that brought it down may have recovered. */
static void add_down(const struct app *app, struct strbuf *ret)
{
	for (size_t i = 0; i < monitor_watch_n(app->watch); i++) {
		struct monitor_status m;
		monitor_watch_status(app->watch, i, &m);
		if (m.health != HEALTH_DOWN)
			continue;
		strbuf_add(ret, "%.100s: %.500s", m.text, m.said);
		return;
	}
	strbuf_add(ret, "%s", app->reason);
}

static void add_held_down(const struct app *app, mono_t now, struct strbuf *ret)
{
	char left[DURATION_TEXT_MAX];
	span_t rest = usec_sub(app->damping.until, now);
	rest = (rest / USEC_PER_SEC + 1) * USEC_PER_SEC;
	strbuf_add(ret, "held down for %s more, it went down %u times in a row (hold_down)",
		   duration_format(rest, left), app->damping.flaps + 1);
}

static void add_drained(const struct drain *own, const struct drain *agent, struct strbuf *ret)
{
	const struct drain *d = drain_is_on(own) ? own : agent;
	strbuf_add(ret, "%s", d == own ? "drained" : "the agent is drained");
	for (size_t i = 0; d && i < DRAIN_SOURCES; i++)
		if (d->requests[i].on && d->requests[i].reason[0]) {
			strbuf_add(ret, ": %s", d->requests[i].reason);
			break;
		}
}

/* Most apps have one VIP, of which several things are asked: it is looked up once. */
static void set_vip(struct view_vip_context *c, const struct status_sources *in,
		    const struct vip *vip)
{
	if (c->vip != vip)
		view_vip_context_set(c, in, vip);
}

/* The first VIP that is not announced. */
static bool add_unannounced(const struct status_sources *in, const struct app *app,
			    struct view_vip_context *c, struct strbuf *ret)
{
	char text[PREFIX_TEXT_MAX], buf[REASON_MAX];
	struct strbuf reason = strbuf_over(buf, sizeof(buf));
	for (size_t i = 0; i < app->spec->n_vips; i++) {
		set_vip(c, in, app->vips[i]);
		if (!view_vip_reason(app->vips[i], c, &reason))
			continue;
		strbuf_add(ret, "%s: %s", prefix_format(&app->vips[i]->prefix, text), buf);
		return true;
	}
	return false;
}

/* The first thing that keeps it from being announced; when nothing does, why it is announced. */
static void find_reason(const struct status_sources *in, const struct app *app,
			struct view_vip_context *c, mono_t now, struct strbuf *text)
{
	bool damped = app->health == HEALTH_DOWN && damping_is_on(&app->damping, now) &&
		      monitor_watch_health(app->watch) == HEALTH_UP;
	if (app->health == HEALTH_UNKNOWN)
		strbuf_add(text, "no verdict from the monitors yet");
	else if (damped)
		add_held_down(app, now, text);
	else if (app->health == HEALTH_DOWN)
		add_down(app, text);
	else if (app->drained_since != USEC_NEVER)
		add_drained(app->drain, registry_agent_drain(in->registry), text);
	else if (add_unannounced(in, app, c, text))
		return;
	else if (app_joins(app))
		view_joining_explain(in, app, now, text);
	else if (app->spec->n_monitors == 0)
		strbuf_add(text, "no monitors, always up");
	else
		strbuf_add(text, "%s",
			   app->spec->quorum ? "enough monitors pass" : "all monitors pass");
}

/* The peers that its routes are for. */
static size_t n_peers(const struct app *app, const struct view_vip_context *c)
{
	size_t n = 0;
	for (size_t i = 0; i < c->peers.n; i++)
		n += bgp_peer_filter_allows(app->spec->peers, c->peers.items[i].config);
	return n;
}

/* The peers that hold all VIPs of the app. */
static size_t n_complete_peers(const struct status_sources *in, const struct app *app,
			       struct view_vip_context *c)
{
	size_t n = 0, *sent = mem_new(c->peers.n + 1, sizeof(*sent));
	for (size_t v = 0; v < app->spec->n_vips; v++) {
		set_vip(c, in, app->vips[v]);
		for (size_t i = 0; i < c->peers.n; i++)
			sent[i] += c->routes[i].state == BGP_ROUTE_SENT;
	}
	for (size_t i = 0; i < c->peers.n; i++)
		n += app->spec->n_vips > 0 && sent[i] == app->spec->n_vips;
	free(sent);
	return n;
}

static bool is_announced(const struct status_sources *in, const struct app *app,
			 struct view_vip_context *c)
{
	for (size_t i = 0; i < app->spec->n_vips; i++) {
		set_vip(c, in, app->vips[i]);
		if (view_vip_reach(app->vips[i], c).sent == 0)
			return false;
	}
	return app->spec->n_vips > 0;
}

static json_t *drain(const struct status_sources *in, const struct app *app,
		     const struct view_clock *clock)
{
	const struct view_drain d = {
		.app = app->drain,
		.agent = registry_agent_drain(in->registry),
		.since = app->drained_since,
		.withdraw_at = app->form == ROUTE_DRAIN ? app->drain_end : USEC_NEVER,
	};
	return view_drain(&d, clock);
}

static json_t *group(const struct app *app)
{
	return json_pack("{s:o, s:b, s:b}", "name", view_text(app->spec->group), "keep_last",
			 app->spec->keep_last, "kept", app->kept);
}

static void add_state(struct json_out *o, const struct status_sources *in, const struct app *app,
		      const struct view_clock *clock)
{
	const struct discovered *rival = discovery_rival_of(in->discovery, app->spec->name);
	const struct discovered *of_nomad = discovery_rival_of(in->nomad, app->spec->name);
	bool drained = app->drained_since != USEC_NEVER;
	json_out_time(o, clock, "since", app->health_since);
	json_out_add_text(o, "state", app_state_name(app->health, app->form, drained));
	json_out_add_json(o, "drain", drain(in, app, clock));
	json_out_add_json(o, "joining", view_joining(in, app, clock));
	json_out_add_json(o, "group", app->spec->group ? group(app) : json_null());
	json_out_add_json(o, "lease", view_app_lease(app, clock));
	json_out_add_text(o, "consul_rival", rival ? rival->name : NULL);
	json_out_add_text(o, "nomad_rival", of_nomad ? of_nomad->name : NULL);
}

/* All but the VIPs; the object stays open. */
static void add_head(struct json_out *o, const struct status_sources *in, const struct app *app,
		     struct view_vip_context *c)
{
	struct view_clock clock = status_clock();
	char buf[REASON_MAX];
	struct strbuf reason = strbuf_over(buf, sizeof(buf));
	find_reason(in, app, c, clock.now, &reason);
	json_out_open(o, '{');
	json_out_add_text(o, "name", app->spec->name);
	json_out_add_text(o, "source", app_source_name(app->spec->source));
	json_out_add_text(o, "health", health_name(app->health));
	json_out_add_bool(o, "announced", is_announced(in, app, c));
	view_add_announced_to(o, n_complete_peers(in, app, c), n_peers(app, c));
	json_out_add_text(o, "reason", buf);
	add_state(o, in, app, &clock);
}

void view_app_add_summary(struct json_out *o, const struct status_sources *in,
			  const struct app *app)
{
	struct view_vip_context c;
	view_vip_context_init(&c, in);
	add_head(o, in, app, &c);
	json_out_key(o, "vips");
	json_out_open(o, '[');
	for (size_t i = 0; i < app->spec->n_vips; i++) {
		set_vip(&c, in, app->vips[i]);
		view_vip_add_summary(o, app->vips[i], &c);
	}
	json_out_close(o, ']');
	json_out_close(o, '}');
	view_vip_context_done(&c);
}

/* GET /v1/apps/NAME */

static json_t *quorum(const struct app_spec *spec)
{
	return spec->quorum ? json_integer(spec->quorum) : json_string("all");
}

/* null: none are named. */
static json_t *peer_refs(const struct bgp_peer_refs *refs)
{
	if (!refs || refs->n == 0)
		return json_null();
	json_t *array = json_array();
	for (size_t i = 0; i < refs->n; i++)
		json_array_append_new(array, view_text(refs->items[i].text));
	return array;
}

static json_t *nat_specs(const struct app_spec *spec)
{
	char text[NAT_SPEC_TEXT_MAX];
	json_t *array = json_array();
	for (size_t i = 0; i < spec->n_nats; i++)
		json_array_append_new(array, json_string(nat_spec_format(&spec->nats[i], text)));
	return array;
}

static json_t *monitors(const struct app *app, const struct view_clock *clock)
{
	json_t *array = json_array();
	for (size_t i = 0; i < monitor_watch_n(app->watch); i++) {
		struct monitor_status status;
		monitor_watch_status(app->watch, i, &status);
		json_array_append_new(array, view_monitor(&status, clock));
	}
	return array;
}

static void add_history(json_t *o, const struct app *app, const struct view_clock *clock)
{
	view_add_time(o, clock, "registered", app->registered_at);
	view_add_time(o, clock, "cleanup", app_cleanup_at(app));
	json_object_set_new(o, "went_up", json_integer(VIEW_INT(app->went_up)));
	json_object_set_new(o, "went_down", json_integer(VIEW_INT(app->went_down)));
	json_object_set_new(o, "quorum", quorum(app->spec));
	json_object_set_new(o, "flaps", json_integer(VIEW_INT(app->damping.flaps)));
	view_add_time(o, clock, "held_down_until",
		      damping_is_on(&app->damping, clock->now) ? app->damping.until : USEC_NEVER);
}

/* Of the routes of all VIPs, as one text; null for none. */
static json_t *errors_of(const struct status_sources *in, const struct app *app,
			 struct view_vip_context *c)
{
	char buf[ERRORS_MAX];
	struct strbuf errors = strbuf_over(buf, sizeof(buf));
	for (size_t i = 0; i < app->spec->n_vips && errors.len + 1 < errors.size; i++) {
		set_vip(c, in, app->vips[i]);
		view_vip_add_errors(app->vips[i], c, &errors);
	}
	if (errors.len > 0)
		strbuf_add(&errors, "]");
	return view_text_or_null(errors.len > 0 ? buf : NULL);
}

static json_t *head_of(const struct status_sources *in, const struct app *app,
		       struct view_vip_context *c)
{
	struct json_out o = { 0 };
	add_head(&o, in, app, c);
	json_out_close(&o, '}');
	json_t *head = json_loadb(o.text, o.len, 0, NULL);
	free(o.text);
	return head;
}

json_t *view_app_without_vips(const struct status_sources *in, const struct app *app)
{
	const struct bgp_communities *const lists[] = { &app->spec->communities };
	struct view_clock clock = status_clock();
	struct view_vip_context c;
	view_vip_context_init(&c, in);
	json_t *o = head_of(in, app, &c);
	add_history(o, app, &clock);
	json_object_set_new(o, "announcement_errors", errors_of(in, app, &c));
	json_object_set_new(o, "communities", view_communities(lists, 1));
	json_object_set_new(o, "peers",
			    peer_refs(app->spec->peers ? &app->spec->peers->only : NULL));
	json_object_set_new(o, "except_peers",
			    peer_refs(app->spec->peers ? &app->spec->peers->except : NULL));
	json_object_set_new(o, "nats", nat_specs(app->spec));
	json_object_set_new(o, "nat", view_nat_of_app(in, app));
	json_object_set_new(o, "monitors", monitors(app, &clock));
	json_object_set_new(o, "definition", config_show_app(app->spec, CONFIG_SHOW_TO_READERS));
	view_vip_context_done(&c);
	return o;
}

json_t *view_app_part(const struct status_sources *in, const struct app *app, size_t from,
		      size_t max)
{
	struct view_clock clock = status_clock();
	struct view_vip_context c;
	json_t *o = view_app_without_vips(in, app), *vips = json_array();
	view_vip_context_init(&c, in);
	for (size_t i = from; i < app->spec->n_vips && i - from < max; i++) {
		set_vip(&c, in, app->vips[i]);
		json_array_append_new(vips, view_vip(app->vips[i], &c, &clock));
	}
	view_vip_context_done(&c);
	json_object_set_new(o, "vips", vips);
	return o;
}
