/* SPDX-License-Identifier: MIT */
#include "agent/status/view_peer.h"

#include <stdio.h>

#include "agent/status/view_graceful.h"
#include "bgp/notify.h"
#include "lib/addr.h"

/* GoBGP's PeerType */
enum { PEER_INTERNAL = 0, PEER_EXTERNAL = 1 };

static json_int_t peer_type(const struct bgp_peer_status *peer)
{
	return peer->peer_as == peer->local_as ? PEER_INTERNAL : PEER_EXTERNAL;
}

static json_int_t seconds(span_t span)
{
	return VIEW_INT(span / USEC_PER_SEC);
}

static json_t *counts(const struct bgp_message_counts *c)
{
	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I}", "open", VIEW_INT(c->open), "update",
			 VIEW_INT(c->update), "keepalive", VIEW_INT(c->keepalive), "notification",
			 VIEW_INT(c->notification), "refresh", VIEW_INT(c->refresh), "total",
			 VIEW_INT(c->total));
}

static json_t *messages(const struct bgp_peer_status *peer)
{
	return json_pack("{s:o, s:o}", "received", counts(&peer->received), "sent",
			 counts(&peer->sent));
}

/* /info */

static json_t *info_conf(const struct bgp_peer_status *peer)
{
	return json_pack("{s:I, s:o, s:I, s:I}", "local_as", VIEW_INT(peer->local_as),
			 "neighbor_address", view_peer_name(peer->config), "peer_as",
			 VIEW_INT(peer->peer_as), "peer_type", peer_type(peer));
}

static json_t *info_multihop(const struct bgp_peer_status *peer)
{
	bool on = peer->config->multi_hop && peer_type(peer) == PEER_EXTERNAL;
	return json_pack("{s:b, s:I}", "enabled", on, "multihop_ttl", on ? VIEW_INT(peer->ttl) : 0);
}

static json_t *info_state(const struct bgp_peer_status *peer)
{
	return json_pack("{s:I, s:o, s:o, s:I, s:I, s:I, s:I, s:I}", "local_as",
			 VIEW_INT(peer->local_as), "messages", messages(peer), "neighbor_address",
			 view_peer_name(peer->config), "peer_as", VIEW_INT(peer->peer_as),
			 "peer_type", peer_type(peer), "session_state", VIEW_INT(peer->state),
			 "advertised", VIEW_INT(peer->routes_sent), "flops",
			 VIEW_INT(peer->sessions > 0 ? peer->sessions - 1 : 0));
}

static json_t *info_timers(const struct bgp_peer_status *peer, const struct view_clock *clock)
{
	const struct bgp_peer_config *c = peer->config;
	json_t *state = json_pack("{s:I, s:I}", "negotiated_hold_time", VIEW_INT(peer->hold_time),
				  "keepalive_interval", VIEW_INT(peer->keepalive));
	if (peer->established_since != USEC_NEVER) {
		span_t up = usec_sub(clock->now, peer->established_since);
		json_object_set_new(
			state, "uptime",
			json_pack("{s:I}", "seconds", seconds(usec_sub(clock->wall, up))));
	}
	return json_pack("{s:{s:I, s:I, s:I}, s:o}", "config", "connect_retry",
			 seconds(c->connect_retry_max), "hold_time", seconds(c->hold_time),
			 "keepalive_interval",
			 seconds(c->keepalive ? c->keepalive : c->hold_time / 3), "state", state);
}

static json_t *info_transport(const struct bgp_peer_status *peer)
{
	return json_pack("{s:o, s:I, s:o, s:I, s:b}", "local_address", view_addr(&peer->local_addr),
			 "local_port", VIEW_INT(peer->local_port), "remote_address",
			 view_peer_name(peer->config), "remote_port", VIEW_INT(peer->config->port),
			 "passive_mode", peer->config->passive);
}

json_t *view_peer_info(const struct bgp_peer_status *peer, const struct view_clock *clock)
{
	return json_pack("{s:o, s:o, s:o, s:o, s:o}", "conf", info_conf(peer), "ebgp_multihop",
			 info_multihop(peer), "state", info_state(peer), "timers",
			 info_timers(peer, clock), "transport", info_transport(peer));
}

/* /v1/peers */

static json_t *router_id(uint32_t id)
{
	struct addr a = addr_v4(id);
	return id ? view_addr(&a) : json_null();
}

static json_t *negotiated(const struct bgp_peer_status *peer)
{
	return json_pack("{s:I, s:I, s:b, s:b, s:b, s:b, s:b, s:b, s:b}", "hold_time_seconds",
			 VIEW_INT(peer->hold_time), "keepalive_seconds", VIEW_INT(peer->keepalive),
			 "ipv4_unicast", peer->ipv4_unicast, "ipv6_unicast", peer->ipv6_unicast,
			 "four_octet_as", peer->four_octet_as, "route_refresh", peer->route_refresh,
			 "enhanced_refresh", peer->enhanced_refresh, "extended_messages",
			 peer->extended_messages, "extended_next_hop", peer->extended_next_hop);
}

/* null: none. */
static json_t *role(enum bgp_role role)
{
	return role == BGP_ROLE_NONE ? json_null() : json_string(bgp_role_name(role));
}

static json_t *configured(const struct bgp_peer_config *c)
{
	const struct bgp_communities *const lists[] = { &c->communities };
	return json_pack("{s:I, s:b, s:b, s:b, s:b, s:b, s:I, s:o}", "port", VIEW_INT(c->port),
			 "multi_hop", c->multi_hop, "ttl_security", c->ttl_security, "role_strict",
			 c->role_strict, "passive", c->passive, "password", c->password != NULL,
			 "hold_time_seconds", seconds(c->hold_time), "communities",
			 view_communities(lists, 1));
}

static json_t *graceful(const struct bgp_peer_status *peer)
{
	return json_pack("{s:b, s:I, s:I, s:b, s:b, s:b, s:b, s:b, s:o}", "configured",
			 peer->config->graceful_restart, "restart_time_seconds",
			 seconds(peer->config->restart_time), "long_lived_restart_time_seconds",
			 seconds(peer->config->long_lived_restart_time), "long_lived",
			 peer->long_lived, "negotiated", peer->graceful_restart, "notification",
			 peer->graceful_notification, "restarting", peer->restarting,
			 "end_of_rib_held", peer->end_of_rib_deferred, "peer",
			 view_graceful(&peer->peer_graceful));
}

static json_t *routes(const struct bgp_peer_status *peer)
{
	return json_pack("{s:I, s:I, s:I, s:I, s:I}", "sent", VIEW_INT(peer->routes_sent),
			 "pending", VIEW_INT(peer->routes_pending), "received",
			 VIEW_INT(peer->prefixes_received), "received_withdrawn",
			 VIEW_INT(peer->prefixes_withdrawn), "errors_tolerated",
			 VIEW_INT(peer->errors_tolerated));
}

/* null: none, or a session has lasted since. */
static json_t *notice(const struct bgp_notice *notice, const struct view_clock *clock)
{
	char text[BGP_NOTIFICATION_TEXT_MAX], octets[2 * sizeof(notice->data) + 1] = "";
	const struct bgp_notification n = bgp_notice_message(notice);
	if (!notice->code)
		return json_null();
	for (size_t i = 0; i < notice->data_len; i++)
		snprintf(octets + 2 * i, 3, "%02x", notice->data[i]);
	json_t *o = json_pack("{s:s, s:I, s:I, s:o, s:s, s:I}", "direction",
			      notice->received ? "received" : "sent", "code",
			      VIEW_INT(notice->code), "subcode", VIEW_INT(notice->subcode), "text",
			      view_text(bgp_notification_text(&n, text, sizeof(text))), "data",
			      octets, "count", VIEW_INT(notice->count));
	view_add_time(o, clock, "first", notice->first_at);
	view_add_time(o, clock, "last", notice->at);
	return o;
}

/* null: the peer is configured by its address. */
static json_t *interface(const struct bgp_peer_config *c)
{
	return c->unnumbered ? view_text(c->ifname) : json_null();
}

/* Of the peer's link; null: the peer is configured by its address. */
static json_t *unnumbered(const struct bgp_peer_status *peer)
{
	const struct bgp_peer_config *c = peer->config;
	if (!c->unnumbered)
		return json_null();
	return json_pack("{s:o, s:I}", "router", view_addr(&c->addr), "advertisements",
			 VIEW_INT(peer->adverts_heard));
}

/* null: it is in none, as far as the configuration says. */
static json_t *device(const struct bgp_peer_config *c)
{
	return c->in_vrf ? view_text(c->ifname) : json_null();
}

json_t *view_peer(const struct bgp_peer_status *peer, const struct view_clock *clock)
{
	bool up = peer->state == BGP_ESTABLISHED;
	json_t *o = json_pack("{s:o, s:I, s:I, s:s, s:s, s:o, s:o}", "address",
			      view_peer_name(peer->config), "peer_as", VIEW_INT(peer->peer_as),
			      "local_as", VIEW_INT(peer->local_as), "type",
			      peer_type(peer) == PEER_INTERNAL ? "internal" : "external", "state",
			      bgp_state_name(peer->state), "last_error",
			      view_text(peer->last_error), "hint", view_text(peer->hint));
	json_object_set_new(o, "admin_down", json_boolean(peer->disabled));
	const char *description = peer->config->description;
	json_object_set_new(o, "description", description ? view_text(description) : json_null());
	json_object_set_new(o, "last_notification", notice(&peer->notice, clock));
	json_object_set_new(o, "interface", interface(peer->config));
	json_object_set_new(o, "unnumbered", unnumbered(peer));
	json_object_set_new(o, "device", device(peer->config));
	json_object_set_new(o, "other_router", view_addr(&peer->other_router));
	json_object_set_new(o, "path_error", view_text(peer->path_trouble));
	view_add_time(o, clock, "since", peer->state_since);
	view_add_time(o, clock, "established", peer->established_since);
	view_add_time(o, clock, "retry", peer->retry_at);
	json_object_set_new(o, "sessions", json_integer(VIEW_INT(peer->sessions)));
	json_object_set_new(o, "replaced", json_integer(VIEW_INT(peer->replaced)));
	json_object_set_new(o, "router_id", router_id(peer->peer_router_id));
	json_object_set_new(o, "role", role(peer->config->role));
	json_object_set_new(o, "peer_role", role(peer->peer_role));
	json_object_set_new(o, "local_address", view_addr(&peer->local_addr));
	json_object_set_new(o, "local_port", json_integer(VIEW_INT(peer->local_port)));
	json_object_set_new(o, "ttl", json_integer(VIEW_INT(peer->ttl)));
	json_object_set_new(o, "next_hop", view_addr(&peer->next_hop4));
	json_object_set_new(o, "next_hop6", view_addr(&peer->next_hop6));
	json_object_set_new(o, "config", configured(peer->config));
	json_object_set_new(o, "negotiated", up ? negotiated(peer) : json_null());
	json_object_set_new(o, "graceful_restart", graceful(peer));
	json_object_set_new(o, "routes", routes(peer));
	json_object_set_new(o, "messages", messages(peer));
	return o;
}

json_t *view_peer_result(const char *peer, const char *result)
{
	return json_pack("{s:s, s:s}", "peer", peer, "result", result);
}
