/* SPDX-License-Identifier: MIT */
#include "agent/status/view_vip.h"

#include <stdlib.h>

#include "agent/vip/trouble.h"
#include "lib/mem.h"

void view_vip_context_init(struct view_vip_context *c, const struct status_sources *in)
{
	c->global = in->communities;
	c->retry_at = reconcile_retry_at(in->reconcile);
	peer_list_init(&c->peers, in->speaker);
	c->routes = mem_new(c->peers.n + 1, sizeof(*c->routes));
}

void view_vip_context_set(struct view_vip_context *c, const struct status_sources *in,
			  const struct vip *vip)
{
	for (size_t i = 0; i < c->peers.n; i++)
		c->routes[i] = (struct view_route){
			.peer = &c->peers.items[i],
			.state = bgp_speaker_route_state(in->speaker, i, &vip->prefix),
		};
}

void view_vip_context_done(struct view_vip_context *c)
{
	free(c->routes);
	peer_list_done(&c->peers);
}

/* Why it is not announced at all; NULL when it is. */
static const char *reason(const struct vip *vip)
{
	const struct app *app = vip->owner;
	if (vip->trouble)
		return vip->trouble->text;
	if (vip->announced)
		return NULL;
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

static json_t *routes(const struct vip *vip, const struct view_vip_context *c,
		      const struct bgp_communities *own)
{
	json_t *array = json_array();
	for (size_t i = 0; i < c->peers.n; i++)
		json_array_append_new(array,
				      view_route(&c->routes[i], &vip->prefix, c->global, own));
	return array;
}

static void add_trouble(json_t *o, const struct vip *vip, const struct view_vip_context *c,
			const struct view_clock *clock)
{
	const struct vip_trouble *t = vip->trouble;
	json_object_set_new(o, "error", view_text_or_null(t ? t->text : NULL));
	view_add_time(o, clock, "error_since", t ? t->since : USEC_NEVER);
	view_add_time(o, clock, "retry", t && !t->lasting ? c->retry_at : USEC_NEVER);
}

json_t *view_vip(const struct vip *vip, const struct view_vip_context *c,
		 const struct view_clock *clock)
{
	struct announce_room room;
	struct bgp_route_attrs attrs = { 0 };
	if (vip->spec) /* as it is announced, or would be */
		announce_specs_attrs(vip->spec->announce, &vip->spec->communities, vip->form, &room,
				     &attrs);
	json_t *o = json_pack("{s:o, s:o, s:b, s:b, s:o}", "prefix", view_prefix(&vip->prefix),
			      "app", view_text_or_null(vip->spec ? vip->spec->name : NULL), "bound",
			      vip->bound, "announced", vip->announced, "reason",
			      view_text_or_null(reason(vip)));
	view_add_time(o, clock, "since", vip->changed_at ? vip->changed_at : USEC_NEVER);
	add_trouble(o, vip, c, clock);
	json_object_set_new(o, "form", json_string(route_form_name(vip->form)));
	json_object_set_new(o, "attributes",
			    vip->announced ? view_route_attrs(&attrs) : json_null());
	json_object_set_new(o, "peers", routes(vip, c, &attrs.communities));
	return o;
}

json_t *view_vip_summary(const struct vip *vip, const struct view_vip_context *c)
{
	size_t sent = 0;
	for (size_t i = 0; i < c->peers.n; i++)
		sent += c->routes[i].state == BGP_ROUTE_SENT;
	return json_pack("{s:o, s:b, s:b, s:o, s:I}", "prefix", view_prefix(&vip->prefix), "bound",
			 vip->bound, "announced", vip->announced, "reason",
			 view_text_or_null(reason(vip)), "peers_sent", VIEW_INT(sent));
}

void view_vip_add_errors(const struct vip *vip, const struct view_vip_context *c,
			 struct strbuf *errors)
{
	char peer[ADDR_TEXT_MAX], prefix[PREFIX_TEXT_MAX];
	for (size_t i = 0; i < c->peers.n; i++) {
		const struct view_route *route = &c->routes[i];
		const char *error = view_route_error(route->state, vip->prefix.addr.family);
		if (error)
			strbuf_add(errors, "%speer %s: %s: %s",
				   errors->len > 0 ? ", " : "announcement errors: [",
				   addr_format(&route->peer->config->addr, peer),
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
	if (!vip)
		return NULL;
	struct view_clock clock = status_clock(&list->in);
	struct view_vip_context context;
	view_vip_context_init(&context, &list->in);
	view_vip_context_set(&context, &list->in, vip);
	json_t *json = view_vip(vip, &context, &clock);
	view_vip_context_done(&context);
	return json;
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
	return stream_new(NULL, "routes", &ops, list);
}
