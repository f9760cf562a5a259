/* SPDX-License-Identifier: MIT */
/* A line of a program, written again as what it means. */
#ifndef TESTS_UNIT_LINE_MEANING_H
#define TESTS_UNIT_LINE_MEANING_H

#include <inttypes.h>
#include <string.h>

#include "agent/model/community.h"
#include "agent/programs/line.h"
#include "lib/array.h"
#include "lib/str.h"

#define MAX_ROUTES 300

static const char *const line_verbs[] = {
	[LINE_NOTHING] = "nothing",
	[LINE_COMMENT] = "comment",
	[LINE_ANNOUNCE] = "announce",
	[LINE_WITHDRAW] = "withdraw",
	[LINE_ENABLE_ACK] = "enable-ack",
	[LINE_DISABLE_ACK] = "disable-ack",
	[LINE_SILENCE_ACK] = "silence-ack",
	[LINE_VERSION] = "version",
	[LINE_PING] = "ping",
	[LINE_HELP] = "help",
	[LINE_SHOW_SUMMARY] = "summary",
	[LINE_SHOW_NEIGHBOR] = "neighbor",
	[LINE_SHOW_RIB] = "rib",
	[LINE_SHOW_RIB_EXTENSIVE] = "rib extensive",
	[LINE_RELOAD] = "reload",
};

static void add_number(struct strbuf *sb, const char *name, struct bgp_number n)
{
	if (n.given)
		strbuf_add(sb, " %s %" PRIu32, name, n.value);
}

static void add_selectors(struct strbuf *sb, const struct line_selectors *list)
{
	char text[ADDR_TEXT_MAX];
	for (size_t i = 0; i < list->n; i++) {
		const struct line_selector *s = &list->items[i];
		strbuf_add(sb, " to %s", addr_is_set(&s->peer) ? addr_format(&s->peer, text) : "*");
		if (addr_is_set(&s->local_ip))
			strbuf_add(sb, " ip %s", addr_format(&s->local_ip, text));
		add_number(sb, "las", s->local_as);
		add_number(sb, "pas", s->peer_as);
		add_number(sb, "id", s->router_id);
		strbuf_add(sb, "%s%s", s->ipv4 ? " v4" : "", s->ipv6 ? " v6" : "");
	}
}

static void add_spec(struct strbuf *sb, const struct route_spec *s)
{
	char text[EXT_COMMUNITY_TEXT_MAX + LARGE_COMMUNITY_TEXT_MAX + ADDR_TEXT_MAX];
	if (addr_is_set(&s->next_hop))
		strbuf_add(sb, " nh %s", addr_format(&s->next_hop, text));
	add_number(sb, "med", s->med);
	add_number(sb, "lp", s->local_pref);
	if (s->origin.given)
		strbuf_add(sb, " %s", bgp_origin_name(s->origin.value));
	if (s->as_path.given)
		strbuf_add(sb, " path");
	for (size_t i = 0; i < s->as_path.n; i++)
		strbuf_add(sb, " %" PRIu32, s->as_path.values[i]);
	for (size_t i = 0; i < s->communities.n; i++)
		strbuf_add(sb, " c %s", community_format(s->communities.values[i], text));
	for (size_t i = 0; i < s->ext_communities.n; i++)
		strbuf_add(sb, " x %s", ext_community_format(s->ext_communities.values[i], text));
	for (size_t i = 0; i < s->large_communities.n; i++)
		strbuf_add(sb, " l %s",
			   large_community_format(s->large_communities.values[i], text));
}

/* Of many prefixes the first and the last one. */
static void add_prefixes(struct strbuf *sb, const struct line *l)
{
	char text[PREFIX_TEXT_MAX];
	for (size_t i = 0; i < l->n_prefixes && (i < 4 || l->n_prefixes <= 4); i++)
		strbuf_add(sb, " %s", prefix_format(&l->prefixes[i], text));
	if (l->n_prefixes > 4)
		strbuf_add(sb, " … %s (%zu)", prefix_format(&l->prefixes[l->n_prefixes - 1], text),
			   l->n_prefixes);
}

static const char *meaning(const struct line *l, char *buf, size_t size)
{
	struct strbuf sb = strbuf_over(buf, size);
	strbuf_add(&sb, "%s", line_verbs[l->verb]);
	add_selectors(&sb, &l->selectors);
	add_prefixes(&sb, l);
	add_spec(&sb, l->spec);
	strbuf_add(&sb, "%s", l->has_path_id ? " id" : "");
	return buf;
}

struct line_case {
	const char *line, *means; /* or "error: " and words of the text */
};

static void expect(const struct line_case *c)
{
	struct line l;
	struct err err = { "" };
	char buf[2048];
	int rc = line_parse(c->line, strlen(c->line), MAX_ROUTES, &l, &err);
	bool is_error = str_starts(c->means, "error: ");
	if (rc != (is_error ? -22 : 0))
		fail_msg("'%s' returned %d: %s", c->line, rc, err.text);
	if (is_error && !strstr(err.text, c->means + strlen("error: ")))
		fail_msg("'%s': '%s' does not say '%s'", c->line, err.text,
			 c->means + strlen("error: "));
	if (!is_error && strcmp(meaning(&l, buf, sizeof(buf)), c->means) != 0)
		fail_msg("'%s' means '%s', not '%s'", c->line, buf, c->means);
	line_done(&l);
}

#define RUN(cases)                                                                                 \
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)                                             \
	expect(&(cases)[i])

#endif
