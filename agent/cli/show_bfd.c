/* SPDX-License-Identifier: MIT */
#include "agent/cli/show_bfd.h"

#include <stdio.h>

#include "agent/cli/json_at.h"
#include "lib/str.h"

bool show_has_bfd(const json_t *peers)
{
	size_t i;
	const json_t *peer;
	bool any = false;
	json_array_foreach(peers, i, peer) any |= json_is_object(json_at(peer, "bfd"));
	return any;
}

/* "" for one that is not known. */
static const char *span_at(const json_t *o, const char *path, char buf[static DURATION_TEXT_MAX])
{
	double seconds = number_at(o, path);
	buf[0] = 0;
	return seconds > 0 ? duration_format((span_t)(seconds * (double)USEC_PER_SEC + 0.5), buf)
			   : buf;
}

/* A session that is up again has none any more (RFC 5880 6.8.6): then that of the last time that it
 * was not, with its age. */
static const char *diagnostic_of(const json_t *peer, char *buf, size_t size)
{
	char age[TABLE_AGE_MAX];
	const char *last = text_at(peer, "bfd.last_down_diagnostic");
	double since = number_at(peer, "bfd.last_down_at_seconds");
	bool is_past = str_equal(text_at(peer, "bfd.state"), "up") && since >= 0;
	if (!is_past || !*last || str_equal(last, "none"))
		return text_at(peer, "bfd.diagnostic");
	snprintf(buf, size, "%s %s ago", last, table_age(since, age));
	return buf;
}

void show_bfd_columns(struct table *t, const json_t *peer)
{
	char interval[DURATION_TEXT_MAX], diagnostic[80];
	const char *state = text_at(peer, "bfd.state");
	table_add_toned(t, show_tone(state), state);
	table_add(t, span_at(peer, "bfd.interval_seconds", interval));
	table_add(t, diagnostic_of(peer, diagnostic, sizeof(diagnostic)));
}

static void show_times(const struct show *s, const json_t *p)
{
	char tx[DURATION_TEXT_MAX], rx[DURATION_TEXT_MAX], detection[DURATION_TEXT_MAX];
	if (*span_at(p, "bfd.detection_time_seconds", detection))
		show_line(s, "BFD timers", "sends every %s, receives every %s, detection time %s",
			  span_at(p, "bfd.interval_seconds", tx),
			  span_at(p, "bfd.receive_interval_seconds", rx), detection);
}

static void show_remote(const struct show *s, const json_t *p)
{
	if (json_is_object(json_at(p, "bfd.remote")))
		show_line(s, "BFD of the peer", "%s, diagnostic %s, multiplier %lld%s",
			  text_at(p, "bfd.remote.state"), text_at(p, "bfd.remote.diagnostic"),
			  count_at(p, "bfd.remote.multiplier"),
			  true_at(p, "bfd.remote.control_plane_independent")
				  ? ", independent of its control plane"
				  : "");
}

static void show_last_down(const struct show *s, const json_t *p)
{
	char age[TABLE_AGE_MAX];
	const char *why = text_at(p, "bfd.last_down");
	double since = number_at(p, "bfd.last_down_at_seconds");
	if (!*why || since < 0)
		show_line(s, "BFD last down", "%s", why);
	else
		show_line(s, "BFD last down", "%s, %s ago", why, table_age(since, age));
}

void show_bfd(const struct show *s, const json_t *p)
{
	char age[TABLE_AGE_MAX];
	const char *state = text_at(p, "bfd.state");
	double since = number_at(p, "bfd.since_seconds");
	if (!json_is_object(json_at(p, "bfd")))
		return;
	show_line(s, "BFD", "%s%s%s%s%s%s, diagnostic %s%s",
		  table_tone_begin(&s->style, show_tone(state)), state,
		  table_tone_end(&s->style, show_tone(state)), since < 0 ? "" : " for ",
		  since < 0 ? "" : table_age(since, age),
		  true_at(p, "bfd.multihop") ? ", multihop" : "",
		  *text_at(p, "bfd.diagnostic") ? text_at(p, "bfd.diagnostic") : "none",
		  true_at(p, "bfd.required") ? ", required" : "");
	show_times(s, p);
	show_remote(s, p);
	show_last_down(s, p);
	show_line(s, "BFD error", "%s", text_at(p, "bfd.error"));
	show_line(s, "BFD hint", "%s", text_at(p, "bfd.hint"));
	if (json_is_object(json_at(p, "bfd.packets")))
		show_line(s, "BFD packets", "%lld sent, %lld received, up %lld, down %lld times",
			  count_at(p, "bfd.packets.sent"), count_at(p, "bfd.packets.received"),
			  count_at(p, "bfd.up_events"), count_at(p, "bfd.down_events"));
}
