/* SPDX-License-Identifier: MIT */
#include "agent/status/view_vip.h"

#include <stdlib.h>

#include "agent/status/view_aggregate.h"
#include "agent/vip/trouble.h"
#include "lib/mem.h"

#define REASON_MAX 640

void view_vip_context_init(struct view_vip_context *c, const struct status_sources *in)
{
	c->bgp = in->bgp;
	c->vip = NULL;
	c->retry_at = reconcile_retry_at(in->reconcile);
	peer_list_init(&c->peers, in->speaker);
	c->routes = mem_new(c->peers.n + 1, sizeof(*c->routes));
}

void view_vip_context_set(struct view_vip_context *c, const struct status_sources *in,
			  const struct vip *vip)
{
	const struct bgp_peer_filter *filter = vip->spec ? vip->spec->peers : NULL;
	c->vip = vip;
	for (size_t i = 0; i < c->peers.n; i++) {
		const struct bgp_peer_status *peer = &c->peers.items[i];
		bool is_for_it = bgp_peer_filter_allows(filter, peer->config);
		c->routes[i] = (struct view_route){
			.peer = peer,
			.state = is_for_it ? bgp_speaker_route_state(in->speaker, i, &vip->prefix)
					   : BGP_ROUTE_FILTERED,
		};
		if (c->routes[i].state == BGP_ROUTE_SUPPRESSED)
			c->routes[i].summary = view_aggregate_state(in, i, &vip->prefix);
	}
}

void view_vip_context_done(struct view_vip_context *c)
{
	free(c->routes);
	peer_list_done(&c->peers);
}

struct bgp_reach view_vip_reach(const struct vip *vip, const struct view_vip_context *c)
{
	struct bgp_reach reach = { 0 };
	for (size_t i = 0; i < c->peers.n; i++) {
		enum bgp_route_state state = c->routes[i].state;
		if (state == BGP_ROUTE_SUPPRESSED) /* the aggregate is how it is reached */
			state = c->routes[i].summary;
		bool is_for_it = state != BGP_ROUTE_FILTERED;
		bgp_reach_add(&reach, vip->announced || !is_for_it ? state : BGP_ROUTE_UNKNOWN);
	}
	return reach;
}

/* Why the agent does not announce it. */
static const char *withheld(const struct vip *vip)
{
	const struct app *app = vip->owner;
	if (!app)
		return "the app is gone, the VIP is going down";
	switch (app->health) {
	case HEALTH_UNKNOWN:
		return "the app has no verdict yet";
	case HEALTH_DOWN:
		return "the app is down";
	case HEALTH_UP:
		break;
	}
	return app->drained_since != USEC_NEVER ? "the app is drained" : "about to be announced";
}

/* Why no peer has it although the agent announces it. */
static void add_unsent(const struct vip *vip, const struct view_vip_context *c,
		       const struct bgp_reach *reach, struct strbuf *ret)
{
	char text[BGP_PEER_NAME_MAX];
	if (reach->state == BGP_ROUTE_UNKNOWN &&
	    c->routes[reach->decider].state == BGP_ROUTE_SUPPRESSED) {
		strbuf_add(ret, "its aggregate, with summary_only, is not announced: too few apps "
				"are");
		return;
	}
	if (reach->asked > 0 && reach->peers == 0) {
		strbuf_add(ret,
			   "for no peer: peers and except_peers of the app leave none of the "
			   "%zu",
			   reach->asked);
		return;
	}
	if (reach->peers == 0 || reach->state == BGP_ROUTE_PENDING) {
		strbuf_add(ret, "about to be sent");
		return;
	}
	const struct bgp_peer_status *peer = c->routes[reach->decider].peer;
	const char *error = view_route_error(peer, reach->state, vip->prefix.addr.family);
	bgp_peer_name(peer->config, text);
	if (error)
		strbuf_add(ret, "peer %s: %s", text, error);
	else
		strbuf_add(ret, "no BGP session established (0 of %zu): peer %s is %s%s%s",
			   reach->peers, text, bgp_state_name(peer->state),
			   peer->last_error[0] ? ": " : "", peer->last_error);
}

bool view_vip_reason(const struct vip *vip, const struct view_vip_context *c, struct strbuf *ret)
{
	struct bgp_reach reach = view_vip_reach(vip, c);
	if (vip->trouble)
		strbuf_add(ret, "%s", vip->trouble->text);
	else if (!vip->announced)
		strbuf_add(ret, "%s", withheld(vip));
	else if (reach.sent == 0)
		add_unsent(vip, c, &reach, ret);
	else
		return false;
	return true;
}

static json_t *reason(const struct vip *vip, const struct view_vip_context *c)
{
	char buf[REASON_MAX];
	struct strbuf text = strbuf_over(buf, sizeof(buf));
	return view_text_or_null(view_vip_reason(vip, c, &text) ? buf : NULL);
}

static json_t *routes(const struct vip *vip, const struct view_vip_context *c,
		      const struct bgp_route_attrs *own)
{
	json_t *array = json_array();
	for (size_t i = 0; i < c->peers.n; i++) {
		struct announce_room room;
		struct bgp_route_attrs its = *own;
		if (vip->spec && vip->route && vip->route->other)
			vip_attrs_for(vip, vip->form, c->peers.items[i].config, &room, &its);
		json_array_append_new(array, view_route(&c->routes[i], &vip->prefix, c->bgp, &its));
	}
	return array;
}

/* An error of the VIP itself, or that no peer can be sent its route. */
static void add_trouble(json_t *o, const struct vip *vip, const struct view_vip_context *c,
			const struct view_clock *clock)
{
	const struct vip_trouble *t = vip->trouble;
	struct bgp_reach reach = view_vip_reach(vip, c);
	mono_t since = t ? t->since : USEC_NEVER;
	json_t *error = view_text_or_null(t ? t->text : NULL);
	if (!t && bgp_reach_is_refused(&reach)) {
		json_decref(error);
		error = reason(vip, c);
		since = c->routes[reach.decider].peer->established_since;
		if (since < vip->changed_at || reach.peers == 0)
			since = vip->changed_at;
	}
	json_object_set_new(o, "error", error);
	view_add_time(o, clock, "error_since", since);
	view_add_time(o, clock, "retry", t && !t->lasting ? c->retry_at : USEC_NEVER);
}

/* null: none is needed, or it may be on any. */
static json_t *interface_of(const struct vip *vip)
{
	if (!vip->spec || app_spec_bind(vip->spec) == BIND_NONE)
		return json_null();
	if (app_spec_bind(vip->spec) == BIND_PRESENT)
		return view_text_or_null(vip->spec->interface[0] ? vip->spec->interface : NULL);
	return json_string(app_spec_place(vip->spec));
}

/* null: not counted. */
static json_t *traffic(const struct traffic *t, const struct view_clock *clock)
{
	if (!t)
		return json_null();
	bool has_rate = traffic_has_rate(t, clock->now);
	json_t *o =
		json_pack("{s:I, s:I, s:o, s:o, s:o}", "packets", VIEW_INT(t->packets), "bytes",
			  VIEW_INT(t->bytes), "packets_per_second",
			  has_rate ? json_real(t->packet_rate) : json_null(), "bytes_per_second",
			  has_rate ? json_real(t->byte_rate) : json_null(), "rate_span_seconds",
			  has_rate ? view_span(usec_sub(t->rate_to, t->rate_from)) : json_null());
	view_add_time(o, clock, "sampled", t->sampled_at);
	json_object_set_new(o, "sample_span_seconds", view_span(t->sample_span));
	view_add_time(o, clock, "last_packet", t->last_packet);
	return o;
}

json_t *view_vip(const struct vip *vip, const struct view_vip_context *c,
		 const struct view_clock *clock)
{
	struct announce_room room;
	struct bgp_route_attrs attrs = { 0 };
	if (vip->spec) /* as it is announced, or would be */
		vip_attrs(vip, vip->form, &room, &attrs);
	struct bgp_reach reach = view_vip_reach(vip, c);
	json_t *o = json_pack("{s:o, s:o, s:b, s:b, s:o, s:o}", "prefix", view_prefix(&vip->prefix),
			      "app", view_text_or_null(vip->spec ? vip->spec->name : NULL), "bound",
			      vip->bound, "announced", reach.sent > 0, "announced_to",
			      view_announced_to(reach.sent, reach.peers), "reason", reason(vip, c));
	json_object_set_new(o, "bind",
			    vip->spec ? json_string(bind_name(app_spec_bind(vip->spec)))
				      : json_null());
	json_object_set_new(o, "interface", interface_of(vip));
	view_add_time(o, clock, "since", vip->changed_at ? vip->changed_at : USEC_NEVER);
	add_trouble(o, vip, c, clock);
	json_object_set_new(o, "form", json_string(route_form_name(vip->form)));
	json_object_set_new(o, "attributes",
			    vip->announced ? view_route_attrs(&attrs) : json_null());
	json_object_set_new(o, "traffic", traffic(vip->traffic, clock));
	json_object_set_new(o, "peers", routes(vip, c, &attrs));
	return o;
}

json_t *view_vip_alone(const struct status_sources *in, const struct vip *vip)
{
	struct view_clock clock = status_clock();
	struct view_vip_context context;
	view_vip_context_init(&context, in);
	view_vip_context_set(&context, in, vip);
	json_t *json = view_vip(vip, &context, &clock);
	view_vip_context_done(&context);
	return json;
}

void view_add_announced_to(struct json_out *o, size_t sent, size_t peers)
{
	json_out_key(o, "announced_to");
	json_out_open(o, '{');
	json_out_add_count(o, "sent", sent);
	json_out_add_count(o, "peers", peers);
	json_out_close(o, '}');
}

void view_vip_add_summary(struct json_out *o, const struct vip *vip,
			  const struct view_vip_context *c)
{
	char prefix[PREFIX_TEXT_MAX], buf[REASON_MAX];
	struct strbuf reason = strbuf_over(buf, sizeof(buf));
	struct bgp_reach reach = view_vip_reach(vip, c);
	bool held = view_vip_reason(vip, c, &reason);
	json_out_open(o, '{');
	json_out_add_text(o, "prefix", prefix_format(&vip->prefix, prefix));
	json_out_add_bool(o, "bound", vip->bound);
	json_out_add_bool(o, "announced", reach.sent > 0);
	view_add_announced_to(o, reach.sent, reach.peers);
	json_out_add_text(o, "reason", held ? buf : NULL);
	json_out_add_count(o, "peers_sent", reach.sent);
	json_out_close(o, '}');
}

void view_vip_add_errors(const struct vip *vip, const struct view_vip_context *c,
			 struct strbuf *errors)
{
	char peer[BGP_PEER_NAME_MAX], prefix[PREFIX_TEXT_MAX];
	for (size_t i = 0; i < c->peers.n; i++) {
		const struct view_route *route = &c->routes[i];
		const char *error =
			view_route_error(route->peer, route->state, vip->prefix.addr.family);
		if (error)
			strbuf_add(errors, "%speer %s: %s: %s",
				   errors->len > 0 ? ", " : "announcement errors: [",
				   bgp_peer_name(route->peer->config, peer),
				   prefix_format(&vip->prefix, prefix), error);
	}
}

/* GET /v1/routes */

struct vip_list {
	struct status_sources in;
	struct vip_cursor cursor;
};

static json_t *next_vip(void *userdata)
{
	struct vip_list *list = userdata;
	const struct vip *vip = vip_cursor_next(&list->cursor);
	return vip ? view_vip_alone(&list->in, vip) : NULL;
}

static void free_vip_list(void *userdata)
{
	struct vip_list *list = userdata;
	vip_cursor_done(&list->cursor);
	free(list);
}

struct stream *view_routes(const struct status_sources *in)
{
	static const struct stream_ops ops = { next_vip, free_vip_list };
	struct vip_list *list = mem_new(1, sizeof(*list));
	list->in = *in;
	vip_cursor_init(in->reconcile, &list->cursor);
	return stream_new(json_pack("{s:o}", "aggregates", view_aggregates(in)), "routes", &ops,
			  list);
}
