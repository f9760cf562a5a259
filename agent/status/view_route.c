/* SPDX-License-Identifier: MIT */
#include "agent/status/view_route.h"

#include <stdio.h>

#include "agent/model/community.h"
#include "agent/model/weight.h"
#include "bgp/merge.h"

static const char *no_next_hop(const struct bgp_peer_status *peer, uint8_t family)
{
	if (family == AF_INET6)
		return "no IPv6 address to be the next hop, set local_ip6";
	if (peer->config->addr.family == AF_INET6 && !peer->extended_next_hop)
		return "no IPv4 address to be the next hop, and the router does not offer an IPv6 "
		       "one for IPv4 routes: configure extended next hop (RFC 8950) for this "
		       "neighbor there, or set local_ip";
	return "no IPv4 address to be the next hop, set local_ip";
}

const char *view_route_error(const struct bgp_peer_status *peer, enum bgp_route_state state,
			     uint8_t family)
{
	switch (state) {
	case BGP_ROUTE_NO_FAMILY:
		return family == AF_INET6 ? "IPv6 unicast was not negotiated"
					  : "IPv4 unicast was not negotiated";
	case BGP_ROUTE_NO_NEXT_HOP:
		return no_next_hop(peer, family);
	case BGP_ROUTE_FILTERED: /* as configured, both */
	case BGP_ROUTE_SUPPRESSED:
	case BGP_ROUTE_SENT:
	case BGP_ROUTE_PENDING:
	case BGP_ROUTE_UNKNOWN:
	case BGP_ROUTE_NO_SESSION:
		return NULL;
	}
	return NULL;
}

static json_t *reason(const struct view_route *route, uint8_t family)
{
	char buf[512];
	const struct bgp_peer_status *peer = route->peer;
	const char *error = view_route_error(peer, route->state, family);
	if (error)
		return json_string(error);
	if (route->state == BGP_ROUTE_FILTERED)
		return json_string("not for this peer: peers or except_peers of the app");
	if (route->state == BGP_ROUTE_SUPPRESSED)
		return json_string("an aggregate with summary_only stands for it");
	if (route->state != BGP_ROUTE_NO_SESSION)
		return json_null();
	const char *why = peer->last_error[0] ? peer->last_error
			  : peer->awaits_path ? "it waits for BFD (bfd.required)"
					      : "";
	snprintf(buf, sizeof(buf), "no session, the peer is %s%s%s", bgp_state_name(peer->state),
		 why[0] ? ": " : "", why);
	return view_text(buf);
}

static json_t *ext_communities(const struct bgp_ext_communities *list)
{
	char text[EXT_COMMUNITY_TEXT_MAX];
	json_t *array = json_array();
	for (size_t i = 0; i < list->n; i++)
		json_array_append_new(array,
				      json_string(ext_community_format(list->values[i], text)));
	return array;
}

static json_t *large_communities(const struct bgp_large_communities *list)
{
	char text[LARGE_COMMUNITY_TEXT_MAX];
	json_t *array = json_array();
	for (size_t i = 0; i < list->n; i++)
		json_array_append_new(array,
				      json_string(large_community_format(list->values[i], text)));
	return array;
}

#define EXACT_MAX 9007199254740992.0 /* 2^53: a double below it has all its integers */

/* Octets per second, as an integer where it is one. */
static json_t *view_weight(bool has, uint32_t weight)
{
	double octets = weight_octets(weight);
	if (!has)
		return json_null();
	if (octets < EXACT_MAX && octets == (double)(json_int_t)octets)
		return json_integer((json_int_t)octets);
	return json_real(octets);
}

static json_t *as_path(const struct bgp_as_path *path)
{
	json_t *array = json_array();
	for (size_t i = 0; i < path->n; i++)
		json_array_append_new(array, json_integer(VIEW_INT(path->values[i])));
	return array;
}

/* As merged for the peer; not its next hop. */
static void add_attrs(json_t *o, const struct bgp_peer_status *peer, const struct bgp_config *bgp,
		      const struct bgp_route_attrs *own)
{
	struct bgp_merge_room room;
	struct bgp_attrs_out out;
	const struct bgp_peer_attrs peer_attrs = bgp_peer_attrs_of(bgp, peer->config);
	bool ibgp = peer->peer_as == peer->local_as;
	const struct bgp_merge_session session = {
		.local_as = peer->local_as,
		.ibgp = ibgp,
		.peer_attrs = &peer_attrs,
	};
	bgp_attrs_merge(&session, bgp->origin, own, &room, &out);
	const struct bgp_communities communities = { room.communities, out.n_communities };
	const struct bgp_communities *const lists[] = { &communities };
	json_object_set_new(o, "communities", view_communities(lists, 1));
	json_object_set_new(o, "ext_communities",
			    ext_communities(&(struct bgp_ext_communities){
				    room.ext_communities, out.n_ext_communities }));
	json_object_set_new(o, "large_communities",
			    large_communities(&(struct bgp_large_communities){
				    room.large_communities, out.n_large_communities }));
	json_object_set_new(o, "med", out.has_med ? json_integer(VIEW_INT(out.med)) : json_null());
	json_object_set_new(o, "local_pref",
			    ibgp ? json_integer(VIEW_INT(out.local_pref)) : json_null());
	bool has_path = own->as_path.given;
	json_object_set_new(o, "prepend",
			    json_integer(ibgp || has_path ? 0 : VIEW_INT(out.n_as_path - 1)));
	json_object_set_new(o, "weight",
			    view_weight(own->has_weight || peer_attrs.weight.given,
					own->has_weight ? own->weight : peer_attrs.weight.value));
	if (has_path)
		json_object_set_new(o, "as_path", as_path(&own->as_path));
	if (own->origin.given)
		json_object_set_new(o, "origin", json_string(bgp_origin_name(own->origin.value)));
}

json_t *view_route(const struct view_route *route, const struct prefix *prefix,
		   const struct bgp_config *bgp, const struct bgp_route_attrs *own)
{
	const struct bgp_peer_status *peer = route->peer;
	uint8_t family = prefix->addr.family;
	const struct addr *hop = family == AF_INET6 ? &peer->next_hop6 : &peer->next_hop4;
	json_t *o = json_pack(
		"{s:o, s:I, s:b, s:s, s:o, s:o}", "peer", view_peer_name(peer->config), "peer_as",
		VIEW_INT(peer->peer_as), "admin_down", peer->disabled, "state",
		bgp_route_state_name(route->state), "reason", reason(route, family), "next_hop",
		view_addr(addr_is_set(&own->next_hop) ? &own->next_hop : hop));
	add_attrs(o, peer, bgp, own);
	return o;
}

json_t *view_route_sent(const struct bgp_peer_status *peer, const struct bgp_config *bgp,
			const struct bgp_route_attrs *own)
{
	json_t *o = json_object();
	add_attrs(o, peer, bgp, own);
	return o;
}

json_t *view_route_attrs(const struct bgp_route_attrs *attrs)
{
	const struct bgp_communities *const lists[] = { &attrs->communities };
	return json_pack(
		"{s:o, s:o, s:I, s:o, s:o, s:o, s:o}", "med",
		attrs->has_med ? json_integer(VIEW_INT(attrs->med)) : json_null(), "local_pref",
		attrs->has_local_pref ? json_integer(VIEW_INT(attrs->local_pref)) : json_null(),
		"prepend", VIEW_INT(attrs->prepends), "weight",
		view_weight(attrs->has_weight, attrs->weight), "communities",
		view_communities(lists, 1), "ext_communities",
		ext_communities(&attrs->ext_communities), "large_communities",
		large_communities(&attrs->large_communities));
}

json_t *view_announced_to(size_t sent, size_t peers)
{
	return json_pack("{s:I, s:I}", "sent", VIEW_INT(sent), "peers", VIEW_INT(peers));
}
