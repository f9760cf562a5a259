/* SPDX-License-Identifier: MIT */
#include "bgp/trace.h"

#include "bgp/codec.h"
#include "bgp/notify.h"
#include "bgp/open.h"
#include "bgp/update.h"
#include "lib/str.h"

#define PREFIXES_SHOWN 4

static void add_open(struct strbuf *sb, struct reader body)
{
	struct bgp_notification error;
	struct bgp_open o;
	char id[ADDR_TEXT_MAX];
	if (!bgp_open_decode(body, &o, &error)) {
		strbuf_add(sb, " that cannot be decoded");
		return;
	}
	struct addr router_id = addr_v4(o.router_id);
	strbuf_add(sb, " AS %u, hold time %u s, router id %s%s%s", o.as, o.hold_time,
		   addr_format(&router_id, id), o.ipv4_unicast ? ", IPv4" : "",
		   o.ipv6_unicast ? ", IPv6" : "");
	if (o.extended_next_hop)
		strbuf_add(sb, ", extended next hop");
	if (o.role != BGP_ROLE_NONE)
		strbuf_add(sb, ", role %s", bgp_role_name(o.role));
}

/* Of one sign; the rest is counted. */
static void add_prefixes(struct strbuf *sb, char sign, const struct bgp_nlri *fields, size_t n)
{
	char text[PREFIX_TEXT_MAX];
	size_t shown = 0, all = bgp_update_n_prefixes(fields, n);
	struct prefix prefix;
	for (size_t i = 0; i < n; i++) {
		struct reader prefixes = fields[i].prefixes;
		for (;
		     shown < PREFIXES_SHOWN && bgp_nlri_next(&prefixes, fields[i].family, &prefix);
		     shown++)
			strbuf_add(sb, " %c%s", sign, prefix_format(&prefix, text));
	}
	if (all > shown)
		strbuf_add(sb, " and %c%zu more", sign, all - shown);
}

static void add_update(struct strbuf *sb, struct reader body,
		       const struct bgp_update_params *params)
{
	struct bgp_notification error;
	struct bgp_update u = { 0 };
	char hop[ADDR_TEXT_MAX];
	if (bgp_update_decode(body, params, &u, &error) == BGP_TOLERATE_SESSION_RESET) {
		strbuf_add(sb, " that cannot be decoded");
		return;
	}
	add_prefixes(sb, '-', u.withdrawn, u.n_withdrawn);
	add_prefixes(sb, '+', u.announced, u.n_announced);
	if (u.n_announced > 0)
		strbuf_add(sb, " next-hop %s", addr_format(&u.announced[0].next_hop, hop));
	if (u.end_of_rib4 || u.end_of_rib6)
		strbuf_add(sb, " End-of-RIB %s", u.end_of_rib6 ? "IPv6" : "IPv4");
}

static void add_refresh(struct strbuf *sb, const struct bgp_frame_view *frame)
{
	struct bgp_notification error;
	struct bgp_route_refresh refresh;
	if (bgp_decode_route_refresh(frame, true, &refresh, &error))
		strbuf_add(sb, " AFI %u SAFI %u subtype %u", refresh.afi, refresh.safi,
			   refresh.subtype);
}

static void add_notification(struct strbuf *sb, const struct bgp_frame_view *frame)
{
	struct bgp_notification n;
	char text[256];
	bgp_decode_notification(frame, &n);
	strbuf_add(sb, " %s", bgp_notification_text(&n, text, sizeof(text)));
}

char *bgp_trace_text(const uint8_t *message, size_t size, const struct bgp_update_params *params,
		     char buf[static BGP_TRACE_MAX])
{
	struct bgp_notification error;
	struct bgp_frame_view frame;
	struct strbuf sb = strbuf_over(buf, BGP_TRACE_MAX);
	if (bgp_frame_next(message, size, BGP_MESSAGE_EXT_MAX, &frame, &error) !=
	    BGP_FRAME_COMPLETE) {
		strbuf_add(&sb, "a message that cannot be decoded");
		return buf;
	}
	switch (frame.type) {
	case BGP_MSG_OPEN:
		strbuf_add(&sb, "OPEN");
		add_open(&sb, frame.body);
		break;
	case BGP_MSG_UPDATE:
		strbuf_add(&sb, "UPDATE");
		add_update(&sb, frame.body, params);
		break;
	case BGP_MSG_NOTIFICATION:
		strbuf_add(&sb, "NOTIFICATION");
		add_notification(&sb, &frame);
		break;
	case BGP_MSG_KEEPALIVE:
		strbuf_add(&sb, "KEEPALIVE");
		break;
	case BGP_MSG_ROUTE_REFRESH:
		strbuf_add(&sb, "ROUTE-REFRESH");
		add_refresh(&sb, &frame);
		break;
	}
	return buf;
}
