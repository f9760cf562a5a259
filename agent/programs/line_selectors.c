/* SPDX-License-Identifier: MIT */
#include "agent/programs/line_selectors.h"

#include <errno.h>
#include <string.h>

#include "lib/array.h"
#include "lib/mem.h"
#include "lib/str.h"

static struct line_selector *last(struct line_selectors *l)
{
	return &l->items[l->n - 1];
}

static int add(struct line_selectors *l, const struct line_selector *s, struct err *err)
{
	if (l->n >= LINE_SELECTORS_MAX)
		return err_set(err, -EINVAL, "more than %d neighbors", LINE_SELECTORS_MAX);
	l->items = mem_grow_by_one(l->items, l->n, sizeof(*l->items));
	l->items[l->n++] = *s;
	return 0;
}

static int parse_address(struct token token, const char *what, struct addr *ret, struct err *err)
{
	char text[TOKEN_TEXT_MAX];
	if (!token_copy(token, text) || addr_parse(text, ret) < 0)
		return err_set(err, -EINVAL, "%s '%.*s': expected an address%s", what,
			       TOKEN_SHOWN(token), str_equal(what, "neighbor") ? " or *" : "");
	return 0;
}

/* ---- What narrows a selector down. ---- */

static int parse_local_ip(struct tokens *t, struct line_selector *s, struct err *err)
{
	return parse_address(token_next(t), "local-ip", &s->local_ip, err);
}

static int parse_local_as(struct tokens *t, struct line_selector *s, struct err *err)
{
	return token_number(t, "local-as", &s->local_as, err);
}

static int parse_peer_as(struct tokens *t, struct line_selector *s, struct err *err)
{
	return token_number(t, "peer-as", &s->peer_as, err);
}

static int parse_router_id(struct tokens *t, struct line_selector *s, struct err *err)
{
	struct addr a = { 0 };
	struct token token = token_next(t);
	int rc = parse_address(token, "router-id", &a, err);
	if (rc == 0 && a.family != AF_INET)
		return err_set(err, -EINVAL, "router-id '%.*s': expected one like 192.0.2.1",
			       TOKEN_SHOWN(token));
	if (rc == 0)
		s->router_id = (struct bgp_number){ true, addr_to_v4(&a) };
	return rc;
}

/* "in-open", or families with / between. */
static int parse_families(struct tokens *t, struct line_selector *s, struct err *err)
{
	char text[TOKEN_TEXT_MAX];
	struct token token = token_next(t);
	bool fits = token_copy(token, text);
	if (fits && str_equal(text, "in-open"))
		return 0;
	for (char *rest = text, *word; fits && (word = strsep(&rest, "/"));) {
		if (str_equal(word, "ipv4-unicast"))
			s->ipv4 = true;
		else if (str_equal(word, "ipv6-unicast"))
			s->ipv6 = true;
		else
			fits = false;
	}
	if (!fits)
		return err_set(err, -EINVAL,
			       "family-allowed '%.*s': expected in-open, or ipv4-unicast and "
			       "ipv6-unicast with / between",
			       TOKEN_SHOWN(token));
	return 0;
}

static const struct {
	const char *name;
	int (*parse)(struct tokens *t, struct line_selector *s, struct err *err);
} filters[] = {
	{ "local-ip", parse_local_ip },       { "local-as", parse_local_as },
	{ "peer-as", parse_peer_as },         { "router-id", parse_router_id },
	{ "family-allowed", parse_families },
};

static int parse_filters(struct tokens *t, struct line_selector *s, struct err *err)
{
	for (size_t i = 0; i < ARRAY_SIZE(filters); i++) {
		if (!token_match(t, filters[i].name))
			continue;
		int rc = filters[i].parse(t, s, err);
		if (rc < 0)
			return rc;
		i = (size_t)-1; /* from the beginning, they come in any order */
	}
	return 0;
}

/* ---- Selectors. ---- */

static int add_bracketed(struct token token, void *target, struct err *err)
{
	struct line_selector s = { 0 };
	int rc = token_is(token, "*") ? 0 : parse_address(token, "peer", &s.peer, err);
	return rc < 0 ? rc : add(target, &s, err);
}

static int parse_one(struct tokens *t, struct line_selectors *l, struct err *err)
{
	struct line_selector s = { 0 };
	if (token_is(token_peek(t), "["))
		return token_list(t, "peer", add_bracketed, l, err);
	struct token token = token_next(t);
	int rc = token_is(token, "*") ? 0 : parse_address(token, "neighbor", &s.peer, err);
	if (rc == 0)
		rc = add(l, &s, err);
	return rc != 0 ? rc : parse_filters(t, last(l), err);
}

static bool is_any(const struct line_selector *s)
{
	return !addr_is_set(&s->peer) && !addr_is_set(&s->local_ip) && !s->local_as.given &&
	       !s->peer_as.given && !s->router_id.given && !s->ipv4 && !s->ipv6;
}

static void drop_any(struct line_selectors *l)
{
	size_t n = 0;
	for (size_t i = 0; i < l->n; i++)
		if (!is_any(&l->items[i]))
			l->items[n++] = l->items[i];
	l->n = n;
}

int line_selectors_parse(struct tokens *t, struct line_selectors *l, struct err *err)
{
	int rc = 0;
	while (rc == 0 && (token_match(t, "neighbor") || token_match(t, "peer"))) {
		rc = parse_one(t, l, err);
		token_match(t, ",");
	}
	drop_any(l);
	return rc;
}
