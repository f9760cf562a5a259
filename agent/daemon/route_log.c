/* SPDX-License-Identifier: MIT */
#include "agent/daemon/route_log.h"

#include <stdio.h>

#include "lib/log.h"

static void log_one(const char *peer, const struct bgp_sent *sent)
{
	char vip[PREFIX_TEXT_MAX];
	const char *kind = sent->withdrawn ? "route.withdrawn" : "route.announced";
	prefix_format(sent->prefix, vip);
	log_event(LOG_DEBUG, "bgp",
		  EVENT(kind, .app = sent->tag, .vip = vip, .peer = peer, .cause = sent->why),
		  "peer %s: %s %s%s%s%s%s%s", peer, sent->withdrawn ? "withdrew" : "announced", vip,
		  sent->tag ? " of " : "", sent->tag ? sent->tag : "", sent->why ? " (" : "",
		  sent->why ? sent->why : "", sent->why ? ")" : "");
}

static void log_number(const char *peer, const struct bgp_sent *sent)
{
	char count[24];
	const char *kind = sent->withdrawn ? "routes.withdrawn" : "routes.announced";
	snprintf(count, sizeof(count), "%zu", sent->n);
	log_event(LOG_DEBUG, "bgp", EVENT(kind, .peer = peer, .cause = sent->why, .count = count),
		  "peer %s: %s %zu %sroute%s%s%s%s", peer,
		  sent->withdrawn ? "withdrew" : "announced", sent->n, sent->why ? "" : "more ",
		  sent->n == 1 ? "" : "s", sent->why ? " (" : "", sent->why ? sent->why : "",
		  sent->why ? ")" : "");
}

void route_log_sent(const struct bgp_peer_config *peer, const struct bgp_sent *sent)
{
	char name[BGP_PEER_NAME_MAX];
	bgp_peer_name(peer, name);
	if (sent->prefix)
		log_one(name, sent);
	else
		log_number(name, sent);
}
