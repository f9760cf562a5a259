/* SPDX-License-Identifier: MIT */
#include "agent/model/app_state.h"
#include "agent/status/view.h"

#include <stdio.h>
#include <string.h>

#include "lib/str.h"

#define ERRORS_MAX 1024

const char *view_route_error(enum bgp_route_state state, uint8_t family)
{
	switch (state) {
	case BGP_ROUTE_NO_FAMILY:
		return family == AF_INET6 ? "IPv6 unicast was not negotiated"
					  : "IPv4 unicast was not negotiated";
	case BGP_ROUTE_NO_NEXT_HOP:
		return family == AF_INET6 ? "no IPv6 address to be the next hop, set local_ip6"
					  : "no IPv4 address to be the next hop, set local_ip";
	case BGP_ROUTE_SENT:
	case BGP_ROUTE_PENDING:
	case BGP_ROUTE_UNKNOWN:
	case BGP_ROUTE_NO_SESSION:
		return NULL;
	}
	return NULL;
}

const char *view_announcement_errors(const struct view_vip *vips, size_t n, char *buf, size_t size)
{
	struct strbuf sb = strbuf_over(buf, size);
	char peer[ADDR_TEXT_MAX], prefix[PREFIX_TEXT_MAX];
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < vips[i].n_routes; j++) {
			const struct view_route *route = &vips[i].routes[j];
			const char *error =
				view_route_error(route->state, vips[i].prefix->addr.family);
			if (!error)
				continue;
			strbuf_add(&sb, "%speer %s: %s: %s",
				   sb.len > 0 ? ", " : "announcement errors: [",
				   addr_format(&route->peer->config->addr, peer),
				   prefix_format(vips[i].prefix, prefix), error);
		}
	if (sb.len > 0)
		strbuf_add(&sb, "]");
	return buf;
}

/* Routes */

static const char *no_session_reason(const struct bgp_peer_status *peer, char *buf, size_t size)
{
	snprintf(buf, size, "no session, the peer is %s%s%s", bgp_state_name(peer->state),
		 peer->last_error[0] ? ": " : "", peer->last_error);
	return buf;
}

static json_t *route_reason(const struct view_route *route, const struct view_vip *vip)
{
	char buf[512];
	const char *error = view_route_error(route->state, vip->prefix->addr.family);
	if (error)
		return json_string(error);
	if (route->state == BGP_ROUTE_NO_SESSION)
		return view_text(no_session_reason(route->peer, buf, sizeof(buf)));
	return json_null();
}

static json_t *view_route(const struct view_route *route, const struct view_vip *vip,
			  const struct bgp_route_attrs *attrs)
{
	const struct bgp_peer_status *peer = route->peer;
	const struct bgp_communities *const lists[] = {
		vip->global,
		&peer->config->communities,
		&attrs->communities,
	};
	bool is_v6 = vip->prefix->addr.family == AF_INET6;
	return json_pack("{s:o, s:I, s:s, s:o, s:o, s:o}", "peer", view_addr(&peer->config->addr),
			 "peer_as", (json_int_t)peer->peer_as, "state",
			 bgp_route_state_name(route->state), "reason", route_reason(route, vip),
			 "next_hop", view_addr(is_v6 ? &peer->next_hop6 : &peer->next_hop4),
			 "communities", view_communities(lists, 3));
}

static json_t *view_routes(const struct view_vip *vip, const struct bgp_route_attrs *attrs)
{
	json_t *array = json_array();
	for (size_t i = 0; i < vip->n_routes; i++)
		json_array_append_new(array, view_route(&vip->routes[i], vip, attrs));
	return array;
}

/* VIPs */

/* Why it is not announced at all; NULL when it is. */
static const char *vip_reason(const struct view_vip *vip)
{
	if (vip->error)
		return vip->error;
	if (vip->announced)
		return NULL;
	if (!vip->spec)
		return "the app is gone, the VIP is going down";
	switch (vip->health) {
	case HEALTH_UNKNOWN:
		return "the app has no verdict yet";
	case HEALTH_DOWN:
		return "the app is down";
	case HEALTH_UP:
		return vip->drained ? "the app is drained" : "about to be announced";
	}
	return NULL;
}

static json_t *text_or_null(const char *text)
{
	return text ? view_text(text) : json_null();
}

/* As it is announced, or would be. */
static void attrs_of(const struct view_vip *vip, struct announce_room *room,
		     struct bgp_route_attrs *ret)
{
	*ret = (struct bgp_route_attrs){ 0 };
	if (vip->spec)
		announce_specs_attrs(vip->spec->announce, &vip->spec->communities, vip->form, room,
				     ret);
}

json_t *view_vip(const struct view_vip *vip, const struct view_clock *clock)
{
	struct announce_room room;
	struct bgp_route_attrs attrs;
	attrs_of(vip, &room, &attrs);
	json_t *o =
		json_pack("{s:o, s:o, s:b, s:b, s:o}", "prefix", view_prefix(vip->prefix), "app",
			  text_or_null(vip->spec ? vip->spec->name : NULL), "bound", vip->bound,
			  "announced", vip->announced, "reason", text_or_null(vip_reason(vip)));
	view_add_time(o, clock, "since", vip->changed_at);
	json_object_set_new(o, "error", text_or_null(vip->error));
	view_add_time(o, clock, "error_since", vip->error ? vip->error_since : USEC_NEVER);
	view_add_time(o, clock, "retry", vip->error ? vip->retry_at : USEC_NEVER);
	json_object_set_new(o, "form", json_string(route_form_name(vip->form)));
	json_object_set_new(o, "attributes", vip->announced ? view_attrs(&attrs) : json_null());
	json_object_set_new(o, "peers", view_routes(vip, &attrs));
	return o;
}

static json_t *vip_summary(const struct view_vip *vip)
{
	json_int_t sent = 0;
	for (size_t i = 0; i < vip->n_routes; i++)
		sent += vip->routes[i].state == BGP_ROUTE_SENT;
	return json_pack("{s:o, s:b, s:b, s:o, s:I}", "prefix", view_prefix(vip->prefix), "bound",
			 vip->bound, "announced", vip->announced, "reason",
			 text_or_null(vip_reason(vip)), "peers_sent", sent);
}

/* Apps */

static json_t *view_span(usec_t span)
{
	return json_real((double)span / (double)USEC_PER_SEC);
}

static json_t *view_quorum(const struct app_spec *spec)
{
	return spec->quorum ? json_integer(spec->quorum) : json_string("all");
}

static json_t *view_monitor(const struct view_monitor *m, const struct view_clock *clock)
{
	json_t *o = json_pack("{s:o, s:s, s:o, s:b, s:I, s:I, s:f}", "monitor", view_text(m->text),
			      "health", health_name(m->health), "said", view_text(m->said),
			      "running", m->running, "checks", (json_int_t)m->checks, "failures",
			      (json_int_t)m->failures, "took_seconds",
			      (double)m->took / (double)USEC_PER_SEC);
	view_add_time(o, clock, "since", m->since);
	view_add_time(o, clock, "last_check", m->last_check);
	json_object_set_new(o, "output", text_or_null(m->output));
	json_object_set_new(o, "interval_seconds", view_span(m->interval));
	json_object_set_new(o, "fast_interval_seconds", view_span(m->fast_interval));
	json_object_set_new(o, "timeout_seconds", view_span(m->timeout));
	json_object_set_new(o, "rise", json_integer(m->rise));
	json_object_set_new(o, "fall", json_integer(m->fall));
	json_object_set_new(o, "pending", json_integer(m->streak));
	return o;
}

static json_t *nat_texts(const struct app_spec *spec)
{
	char text[32];
	json_t *array = json_array();
	for (size_t i = 0; i < spec->n_nats; i++) {
		const struct nat_spec *nat = &spec->nats[i];
		snprintf(text, sizeof(text), "%s:%u:%u", nat->proto == IPPROTO_UDP ? "udp" : "tcp",
			 nat->listen, nat->dest);
		json_array_append_new(array, json_string(text));
	}
	return array;
}

json_t *view_nat_rule(const struct nat_rule *r, bool present)
{
	char to[NAT_TARGET_TEXT_MAX];
	return json_pack("{s:o, s:s, s:i, s:s, s:b}", "vip", view_prefix(&r->vip), "protocol",
			 nat_proto_name(r->proto), "listen", r->listen, "to",
			 nat_rule_format_target(r, to), "present", present);
}

json_t *view_nat_status(const struct nat_status *s)
{
	return json_pack("{s:o, s:o, s:o, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:f}", "backend",
			 text_or_null(s->backend), "why", text_or_null(s->why), "error",
			 text_or_null(s->trouble), "rules_wanted", (json_int_t)s->wanted,
			 "rules_present", (json_int_t)s->present, "transactions",
			 (json_int_t)s->transactions, "failures", (json_int_t)s->failures,
			 "put_back", (json_int_t)s->put_back, "waits", (json_int_t)s->waits,
			 "flows_forgotten", (json_int_t)s->flows_forgotten, "longest_seconds",
			 (double)s->longest / (double)USEC_PER_SEC);
}

/* null for an app that needs none. */
static json_t *view_app_nat(const struct view_app *app)
{
	const struct view_nat *nat = &app->nat;
	if (app->spec->n_nats == 0)
		return json_null();
	json_t *rules = json_array();
	for (size_t i = 0; i < nat->n_rules; i++)
		json_array_append_new(rules, view_nat_rule(&nat->rules[i], nat->present[i]));
	return json_pack("{s:o, s:o, s:o}", "backend", text_or_null(nat->status.backend), "error",
			 text_or_null(nat->status.trouble), "rules", rules);
}

static bool is_announced(const struct view_app *app)
{
	for (size_t i = 0; i < app->n_vips; i++)
		if (!app->vips[i].announced)
			return false;
	return app->n_vips > 0;
}

static json_t *view_group(const struct view_app *app)
{
	if (!app->spec->group)
		return json_null();
	return json_pack("{s:o, s:b, s:b}", "name", view_text(app->spec->group), "keep_last",
			 app->spec->keep_last, "kept", app->kept);
}

static json_t *app_head(const struct view_app *app, const struct view_clock *clock)
{
	json_t *o =
		json_pack("{s:o, s:s, s:s, s:b, s:o}", "name", view_text(app->spec->name), "source",
			  app_source_name(app->spec->source), "health", health_name(app->health),
			  "announced", is_announced(app), "reason", view_text(app->reason));
	view_add_time(o, clock, "since", app->health_since);
	bool drained = app->drain.since != USEC_NEVER;
	json_object_set_new(o, "state",
			    json_string(app_state_name(app->health, app->form, drained)));
	json_object_set_new(o, "drain", view_drain(&app->drain, clock));
	json_object_set_new(o, "group", view_group(app));
	json_object_set_new(o, "lease", view_lease(app->spec->lease, app->lease_end, clock));
	json_object_set_new(o, "consul_rival", text_or_null(app->rival));
	return o;
}

static json_t *view_vips(const struct view_app *app, const struct view_clock *clock)
{
	json_t *array = json_array();
	for (size_t i = 0; i < app->n_vips; i++)
		json_array_append_new(array, view_vip(&app->vips[i], clock));
	return array;
}

static json_t *view_monitors(const struct view_app *app, const struct view_clock *clock)
{
	json_t *array = json_array();
	for (size_t i = 0; i < app->n_monitors; i++)
		json_array_append_new(array, view_monitor(&app->monitors[i], clock));
	return array;
}

json_t *view_app(const struct view_app *app, const struct view_clock *clock)
{
	char errors[ERRORS_MAX];
	const struct bgp_communities *const lists[] = { &app->spec->communities };
	json_t *o = app_head(app, clock);
	view_add_time(o, clock, "registered", app->registered_at);
	view_add_time(o, clock, "cleanup", app->cleanup_at);
	json_object_set_new(o, "went_up", json_integer((json_int_t)app->went_up));
	json_object_set_new(o, "went_down", json_integer((json_int_t)app->went_down));
	json_object_set_new(o, "quorum", view_quorum(app->spec));
	json_object_set_new(o, "flaps", json_integer((json_int_t)app->flaps));
	view_add_time(o, clock, "held_down_until", app->held_until);
	view_announcement_errors(app->vips, app->n_vips, errors, sizeof(errors));
	json_object_set_new(o, "announcement_errors", text_or_null(errors[0] ? errors : NULL));
	json_object_set_new(o, "communities", view_communities(lists, 1));
	json_object_set_new(o, "nats", nat_texts(app->spec));
	json_object_set_new(o, "nat", view_app_nat(app));
	json_object_set_new(o, "vips", view_vips(app, clock));
	json_object_set_new(o, "monitors", view_monitors(app, clock));
	return o;
}

json_t *view_app_summary(const struct view_app *app, const struct view_clock *clock)
{
	json_t *o = app_head(app, clock), *vips = json_array();
	for (size_t i = 0; i < app->n_vips; i++)
		json_array_append_new(vips, vip_summary(&app->vips[i]));
	json_object_set_new(o, "vips", vips);
	return o;
}

json_t *view_error(const char *text, bool endpoints)
{
	json_t *o = json_pack("{s:o}", "error", view_text(text));
	if (endpoints)
		json_object_set_new(
			o, "endpoints",
			json_pack("[s, s, s, s, s, s, s, s, s, s, s, s, s, s, s, s, s, s, s]",
				  "/register", "/unregister", "/info", "/ping", "/v1/status",
				  "/v1/drain", "/v1/undrain", "/v1/apps", "/v1/apps/NAME",
				  "/v1/apps/NAME/drain", "/v1/apps/NAME/undrain", "/v1/peers",
				  "/v1/routes", "/v1/nat", "/v1/consul", "/v1/capabilities",
				  "/metrics", "/healthz", "/readyz"));
	return o;
}
