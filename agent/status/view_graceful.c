/* SPDX-License-Identifier: MIT */
#include "agent/status/view_graceful.h"

#include "lib/str.h"

static json_t *family(const struct bgp_graceful_family *f)
{
	return f->listed ? json_pack("{s:b}", "forwarding", f->forwarding) : json_null();
}

json_t *view_graceful(const struct bgp_graceful *g)
{
	if (!g->offered)
		return json_null();
	return json_pack("{s:i, s:b, s:b, s:o, s:o}", "restart_time_seconds", g->restart_time,
			 "restarting", g->restarting, "notification", g->notification,
			 "ipv4_unicast", family(&g->ipv4), "ipv6_unicast", family(&g->ipv6));
}

static void add_family(struct strbuf *sb, const struct bgp_graceful_family *f, const char *name)
{
	if (f->listed)
		strbuf_add(sb, ", %s %s", name, f->forwarding ? "forwarding" : "not forwarding");
}

const char *view_graceful_text(const struct bgp_graceful *g, char buf[static VIEW_GRACEFUL_MAX])
{
	struct strbuf sb = strbuf_over(buf, VIEW_GRACEFUL_MAX);
	if (!g->offered)
		return buf;
	strbuf_add(&sb, "graceful restart %us", g->restart_time);
	if (g->notification)
		strbuf_add(&sb, ", notification");
	if (g->restarting)
		strbuf_add(&sb, ", restarted");
	add_family(&sb, &g->ipv4, "ipv4");
	add_family(&sb, &g->ipv6, "ipv6");
	return buf;
}
