/* SPDX-License-Identifier: MIT */
#include "agent/status/forecast_routes.h"

#include <stdlib.h>

#include "agent/status/view_route.h"
#include "lib/mem.h"

/* A peer as it is, and as it would be. */
struct forecast_peer {
	const struct bgp_peer_status *before; /* NULL: it comes */
	size_t index;                         /* of one that is there, at the speaker */
	bool is_after, resets;
	bool is_down;                  /* it is supposed to be */
	struct bgp_peer_config config; /* as it would be, as is the status */
	struct bgp_peer_status after;
};

/* ---- peers ---- */

static const struct bgp_peer_config *find_next(const struct bgp_config *next,
					       const struct bgp_peer_config *peer)
{
	for (size_t i = 0; i < next->n_peers; i++)
		if (bgp_peer_is_same(&next->peers[i], peer))
			return &next->peers[i];
	return NULL;
}

/* The address of a router that was learnt stays. */
static void set_after(struct forecast_peer *p, const struct bgp_peer_config *config,
		      const struct bgp_config *next)
{
	p->is_after = true;
	p->config = *config;
	if (config->unnumbered && p->before)
		p->config.addr = p->before->config->addr;
	if (p->before)
		p->after = *p->before;
	if (!p->before || config->peer_as)
		p->after.peer_as = config->peer_as;
	p->after.local_as = bgp_peer_local_as(next, config);
	p->after.config = &p->config;
}

static void keep(struct forecast_peer *p)
{
	p->is_after = true;
	p->after = *p->before;
}

static void set_present(struct forecast_routes *r, size_t i, const struct forecast_bgp *bgp)
{
	struct forecast_peer *p = &r->peers[i];
	*p = (struct forecast_peer){ .before = &r->present.items[i], .index = i };
	if (!bgp) {
		keep(p);
		return;
	}
	const struct bgp_peer_config *next = find_next(bgp->next, p->before->config);
	if (!next)
		return;
	set_after(p, next, bgp->next);
	p->resets = bgp->present->local_as != bgp->next->local_as ||
		    bgp->present->router_id != bgp->next->router_id ||
		    bgp_peer_change_resets(p->before->config, &p->config);
}

static bool is_present(const struct forecast_routes *r, const struct bgp_peer_config *peer)
{
	for (size_t i = 0; i < r->present.n; i++)
		if (bgp_peer_is_same(r->present.items[i].config, peer))
			return true;
	return false;
}

void forecast_routes_init(struct forecast_routes *r, const struct status_sources *in,
			  const struct aggregates *after, const struct forecast_bgp *bgp)
{
	*r = (struct forecast_routes){ .in = in, .after = after, .next = bgp ? bgp->next : NULL };
	peer_list_init(&r->present, in->speaker);
	size_t n_next = bgp ? bgp->next->n_peers : 0;
	r->peers = mem_new(r->present.n + n_next + 1, sizeof(*r->peers));
	for (; r->n_peers < r->present.n; r->n_peers++)
		set_present(r, r->n_peers, bgp);
	for (size_t i = 0; i < n_next; i++)
		if (!is_present(r, &bgp->next->peers[i]))
			set_after(&r->peers[r->n_peers++], &bgp->next->peers[i], bgp->next);
}

void forecast_routes_set_down(struct forecast_routes *r, const struct peer_id *peer)
{
	for (size_t i = 0; i < r->n_peers; i++) {
		struct forecast_peer *p = &r->peers[i];
		const struct peer_id id =
			peer_id_of(p->before ? p->before->config : p->after.config);
		p->is_down = p->is_down || peer_id_equal(&id, peer);
	}
}

void forecast_routes_done(struct forecast_routes *r)
{
	free(r->peers);
	peer_list_done(&r->present);
}

json_t *forecast_routes_peers(const struct forecast_routes *r)
{
	json_t *list = json_array();
	for (size_t i = 0; i < r->n_peers; i++) {
		const struct forecast_peer *p = &r->peers[i];
		const char *change = !p->before     ? "added"
				     : !p->is_after ? "removed"
				     : p->resets    ? "reset"
						    : NULL;
		const struct bgp_peer_config *config =
			p->before ? p->before->config : p->after.config;
		if (change)
			json_array_append_new(list,
					      json_pack("{s:o, s:s}", "peer",
							view_peer_name(config), "change", change));
	}
	return list;
}

/* ---- changes ---- */

bool forecast_change_is_one(const struct forecast_change *c)
{
	return c->from != c->to || c->n_before != c->n_after || json_array_size(c->rows) > 0;
}

bool forecast_change_is_loss(const struct forecast_change *c)
{
	return c->n_before > 0 && c->n_after == 0;
}

/* Also what is about to be sent. */
static bool is_held(const struct forecast_routes *r, const struct forecast_peer *p,
		    const struct prefix *prefix)
{
	if (!p->before)
		return false;
	enum bgp_route_state state = bgp_speaker_route_state(r->in->speaker, p->index, prefix);
	return state == BGP_ROUTE_SENT || state == BGP_ROUTE_PENDING;
}

/* A route that is announced and for this peer. A session that is reset is supposed to come back as
 * it was; one that is new is not counted on. */
static bool would_be_held(const struct forecast_routes *r, const struct forecast_peer *p,
			  const struct prefix *prefix, const struct addr *next_hop)
{
	return p->before && p->is_after && !p->is_down &&
	       bgp_speaker_new_route_state(r->in->speaker, p->index, prefix->addr.family,
					   next_hop) == BGP_ROUTE_SENT;
}

/* With what a configuration sets for all routes to a peer. */
static json_t *view_attrs(const struct forecast_routes *r, const struct bgp_peer_status *peer,
			  const struct bgp_config *bgp, const struct prefix *prefix,
			  const struct bgp_route_attrs *attrs)
{
	json_t *o = view_route_sent(peer, bgp, attrs);
	bool ipv4 = prefix->addr.family == AF_INET;
	if (!r->next)
		return o;
	json_object_set_new(o, "origin",
			    json_string(bgp_origin_name(attrs->origin.given ? attrs->origin.value
									    : bgp->origin)));
	json_object_set_new(o, "next_hop",
			    view_addr(attrs->next_hop.family ? &attrs->next_hop
				      : ipv4                 ? &peer->config->next_hop
							     : &peer->config->next_hop6));
	return o;
}

/* A route before and after; NULL: there is none at this peer. */
struct at_peer {
	const struct bgp_route_attrs *before, *after;
	const char *when; /* that is so, if not at once: "session", "checks"; NULL: at once */
};

static void add_row(const struct forecast_routes *r, const struct forecast_peer *p,
		    const struct prefix *prefix, struct at_peer route, struct forecast_change *ret)
{
	const struct bgp_peer_status *peer = p->before ? p->before : &p->after;
	if (!route.before && !route.after)
		return;
	json_t *before = json_null(), *after = json_null();
	if (route.before)
		before = view_attrs(r, p->before, r->in->bgp, prefix, route.before);
	if (route.after)
		after = view_attrs(r, &p->after, r->next ? r->next : r->in->bgp, prefix,
				   route.after);
	if (json_equal(before, after)) {
		json_decref(before);
		json_decref(after);
		return;
	}
	const char *what = !route.after ? "withdrawn" : !route.before ? "announced" : "changed";
	json_array_append_new(ret->rows, json_pack("{s:o, s:s, s:o, s:o, s:o}", "peer",
						   view_peer_name(peer->config), "change", what,
						   "when", view_text_or_null(route.when), "before",
						   before, "after", after));
}

/* ---- aggregates ---- */

static const struct addr none;

static bool aggregate_is_for(const struct aggregate_status *s, const struct forecast_peer *p)
{
	return s->form != ROUTE_NONE && p->is_after &&
	       bgp_peer_filter_allows(s->spec->peers, p->after.config);
}

static bool aggregate_would_be_held(const struct forecast_routes *r, const struct forecast_peer *p,
				    const struct aggregate_status *s)
{
	return aggregate_is_for(s, p) && would_be_held(r, p, &s->spec->prefix, &none);
}

/* False: there is none. */
static bool find_aggregate(const struct aggregates *all, const struct prefix *prefix,
			   struct aggregate_status *ret)
{
	for (size_t i = 0; i < aggregates_list(all)->n; i++) {
		aggregates_status(all, i, ret);
		if (prefix_equal(&ret->spec->prefix, prefix))
			return true;
	}
	*ret = (struct aggregate_status){ .form = ROUTE_NONE };
	return false;
}

static const struct aggregates *present_aggregates(const struct forecast_routes *r)
{
	return actuator_aggregates(r->in->actuator);
}

static void attrs_of(const struct aggregate_status *s, struct announce_room *room,
		     struct bgp_route_attrs *ret)
{
	if (s->spec)
		aggregate_attrs(s->spec, s->form, room, ret);
}

bool forecast_routes_of_aggregate(struct forecast_routes *r, const struct prefix *prefix,
				  struct forecast_change *ret)
{
	struct aggregate_status from, to;
	struct announce_room room_before, room_after;
	struct bgp_route_attrs before, after;
	bool is = find_aggregate(present_aggregates(r), prefix, &from);
	if (!find_aggregate(r->after, prefix, &to) && !is)
		return false;
	*ret = (struct forecast_change){ .from = from.form, .to = to.form, .rows = json_array() };
	attrs_of(&from, &room_before, &before);
	attrs_of(&to, &room_after, &after);
	for (size_t i = 0; i < r->n_peers; i++) {
		const struct forecast_peer *p = &r->peers[i];
		bool had = from.spec && is_held(r, p, prefix),
		     has = aggregate_would_be_held(r, p, &to),
		     comes = !p->before && aggregate_is_for(&to, p);
		ret->n_before += had;
		ret->n_after += has;
		add_row(r, p, prefix,
			(struct at_peer){ had ? &before : NULL, has || comes ? &after : NULL,
					  comes ? "session" : NULL },
			ret);
	}
	return true;
}

/* ---- VIPs ---- */

/* A VIP as it is and would be, and the aggregates that stand for it then; NULL: none does. */
struct both {
	const struct vip *vip, *after;
	const struct aggregate_spec *by_before, *by_after;
	enum route_form later;
};

/* Returns its attributes, if this peer has them. With an aggregate in its place, it is only
 * counted. */
static bool had_route(const struct forecast_routes *r, const struct forecast_peer *p,
		      const struct both *b, struct forecast_change *ret)
{
	if (!p->before)
		return false;
	if (b->by_before) {
		ret->n_before += ret->from != ROUTE_NONE && vip_is_for(b->vip, p->before->config) &&
				 is_held(r, p, &b->by_before->prefix);
		return false;
	}
	bool had = b->vip->announced && is_held(r, p, &b->vip->prefix);
	ret->n_before += had;
	return had;
}

static bool is_for_after(const struct forecast_peer *p, const struct both *b)
{
	return p->is_after && b->after->spec && vip_is_for(b->after, p->after.config);
}

static bool will_have_route(const struct forecast_routes *r, const struct forecast_peer *p,
			    const struct both *b, const struct addr *next_hop,
			    struct forecast_change *ret)
{
	struct aggregate_status s;
	if (ret->to == ROUTE_NONE || !is_for_after(p, b))
		return false;
	if (b->by_after) {
		find_aggregate(r->after, &b->by_after->prefix, &s);
		ret->n_after += aggregate_would_be_held(r, p, &s);
		return false;
	}
	bool has = would_be_held(r, p, &b->after->prefix, next_hop);
	ret->n_after += has;
	return has;
}

/* The reason why the route comes later: the session of a peer that is added, or checks that have
 * not run yet; NULL: it does not. */
static const char *waits_for(const struct forecast_peer *p, const struct both *b,
			     enum route_form to)
{
	if (!is_for_after(p, b) || b->by_after || p->is_down)
		return NULL;
	if (to == ROUTE_NONE)
		return b->later != ROUTE_NONE ? "checks" : NULL;
	return p->before ? NULL : "session";
}

static void count_peer(const struct forecast_routes *r, const struct forecast_peer *p,
		       const struct both *b, struct forecast_change *ret)
{
	struct announce_room room_before, room_after;
	struct bgp_route_attrs before = { 0 }, after = { 0 };
	enum route_form then = ret->to != ROUTE_NONE ? ret->to : b->later;
	if (p->before && b->vip->spec)
		vip_attrs_for(b->vip, ret->from, p->before->config, &room_before, &before);
	if (p->is_after && b->after->spec)
		vip_attrs_for(b->after, then, p->after.config, &room_after, &after);
	bool had = had_route(r, p, b, ret), has = will_have_route(r, p, b, &after.next_hop, ret);
	const struct prefix *prefix = &b->vip->prefix;
	add_row(r, p, prefix, (struct at_peer){ had ? &before : NULL, has ? &after : NULL, NULL },
		ret);
	const char *when = waits_for(p, b, ret->to);
	if (when)
		add_row(r, p, prefix, (struct at_peer){ NULL, &after, when }, ret);
}

void forecast_routes_of_vip(struct forecast_routes *r, const struct vip *vip,
			    const struct vip *after, enum route_form to, enum route_form later,
			    struct forecast_change *ret)
{
	const struct aggregate_list *is = aggregates_list(present_aggregates(r));
	const struct both b = {
		.vip = vip,
		.after = after,
		.by_before = aggregate_list_suppressor(is, &vip->prefix),
		.by_after = aggregate_list_suppressor(aggregates_list(r->after), &vip->prefix),
		.later = later,
	};
	*ret = (struct forecast_change){
		.from = vip->announced ? vip->form : ROUTE_NONE,
		.to = to,
		.rows = json_array(),
	};
	for (size_t i = 0; i < r->n_peers; i++)
		count_peer(r, &r->peers[i], &b, ret);
}
