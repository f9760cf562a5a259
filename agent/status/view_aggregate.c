/* SPDX-License-Identifier: MIT */
#include "agent/status/view_aggregate.h"

#include "agent/status/explain.h"
#include "agent/status/view_peers.h"
#include "agent/status/view_route.h"
#include "bgp/reach.h"

static json_t *view_peer(const struct status_sources *in, const struct view_route *route,
			 const struct aggregate_spec *spec, const struct bgp_route_attrs *attrs)
{
	json_t *o = view_route(route, &spec->prefix, in->bgp, attrs);
	if (route->state == BGP_ROUTE_FILTERED)
		json_object_set_new(
			o, "reason",
			json_string("not for this peer: peers or except_peers of the aggregate"));
	return o;
}

/* Whatever the speaker has: the filter is known before. */
static enum bgp_route_state state_at(const struct status_sources *in, size_t peer,
				     const struct bgp_peer_config *config,
				     const struct aggregate_spec *spec)
{
	return bgp_peer_filter_allows(spec->peers, config)
		       ? bgp_speaker_route_state(in->speaker, peer, &spec->prefix)
		       : BGP_ROUTE_FILTERED;
}

enum bgp_route_state view_aggregate_state(const struct status_sources *in, size_t peer,
					  const struct prefix *vip)
{
	const struct aggregate_spec *spec =
		aggregate_list_suppressor(aggregates_list(actuator_aggregates(in->actuator)), vip);
	const struct bgp_peer_config *config = bgp_speaker_peer_config(in->speaker, peer);
	return spec ? state_at(in, peer, config, spec) : BGP_ROUTE_UNKNOWN;
}

static json_t *view_peers_of(const struct status_sources *in, const struct aggregate_status *s,
			     const struct bgp_route_attrs *attrs, struct bgp_reach *ret)
{
	struct peer_list peers;
	json_t *array = json_array();
	peer_list_init(&peers, in->speaker);
	for (size_t i = 0; i < peers.n; i++) {
		const struct view_route route = {
			.peer = &peers.items[i],
			.state = state_at(in, i, peers.items[i].config, s->spec),
		};
		bgp_reach_add(ret, route.state);
		json_array_append_new(array, view_peer(in, &route, s->spec, attrs));
	}
	peer_list_done(&peers);
	return array;
}

static json_t *view_aggregate(const struct status_sources *in, const struct aggregate_status *s)
{
	struct announce_room room;
	struct bgp_route_attrs attrs;
	struct bgp_reach reach = { 0 };
	struct view_clock clock = status_clock();
	aggregate_attrs(s->spec, s->form, &room, &attrs);
	json_t *peers = view_peers_of(in, s, &attrs, &reach);
	json_t *o = json_pack("{s:o, s:I, s:{s:I, s:I}, s:b, s:s, s:b, s:o}", "prefix",
			      view_prefix(&s->spec->prefix), "min", VIEW_INT(s->spec->min), "apps",
			      "announced", VIEW_INT(s->count.announced), "up",
			      VIEW_INT(s->count.up), "summary_only", s->spec->summary_only, "form",
			      route_form_name(s->form), "announced", reach.sent > 0, "announced_to",
			      view_announced_to(reach.sent, reach.peers));
	view_add_time(o, &clock, "since", s->changed_at ? s->changed_at : USEC_NEVER);
	json_object_set_new(o, "attributes",
			    s->form == ROUTE_NONE ? json_null() : view_route_attrs(&attrs));
	json_object_set_new(o, "peers", peers);
	return o;
}

json_t *view_aggregates(const struct status_sources *in)
{
	struct aggregate_status s;
	json_t *array = json_array();
	const struct aggregates *all = actuator_aggregates(in->actuator);
	for (size_t i = 0; i < aggregates_list(all)->n; i++) {
		aggregates_status(all, i, &s);
		json_array_append_new(array, view_aggregate(in, &s));
	}
	return array;
}

size_t view_aggregates_announced(const struct status_sources *in)
{
	struct aggregate_status s;
	size_t n = 0;
	const struct aggregates *all = actuator_aggregates(in->actuator);
	for (size_t i = 0; i < aggregates_list(all)->n; i++) {
		aggregates_status(all, i, &s);
		n += s.form != ROUTE_NONE;
	}
	return n;
}

json_t *view_aggregate_explained(const struct status_sources *in, const struct prefix *prefix)
{
	struct aggregate_status s;
	const struct aggregates *all = actuator_aggregates(in->actuator);
	for (size_t i = 0; i < aggregates_list(all)->n; i++) {
		aggregates_status(all, i, &s);
		if (!prefix_equal(&s.spec->prefix, prefix))
			continue;
		json_t *viewed = view_aggregate(in, &s), *ages = view_peer_ages(in);
		json_t *explained = explain_aggregate(viewed, ages);
		json_decref(ages);
		json_decref(viewed);
		return explained;
	}
	return NULL;
}
