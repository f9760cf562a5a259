/* SPDX-License-Identifier: MIT */
#include "agent/status/forecast_routes.h"

#include <stdlib.h>

#include "agent/status/view_route.h"
#include "lib/mem.h"

void forecast_routes_init(struct forecast_routes *r, const struct status_sources *in,
			  const struct aggregates *after)
{
	*r = (struct forecast_routes){ .in = in, .after = after };
	peer_list_init(&r->peers, in->speaker);
	r->is_down = mem_new(r->peers.n + 1, sizeof(*r->is_down));
}

void forecast_routes_set_down(struct forecast_routes *r, const struct peer_id *peer)
{
	for (size_t i = 0; i < r->peers.n; i++) {
		const struct peer_id id = peer_id_of(r->peers.items[i].config);
		r->is_down[i] = r->is_down[i] || peer_id_equal(&id, peer);
	}
}

void forecast_routes_done(struct forecast_routes *r)
{
	free(r->is_down);
	peer_list_done(&r->peers);
}

bool forecast_change_is_one(const struct forecast_change *c)
{
	return c->from != c->to || c->n_before != c->n_after || json_array_size(c->rows) > 0;
}

bool forecast_change_is_loss(const struct forecast_change *c)
{
	return c->n_before > 0 && c->n_after == 0;
}

/* Also what is about to be sent. */
static bool is_held(enum bgp_route_state state)
{
	return state == BGP_ROUTE_SENT || state == BGP_ROUTE_PENDING;
}

/* A route that is announced and for peer `i`. */
static bool would_be_held(const struct forecast_routes *r, size_t i, const struct prefix *prefix,
			  const struct addr *next_hop)
{
	return !r->is_down[i] && bgp_speaker_new_route_state(r->in->speaker, i, prefix->addr.family,
							     next_hop) == BGP_ROUTE_SENT;
}

/* A route before and after; NULL: there is none at this peer. */
struct at_peer {
	const struct bgp_route_attrs *before, *after;
};

static void add_row(const struct forecast_routes *r, size_t i, struct at_peer route,
		    struct forecast_change *ret)
{
	const struct bgp_peer_status *peer = &r->peers.items[i];
	if (!route.before && !route.after)
		return;
	json_t *before =
		route.before ? view_route_sent(peer, r->in->bgp, route.before) : json_null();
	json_t *after = route.after ? view_route_sent(peer, r->in->bgp, route.after) : json_null();
	if (json_equal(before, after)) {
		json_decref(before);
		json_decref(after);
		return;
	}
	const char *what = !route.after ? "withdrawn" : !route.before ? "announced" : "changed";
	json_array_append_new(ret->rows, json_pack("{s:o, s:s, s:o, s:o}", "peer",
						   view_peer_name(peer->config), "change", what,
						   "before", before, "after", after));
}

/* ---- aggregates ---- */

static const struct addr none;

static bool aggregate_would_be_held(const struct forecast_routes *r, size_t i,
				    const struct aggregate_status *s)
{
	return s->form != ROUTE_NONE &&
	       bgp_peer_filter_allows(s->spec->peers, r->peers.items[i].config) &&
	       would_be_held(r, i, &s->spec->prefix, &none);
}

/* Of the present ones; false: there is none any more. */
static bool find_aggregate(const struct aggregates *all, const struct prefix *prefix,
			   struct aggregate_status *ret)
{
	for (size_t i = 0; i < aggregates_list(all)->n; i++) {
		aggregates_status(all, i, ret);
		if (prefix_equal(&ret->spec->prefix, prefix))
			return true;
	}
	return false;
}

bool forecast_routes_of_aggregate(struct forecast_routes *r, const struct aggregate_status *to,
				  struct forecast_change *ret)
{
	struct aggregate_status from;
	struct announce_room room_before, room_after;
	struct bgp_route_attrs before, after;
	const struct prefix *prefix = &to->spec->prefix;
	if (!find_aggregate(actuator_aggregates(r->in->actuator), prefix, &from))
		return false;
	*ret = (struct forecast_change){ .from = from.form, .to = to->form, .rows = json_array() };
	aggregate_attrs(from.spec, from.form, &room_before, &before);
	aggregate_attrs(to->spec, to->form, &room_after, &after);
	for (size_t i = 0; i < r->peers.n; i++) {
		bool had = is_held(bgp_speaker_route_state(r->in->speaker, i, prefix)),
		     has = aggregate_would_be_held(r, i, to);
		ret->n_before += had;
		ret->n_after += has;
		add_row(r, i, (struct at_peer){ had ? &before : NULL, has ? &after : NULL }, ret);
	}
	return true;
}

/* ---- VIPs ---- */

/* An aggregate stands for the VIP: the peers that have it, of those that the VIP is for. */
static void count_suppressed(const struct forecast_routes *r, const struct vip *vip,
			     const struct aggregate_spec *by, struct forecast_change *ret)
{
	struct aggregate_status after;
	bool is = find_aggregate(r->after, &by->prefix, &after) && ret->to != ROUTE_NONE,
	     was = ret->from != ROUTE_NONE;
	for (size_t i = 0; i < r->peers.n; i++) {
		if (!vip_is_for(vip, r->peers.items[i].config))
			continue;
		ret->n_before +=
			was && is_held(bgp_speaker_route_state(r->in->speaker, i, &by->prefix));
		ret->n_after += is && aggregate_would_be_held(r, i, &after);
	}
}

static void count_peer(struct forecast_routes *r, size_t i, const struct vip *vip,
		       struct forecast_change *ret)
{
	const struct bgp_peer_config *peer = r->peers.items[i].config;
	struct announce_room room_before, room_after;
	struct bgp_route_attrs before, after;
	vip_attrs_for(vip, ret->from, peer, &room_before, &before);
	vip_attrs_for(vip, ret->to, peer, &room_after, &after);
	bool had = vip->announced &&
		   is_held(bgp_speaker_route_state(r->in->speaker, i, &vip->prefix)),
	     has = ret->to != ROUTE_NONE && vip_is_for(vip, peer) &&
		   would_be_held(r, i, &vip->prefix, &after.next_hop);
	ret->n_before += had;
	ret->n_after += has;
	add_row(r, i, (struct at_peer){ had ? &before : NULL, has ? &after : NULL }, ret);
}

void forecast_routes_of_vip(struct forecast_routes *r, const struct vip *vip, enum route_form to,
			    struct forecast_change *ret)
{
	const struct aggregate_list *list = aggregates_list(actuator_aggregates(r->in->actuator));
	const struct aggregate_spec *by = aggregate_list_suppressor(list, &vip->prefix);
	*ret = (struct forecast_change){
		.from = vip->announced ? vip->form : ROUTE_NONE,
		.to = to,
		.rows = json_array(),
	};
	if (by)
		count_suppressed(r, vip, by, ret);
	for (size_t i = 0; !by && i < r->peers.n; i++)
		count_peer(r, i, vip, ret);
}
