/* SPDX-License-Identifier: MIT */
#include "agent/status/view_peers.h"

#include "agent/status/view_bfd.h"
#include "agent/status/view_peer.h"

typedef json_t *peer_fn(const struct bgp_peer_status *peer, const struct view_clock *clock);

static json_t *each_peer(const struct status_sources *in, peer_fn *view)
{
	struct view_clock clock = status_clock();
	struct peer_list peers;
	json_t *array = json_array();
	peer_list_init(&peers, in->speaker);
	for (size_t i = 0; i < peers.n; i++)
		json_array_append_new(array, view(&peers.items[i], &clock));
	peer_list_done(&peers);
	return array;
}

static const struct peer_order *order_of(const struct status_sources *in,
					 const struct bgp_peer_status *peer)
{
	const struct peer_id id = peer_id_of(peer->config);
	return in->peer_orders ? peer_orders_find(in->peer_orders, &id) : NULL;
}

static json_t *age(const struct view_clock *clock, mono_t since)
{
	return since == USEC_NEVER ? json_null() : view_span(usec_sub(clock->now, since));
}

/* The order that disabled it may be older than this process. */
static json_t *admin_age(const struct view_clock *clock, const struct bgp_peer_status *p,
			 const struct peer_order *order)
{
	return p->disabled && order && order->disabled
		       ? view_span(usec_sub(clock->wall, order->disabled_at))
		       : age(clock, p->admin_since);
}

static json_t *ages_of(const struct view_clock *clock, const struct bgp_peer_status *p,
		       const struct peer_order *order)
{
	bool up = p->established_since != USEC_NEVER;
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o}", "enabled", admin_age(clock, p, order),
			 "session", age(clock, up ? p->established_since : p->down_since), "family",
			 age(clock, p->established_since), "next-hop",
			 age(clock, p->next_hop_since[0]), "next-hop6",
			 age(clock, p->next_hop_since[1]), "named", age(clock, p->named_since));
}

json_t *view_peer_ages(const struct status_sources *in)
{
	struct view_clock clock = status_clock();
	struct peer_list peers;
	char name[BGP_PEER_NAME_MAX];
	json_t *o = json_object();
	peer_list_init(&peers, in->speaker);
	for (size_t i = 0; i < peers.n; i++) {
		const struct bgp_peer_status *p = &peers.items[i];
		json_object_set_new(o, bgp_peer_name(p->config, name),
				    ages_of(&clock, p, order_of(in, p)));
	}
	peer_list_done(&peers);
	return o;
}

/* null: it is not. */
static json_t *disabled(const struct peer_order *order, const struct view_clock *clock)
{
	if (!order || !order->disabled)
		return json_null();
	json_t *o = json_pack("{s:o, s:o}", "text", view_text(order->text), "by",
			      view_text(order->disabled_by));
	view_add_past(o, clock, "since", clock->now, usec_sub(clock->wall, order->disabled_at));
	return o;
}

/* Over the API. */
static json_t *view_added(const struct peer_order *order, const struct view_clock *clock)
{
	json_t *o = json_pack("{s:o, s:o}", "by", view_text(order->added_by), "definition",
			      json_loads(order->definition, 0, NULL));
	view_add_past(o, clock, "since", clock->now, usec_sub(clock->wall, order->added_at));
	return o;
}

/* BGP knows nothing of BFD and of orders. */
static void add_others(const struct status_sources *in, size_t i, json_t *peer)
{
	struct view_clock clock = status_clock();
	struct bgp_peer_status status;
	bgp_speaker_peer_status(in->speaker, i, &status);
	const struct peer_order *order = order_of(in, &status);
	bool added = i >= in->n_file_peers && order && order->definition;
	json_object_set_new(peer, "disabled", disabled(order, &clock));
	json_object_set_new(peer, "source", json_string(added ? "api" : "config"));
	json_object_set_new(peer, "added", added ? view_added(order, &clock) : json_null());
	json_object_set_new(peer, "bfd", view_bfd(in, &status, &clock));
}

json_t *view_peer_at(const struct status_sources *in, size_t i)
{
	struct view_clock clock = status_clock();
	struct bgp_peer_status status;
	bgp_speaker_peer_status(in->speaker, i, &status);
	json_t *peer = view_peer(&status, &clock);
	add_others(in, i, peer);
	return peer;
}

json_t *view_peers(const struct status_sources *in)
{
	json_t *peers = each_peer(in, view_peer), *peer;
	size_t i;
	json_array_foreach(peers, i, peer) add_others(in, i, peer);
	return json_pack("{s:o}", "peers", peers);
}

json_t *view_info(const struct status_sources *in)
{
	return each_peer(in, view_peer_info);
}
