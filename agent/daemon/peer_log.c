/* SPDX-License-Identifier: MIT */
#include "agent/daemon/peer_log.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/status/view_route.h"
#include "agent/status/way_back.h"
#include "bgp/notify.h"
#include "lib/log.h"
#include "lib/mem.h"
#include "lib/str.h"
#include "net/fib.h"

/* The last log line about a peer. */
struct said {
	char peer[BGP_PEER_NAME_MAX];
	uint16_t port;
	bool up, disabled;
	char error[320];
	char path[320];
	const char *hint;
	const char *route_error[2]; /* IPv4, IPv6 */
	bool way_back;              /* that there is none, or is one */
};

struct peer_log {
	const struct bgp_speaker *speaker;
	const struct reconcile *reconcile;
	size_t n;
	struct said *said; /* in the order of the speaker's peers */
};

static struct said *said_new(const struct bgp_speaker *speaker)
{
	struct bgp_peer_status p;
	size_t n = bgp_speaker_n_peers(speaker);
	struct said *said = mem_new(n + 1, sizeof(*said));
	for (size_t i = 0; i < n; i++) {
		bgp_speaker_peer_status(speaker, i, &p);
		bgp_peer_configured_name(p.config, said[i].peer);
		said[i].port = p.config->port;
		said[i].hint = "";
	}
	return said;
}

struct peer_log *peer_log_new(const struct bgp_speaker *speaker, const struct reconcile *reconcile)
{
	struct peer_log *l = mem_new(1, sizeof(*l));
	l->speaker = speaker;
	l->reconcile = reconcile;
	l->n = bgp_speaker_n_peers(speaker);
	l->said = said_new(speaker);
	return l;
}

void peer_log_change(struct peer_log *l)
{
	size_t n = bgp_speaker_n_peers(l->speaker);
	struct said *said = said_new(l->speaker);
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < l->n; j++)
			if (str_equal(said[i].peer, l->said[j].peer) &&
			    said[i].port == l->said[j].port)
				said[i] = l->said[j];
	free(l->said);
	l->said = said;
	l->n = n;
}

void peer_log_free(struct peer_log *l)
{
	if (!l)
		return;
	free(l->said);
	free(l);
}

static const char *families(const struct bgp_peer_status *p)
{
	if (p->ipv4_unicast && p->ipv6_unicast)
		return "IPv4 and IPv6";
	return p->ipv4_unicast ? "IPv4" : p->ipv6_unicast ? "IPv6" : "no address family";
}

/* A path that is lost with its session is logged by the session. */
static void log_path(struct said *said, const struct bgp_peer_status *p, const char *peer)
{
	if (str_equal(said->path, p->path_trouble))
		return;
	if (!p->path_trouble[0])
		log_event(LOG_INFO, "bgp", EVENT("path.restored", .peer = peer),
			  "peer %s: path to peer restored", peer);
	else if (!str_equal(p->path_trouble, p->last_error) || said->up)
		log_event(LOG_WARNING, "bgp", EVENT("path.lost", .peer = peer), "peer %s: %s", peer,
			  p->path_trouble);
	snprintf(said->path, sizeof(said->path), "%s", p->path_trouble);
}

/* How often the NOTIFICATION that ended it has come in a row. */
static const char *repeated(const struct bgp_peer_status *p, char buf[static 64])
{
	const struct bgp_notice *n = &p->notice;
	char text[DURATION_TEXT_MAX];
	buf[0] = 0;
	if (n->count < 2 || n->at != p->state_since)
		return buf;
	span_t whole = usec_sub(n->at, n->first_at) / USEC_PER_SEC * USEC_PER_SEC;
	snprintf(buf, 64, " (%llu times within %s)", (unsigned long long)n->count,
		 duration_format(whole ? whole : USEC_PER_SEC, text));
	return buf;
}

static void log_order(struct said *said, const struct bgp_peer_status *p, const char *peer)
{
	if (p->disabled && (!said->disabled || !str_equal(said->error, p->last_error)))
		log_event(LOG_INFO, "bgp", EVENT("peer.disabled", .peer = peer),
			  "peer %s: %s; vipherald peer %s enable lets it come up again", peer,
			  p->last_error, peer);
	else if (!p->disabled && said->disabled)
		log_event(LOG_INFO, "bgp", EVENT("peer.enabled", .peer = peer),
			  "peer %s: enabled, connecting", peer);
}

/* The NOTIFICATION that ended the session: "received 6/2 …"; NULL: none did. */
static const char *ended_by(const struct bgp_peer_status *p, char *buf, size_t size)
{
	const struct bgp_notice *notice = &p->notice;
	char text[BGP_NOTIFICATION_TEXT_MAX];
	if (notice->code == 0 || notice->at != p->state_since)
		return NULL;
	const struct bgp_notification n = bgp_notice_message(notice);
	snprintf(buf, size, "%s %u/%u %s", notice->received ? "received" : "sent", notice->code,
		 notice->subcode, bgp_notification_text(&n, text, sizeof(text)));
	return buf;
}

static void log_session(struct said *said, const struct bgp_peer_status *p, const char *peer)
{
	char times[64], notice[BGP_NOTIFICATION_TEXT_MAX + 16];
	bool up = p->state == BGP_ESTABLISHED;
	bool news = p->last_error[0] && !str_equal(said->error, p->last_error);
	if (up && !said->up)
		log_event(LOG_INFO, "bgp", EVENT("session.up", .peer = peer),
			  "peer %s: established with AS %u, %s, hold time %us%s", peer, p->peer_as,
			  families(p), p->hold_time,
			  p->graceful_restart ? ", graceful restart" : "");
	if (up && !said->up && p->config->graceful_restart && !p->graceful_restart)
		log_warn("bgp",
			 "peer %s: does not offer graceful restart, it drops our routes when "
			 "the session ends",
			 peer);
	if (up && !said->up && p->graceful_restart && p->config->long_lived_restart_time &&
	    !p->long_lived)
		log_warn("bgp",
			 "peer %s: does not offer long-lived graceful restart (RFC 9494), it drops "
			 "our routes when restart_time expires: enable it on the router, or remove "
			 "long_lived_restart_time",
			 peer);
	if (!up && said->up)
		log_event(LOG_WARNING, "bgp",
			  EVENT("session.down", .peer = peer,
				.notification = ended_by(p, notice, sizeof(notice))),
			  "peer %s: session ended%s%s%s", peer, p->last_error[0] ? ": " : "",
			  p->last_error, repeated(p, times));
	else if (!up && news && !p->disabled)
		log_event(LOG_WARNING, "bgp", EVENT("session.failed", .peer = peer), "peer %s: %s",
			  peer, p->last_error);
	if (!up && !p->disabled && p->hint[0] && p->hint != said->hint)
		log_warn("bgp", "peer %s: %s", peer, p->hint);
	log_order(said, p, peer);
	said->up = up;
	said->disabled = p->disabled;
	said->hint = p->hint;
	snprintf(said->error, sizeof(said->error), "%s", p->last_error);
}

/* Why no VIP of the family can be announced to the peer; NULL: they can. */
static const char *route_error(const struct bgp_peer_status *p, uint8_t family, size_t n_vips)
{
	bool is_v6 = family == AF_INET6;
	if (p->state != BGP_ESTABLISHED || n_vips == 0)
		return NULL;
	if (!(is_v6 ? p->ipv6_unicast : p->ipv4_unicast))
		return view_route_error(p, BGP_ROUTE_NO_FAMILY, family);
	if (!addr_is_set(is_v6 ? &p->next_hop6 : &p->next_hop4))
		return view_route_error(p, BGP_ROUTE_NO_NEXT_HOP, family);
	return NULL;
}

static void log_family(const char **said, const struct bgp_peer_status *p, const char *peer,
		       uint8_t family, size_t n_vips)
{
	const char *error = route_error(p, family, n_vips);
	if (error && error != *said)
		log_warn("bgp", "announcement errors: [peer %s: %s], of %zu VIP%s", peer, error,
			 n_vips, n_vips == 1 ? "" : "s");
	*said = error;
}

/* Told once for a session with IPv4 VIPs; the alarm stays for as long as it is so. */
static void log_way_back(struct said *said, const struct bgp_peer_status *p, const char *peer,
			 size_t n_vips)
{
	char text[WAY_BACK_TEXT_MAX];
	bool matters = n_vips > 0 && way_back_matters(p);
	uint32_t vrf = matters && !said->way_back ? way_back_vrf(p, NULL) : 0;
	if (matters && !said->way_back && !fib_has_default4(vrf, NULL))
		log_warn("bgp", "peer %s: %s", peer, way_back_text(vrf, NULL, text));
	said->way_back = matters;
}

void peer_log_update(struct peer_log *l)
{
	struct vip_counts counts = reconcile_counts(l->reconcile);
	char peer[BGP_PEER_NAME_MAX];
	struct bgp_peer_status p;
	for (size_t i = 0; i < l->n; i++) {
		bgp_speaker_peer_status(l->speaker, i, &p);
		bgp_peer_name(p.config, peer);
		log_session(&l->said[i], &p, peer);
		log_path(&l->said[i], &p, peer);
		log_way_back(&l->said[i], &p, peer, counts.owned4);
		log_family(&l->said[i].route_error[0], &p, peer, AF_INET, counts.owned4);
		log_family(&l->said[i].route_error[1], &p, peer, AF_INET6, counts.owned6);
	}
}

void peer_log_restart(const struct peer_log *l)
{
	char peer[BGP_PEER_NAME_MAX];
	struct bgp_peer_status p;
	for (size_t i = 0; i < l->n; i++) {
		bgp_speaker_peer_status(l->speaker, i, &p);
		if (p.state == BGP_ESTABLISHED && !p.graceful_restart)
			log_warn("bgp",
				 "peer %s: no graceful restart, it drops our routes until the next "
				 "start",
				 bgp_peer_name(p.config, peer));
	}
}
