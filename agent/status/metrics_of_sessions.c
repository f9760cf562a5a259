/* SPDX-License-Identifier: MIT */
#include "agent/status/metrics_of_sessions.h"

#include <inttypes.h>
#include <stdio.h>

#include "lib/array.h"

#define NUMBER_MAX 21

struct session {
	const struct bgp_peer_status *s;
	char name[BGP_PEER_NAME_MAX], asn[NUMBER_MAX];
	mono_t now;
	wall_t wall;
};

static void add_up(struct metric_page *page, const char *name, const struct session *s)
{
	const struct metric_label labels[] = { { "peer", s->name }, { "peer_asn", s->asn }, { 0 } };
	metric_sample(page, name, labels, s->s->state == BGP_ESTABLISHED);
}

static void add_number(struct metric_page *page, const char *name, const struct session *s,
		       uint64_t value)
{
	const struct metric_label labels[] = { { "peer", s->name }, { 0 } };
	metric_sample(page, name, labels, value);
}

static void add_state(struct metric_page *page, const char *name, const struct session *s)
{
	add_number(page, name, s, s->s->state);
}

static void add_established(struct metric_page *page, const char *name, const struct session *s)
{
	const struct metric_label labels[] = { { "peer", s->name }, { 0 } };
	mono_t since = s->s->established_since;
	wall_t at = since == USEC_NEVER ? 0 : s->wall - usec_sub(s->now, since);
	metric_sample_double(page, name, labels, (double)at / (double)USEC_PER_SEC, 3);
}

static void add_flaps(struct metric_page *page, const char *name, const struct session *s)
{
	bool is_up = s->s->state == BGP_ESTABLISHED;
	add_number(page, name, s, s->s->sessions - (is_up && s->s->sessions > 0));
}

static void add_last_notification(struct metric_page *page, const char *name,
				  const struct session *s)
{
	char code[4], subcode[4];
	const struct bgp_notice *n = &s->s->notice;
	if (n->code == 0)
		return;
	snprintf(code, sizeof(code), "%u", n->code);
	snprintf(subcode, sizeof(subcode), "%u", n->subcode);
	const struct metric_label labels[] = { { "peer", s->name },
					       { "direction", n->received ? "received" : "sent" },
					       { "code", code },
					       { "subcode", subcode },
					       { 0 } };
	metric_sample(page, name, labels, 1);
}

static void add_by_family(struct metric_page *page, const char *name, const struct session *s,
			  const uint64_t values[static 2])
{
	static const char *const afis[] = { "ipv4", "ipv6" };
	for (size_t i = 0; i < ARRAY_SIZE(afis); i++) {
		const struct metric_label labels[] = { { "peer", s->name },
						       { "afi", afis[i] },
						       { 0 } };
		metric_sample(page, name, labels, values[i]);
	}
}

static void add_advertised(struct metric_page *page, const char *name, const struct session *s)
{
	add_by_family(page, name, s,
		      (const uint64_t[]){ s->s->routes_sent_of[0], s->s->routes_sent_of[1] });
}

static void add_received(struct metric_page *page, const char *name, const struct session *s)
{
	add_by_family(page, name, s, s->s->routes_received_of);
}

static void add_received_prefixes(struct metric_page *page, const char *name,
				  const struct session *s)
{
	add_number(page, name, s, s->s->prefixes_received);
}

static void add_messages(struct metric_page *page, const char *name, const struct session *s)
{
	const struct bgp_message_counts *counts[] = { &s->s->sent, &s->s->received };
	for (size_t i = 0; i < ARRAY_SIZE(counts); i++) {
		const struct bgp_message_counts *c = counts[i];
		const struct {
			const char *type;
			uint64_t n;
		} types[] = { { "open", c->open },
			      { "update", c->update },
			      { "notification", c->notification },
			      { "keepalive", c->keepalive },
			      { "refresh", c->refresh } };
		for (size_t t = 0; t < ARRAY_SIZE(types); t++) {
			const struct metric_label labels[] = { { "peer", s->name },
							       { "direction",
								 i ? "received" : "sent" },
							       { "type", types[t].type },
							       { 0 } };
			metric_sample(page, name, labels, types[t].n);
		}
	}
}

static void add_replaced(struct metric_page *page, const char *name, const struct session *s)
{
	add_number(page, name, s, s->s->replaced);
}

static void add_extended_next_hop(struct metric_page *page, const char *name,
				  const struct session *s)
{
	add_number(page, name, s,
		   s->s->state == BGP_ESTABLISHED && s->s->next_hop4.family == AF_INET6);
}

static void add_long_lived(struct metric_page *page, const char *name, const struct session *s)
{
	add_number(page, name, s, s->s->long_lived);
}

static void add_router_known(struct metric_page *page, const char *name, const struct session *s)
{
	if (s->s->config->unnumbered)
		add_number(page, name, s, addr_is_set(&s->s->config->addr));
}

static void add_adverts(struct metric_page *page, const char *name, const struct session *s)
{
	if (s->s->config->unnumbered)
		add_number(page, name, s, s->s->adverts_heard);
}

static const struct {
	const char *name, *type, *help;
	void (*add)(struct metric_page *page, const char *name, const struct session *s);
} families[] = {
	{ "bgp_session_up", "gauge", "1 while the session is established.", add_up },
	{ "bgp_session_state", "gauge",
	  "State of the session: 1 idle, 2 connect, 3 active, 4 opensent, 5 openconfirm, "
	  "6 established.",
	  add_state },
	{ "bgp_session_established_timestamp_seconds", "gauge",
	  "When the session was established; 0 while there is none.", add_established },
	{ "bgp_session_flaps_total", "counter", "Established sessions that ended.", add_flaps },
	{ "bgp_session_replaced_total", "counter",
	  "Sessions replaced by a new connection of the peer, which had restarted (RFC 4724 5).",
	  add_replaced },
	{ "bgp_extended_next_hop", "gauge",
	  "1 while IPv4 routes are sent with an IPv6 next hop (RFC 8950).", add_extended_next_hop },
	{ "bgp_long_lived_graceful_restart", "gauge",
	  "1 while long-lived graceful restart is negotiated with the peer (RFC 9494).",
	  add_long_lived },
	{ "bgp_unnumbered_router_known", "gauge",
	  "1 while the router of a peer that is configured by its interface is known.",
	  add_router_known },
	{ "bgp_unnumbered_router_advertisements_total", "counter",
	  "Router advertisements heard on the link of a peer that is configured by its interface.",
	  add_adverts },
	{ "bgp_last_notification", "gauge",
	  "1 for the last NOTIFICATION of the peer, by code and subcode (RFC 4271 6).",
	  add_last_notification },
	{ "bgp_advertised_routes", "gauge", "Routes that the peer holds now.", add_advertised },
	{ "bgp_received_routes", "gauge",
	  "Routes of the peer in this session, announced less withdrawn. The agent keeps none, so "
	  "one that the peer announces twice counts twice.",
	  add_received },
	{ "bgp_received_prefixes_total", "counter",
	  "Prefixes announced by the peer, of all sessions.", add_received_prefixes },
	{ "bgp_messages_total", "counter", "BGP messages by direction and type.", add_messages },
};

void metrics_of_sessions(struct metric_page *page, const struct bgp_peer_status *peers, size_t n,
			 mono_t now, wall_t wall)
{
	for (size_t f = 0; f < ARRAY_SIZE(families); f++) {
		metric_head(page, families[f].name, families[f].type, families[f].help);
		for (size_t i = 0; i < n; i++) {
			struct session s = { .s = &peers[i], .now = now, .wall = wall };
			bgp_peer_name(peers[i].config, s.name);
			snprintf(s.asn, sizeof(s.asn), "%" PRIu32, peers[i].peer_as);
			families[f].add(page, families[f].name, &s);
		}
	}
}
