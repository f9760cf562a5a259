/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "agent/cli/json_at.h"
#include "agent/cli/show.h"
#include "agent/cli/show_bfd.h"
#include "lib/array.h"
#include "lib/str.h"

/* The first of what explains a session that is down. */
static const char *problem_of(const json_t *peer)
{
	static const char *const members[] = { "path_error", "last_error" };
	if (str_equal(text_at(peer, "state"), "established"))
		return "";
	for (size_t i = 0; i < 2; i++)
		if (*text_at(peer, members[i]))
			return text_at(peer, members[i]);
	return "";
}

/* As operators read it: a peer that is disabled is idle for good. */
static const char *state_of(const json_t *peer)
{
	return true_at(peer, "admin_down") ? "admin_down" : text_at(peer, "state");
}

static bool any_description(const json_t *peers)
{
	size_t i;
	const json_t *peer;
	json_array_foreach(peers, i, peer) if (*text_at(peer, "description")) return true;
	return false;
}

/* A column that says "config" of all says nothing. */
static bool any_added(const json_t *peers)
{
	size_t i;
	const json_t *peer;
	json_array_foreach(peers, i,
			   peer) if (!str_equal(text_at(peer, "source"), "config")) return true;
	return false;
}

/* Columns that not every host needs. */
struct extra {
	bool described, sources, bfd;
};

static void add_peer(struct table *t, const json_t *peer, const struct extra *extra)
{
	char age[TABLE_AGE_MAX];
	const char *state = state_of(peer);
	table_add(t, text_at(peer, "address"));
	if (extra->described)
		table_add(t, text_at(peer, "description"));
	table_format(t, "%lld", count_at(peer, "peer_as"));
	table_add_toned(t, show_tone(state), state);
	table_add(t, table_age(number_at(peer, "since_seconds"), age));
	table_format(t, "%lld", count_at(peer, "routes.sent"));
	table_format(t, "%lld", count_at(peer, "messages.received.total"));
	table_format(t, "%lld", count_at(peer, "messages.sent.total"));
	table_format(t, "%lld", count_at(peer, "sessions"));
	if (extra->sources)
		table_add(t, text_at(peer, "source"));
	if (extra->bfd)
		show_bfd_columns(t, peer);
	table_add_toned(t, TABLE_BAD, problem_of(peer));
}

int show_peers(const struct show *s, const json_t *answer)
{
	const json_t *peers = json_at(answer, "peers");
	const struct extra extra = { any_description(peers), any_added(peers),
				     show_has_bfd(peers) };
	char columns[160];
	snprintf(columns, sizeof(columns),
		 "PEER%s|AS|STATE|FOR|ROUTES|MSG RCVD|MSG SENT|SESSIONS%s%s|PROBLEM",
		 extra.described ? "|DESCRIPTION" : "", extra.sources ? "|SOURCE" : "",
		 extra.bfd ? "|" SHOW_BFD_COLUMNS : "");
	struct table *t = table_new(columns);
	bool names = verb_has(s->call, "names");
	size_t i;
	const json_t *peer;
	json_array_foreach(peers, i, peer)
	{
		if (names)
			fprintf(s->out, "%s\n", text_at(peer, "address"));
		else
			add_peer(t, peer, &extra);
	}
	if (!names)
		table_print(t, &s->style, s->out);
	table_free(t);
	return 0;
}

/* ---- one ---- */

static void show_session(const struct show *s, const json_t *p)
{
	char age[TABLE_AGE_MAX];
	const char *state = state_of(p);
	show_line(s, "Peer", "%s, AS %lld, %s", text_at(p, "address"), count_at(p, "peer_as"),
		  text_at(p, "type"));
	show_line(s, "Description", "%s", text_at(p, "description"));
	show_line(s, "State", "%s%s%s for %s", table_tone_begin(&s->style, show_tone(state)), state,
		  table_tone_end(&s->style, show_tone(state)),
		  table_age(number_at(p, "since_seconds"), age));
	if (json_is_object(json_at(p, "added")))
		show_line(s, "Source", "api, added %s ago by %s",
			  table_age(number_at(p, "added.since_seconds"), age),
			  text_at(p, "added.by"));
	if (json_is_object(json_at(p, "disabled")))
		show_line(s, "Disabled", "%s ago by %s%s%s",
			  table_age(number_at(p, "disabled.since_seconds"), age),
			  text_at(p, "disabled.by"), *text_at(p, "disabled.text") ? ": " : "",
			  text_at(p, "disabled.text"));
	if (number_at(p, "retry_seconds") >= 0)
		show_line(s, "Next attempt", "in %s",
			  table_age(number_at(p, "retry_seconds"), age));
	show_line(s, "Path", "%s", text_at(p, "path_error"));
	show_line(s, "Last error", "%s", text_at(p, "last_error"));
	show_line(s, "Hint", "%s", text_at(p, "hint"));
	if (json_is_object(json_at(p, "last_notification")))
		show_line(s, "Notification", "%s %s ago, %lld in a row: %lld/%lld %s",
			  text_at(p, "last_notification.direction"),
			  table_age(number_at(p, "last_notification.last_seconds"), age),
			  count_at(p, "last_notification.count"),
			  count_at(p, "last_notification.code"),
			  count_at(p, "last_notification.subcode"),
			  text_at(p, "last_notification.text"));
	show_line(s, "Router id", "%s", text_at(p, "router_id"));
	if (*text_at(p, "role"))
		show_line(s, "Role", "%s, of the peer %s", text_at(p, "role"),
			  *text_at(p, "peer_role") ? text_at(p, "peer_role") : "none");
	if (*text_at(p, "local_address"))
		show_line(s, "Local", "%s, AS %lld", text_at(p, "local_address"),
			  count_at(p, "local_as"));
}

static void show_negotiated(const struct show *s, const json_t *p)
{
	static const char *const names[] = { "ipv4_unicast",     "ipv6_unicast",
					     "four_octet_as",    "route_refresh",
					     "enhanced_refresh", "extended_messages",
					     "extended_next_hop" };
	char buf[256] = "", path[64];
	struct strbuf text = strbuf_over(buf, sizeof(buf));
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		snprintf(path, sizeof(path), "negotiated.%s", names[i]);
		if (true_at(p, path))
			strbuf_add(&text, "%s%s", text.len > 0 ? ", " : "", names[i]);
	}
	show_line(s, "Negotiated", "%s", buf);
	if (number_at(p, "negotiated.hold_time_seconds") >= 0)
		show_line(s, "Hold time", "%.0fs, keepalive %.0fs",
			  number_at(p, "negotiated.hold_time_seconds"),
			  number_at(p, "negotiated.keepalive_seconds"));
}

int show_peer(const struct show *s, const json_t *answer)
{
	const char *wanted = s->call->words[0];
	size_t i;
	const json_t *p;
	json_array_foreach(json_at(answer, "peers"), i, p)
	{
		if (!str_equal(wanted, text_at(p, "address")))
			continue;
		show_session(s, p);
		show_negotiated(s, p);
		show_bfd(s, p);
		show_line(s, "Next hop", "%s", text_at(p, "next_hop"));
		show_line(s, "Next hop IPv6", "%s", text_at(p, "next_hop6"));
		show_line(s, "Routes", "%lld sent, %lld pending, %lld received and dropped",
			  count_at(p, "routes.sent"), count_at(p, "routes.pending"),
			  count_at(p, "routes.received"));
		show_line(s, "Messages", "%lld sent, %lld received",
			  count_at(p, "messages.sent.total"),
			  count_at(p, "messages.received.total"));
		show_line(s, "Sessions", "%lld", count_at(p, "sessions"));
		return 0;
	}
	fflush(stdout);
	fprintf(stderr, "vipherald: no peer %s; 'vipherald peers' lists them\n", wanted);
	return 1;
}
