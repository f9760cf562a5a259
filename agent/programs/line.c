/* SPDX-License-Identifier: MIT */
#include "agent/programs/line.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agent/programs/line_attrs.h"
#include "agent/programs/line_selectors.h"
#include "agent/programs/tokens.h"
#include "lib/array.h"
#include "lib/mem.h"
#include "lib/str.h"

/* ---- Prefixes. ---- */

struct draft {
	struct line *line;
	struct line_attrs attrs;
	uint8_t family; /* 0: either */
	size_t max;
	size_t cap;
};

static int parse_prefix(const struct draft *d, struct token token, struct prefix *ret,
			struct err *err)
{
	char text[TOKEN_TEXT_MAX];
	struct prefix p = { 0 };
	if (!token_copy(token, text))
		return err_set(err, -EINVAL, "'%.*s' is not a prefix", TOKEN_SHOWN(token));
	if (addr_parse(text, &p.addr) == 0)
		p = prefix_of_host(&p.addr);
	else if (prefix_parse(text, &p, err) < 0)
		return -EINVAL;
	if (d->family && p.addr.family != d->family)
		return err_set(err, -EINVAL, "'%s' is not of the family of the command", text);
	*ret = p;
	return 0;
}

/* The address of the next prefix of this length. */
static void increment(struct addr *a, uint8_t len)
{
	for (int i = (len - 1) / 8, step = 1 << (7 - (len - 1) % 8); i >= 0; i--, step = 1) {
		int sum = a->bytes[i] + step;
		a->bytes[i] = (uint8_t)sum;
		if (sum <= UINT8_MAX)
			return;
	}
}

static int add_prefix(struct draft *d, const struct prefix *p, struct err *err)
{
	struct line *l = d->line;
	if (l->n_prefixes >= d->max)
		return err_set(err, -EINVAL, "more than %zu routes in a line", d->max);
	l->prefixes = mem_grow(l->prefixes, &d->cap, l->n_prefixes + 1, sizeof(*l->prefixes));
	l->prefixes[l->n_prefixes++] = *p;
	return 0;
}

/* As ExaBGP: a prefix that is as long already stays one. */
static int split(struct draft *d, const struct prefix *whole, struct err *err)
{
	uint8_t len = d->attrs.split, bits = (uint8_t)(8 * addr_size(whole->addr.family));
	if (len > bits)
		return err_set(err, -EINVAL, "split /%u: an address has %u bits", len, bits);
	if (len <= whole->len)
		return add_prefix(d, whole, err);
	unsigned more = (unsigned)(len - whole->len);
	if (more >= 32 || (UINT32_C(1) << more) > d->max)
		return err_set(err, -EINVAL, "split /%u: more than %zu routes", len, d->max);
	struct prefix p = { .addr = whole->addr, .len = len };
	int rc = 0;
	for (uint32_t i = UINT32_C(1) << more; i > 0 && rc == 0; i--) {
		rc = add_prefix(d, &p, err);
		increment(&p.addr, len);
	}
	return rc;
}

static int split_all(struct draft *d, struct err *err)
{
	struct line *l = d->line;
	struct prefix *whole = l->prefixes;
	size_t n = l->n_prefixes;
	int rc = 0;
	if (!d->attrs.split)
		return 0;
	l->prefixes = NULL;
	l->n_prefixes = d->cap = 0;
	for (size_t i = 0; i < n && rc == 0; i++)
		rc = split(d, &whole[i], err);
	free(whole);
	return rc;
}

/* ---- announce and withdraw. ---- */

static int check_next_hop(const struct draft *d, struct err *err)
{
	char text[PREFIX_TEXT_MAX];
	const struct line *l = d->line;
	const struct addr *hop = &l->spec->next_hop;
	if (l->verb == LINE_WITHDRAW)
		return 0;
	if (!d->attrs.has_next_hop)
		return err_set(err, -EINVAL, "no next-hop: write next-hop self, or an address");
	if (addr_is_set(hop) && (addr_is_unspecified(hop) || addr_is_multicast(hop) ||
				 addr_is_loopback(hop) || addr_is_link_local(hop)))
		return err_set(err, -EINVAL, "next-hop %s: no router can use this address",
			       addr_format(hop, text));
	for (size_t i = 0; addr_is_set(hop) && i < l->n_prefixes; i++)
		if (l->prefixes[i].addr.family != hop->family)
			return err_set(err, -EINVAL, "next-hop: not of the family of %s",
				       prefix_format(&l->prefixes[i], text));
	return 0;
}

static bool at_end(const struct tokens *t)
{
	struct tokens copy = *t;
	token_match(&copy, ";");
	return token_next(&copy).len == 0;
}

static int parse_route(struct tokens *t, struct draft *d, struct err *err)
{
	struct prefix p;
	int rc = parse_prefix(d, token_next(t), &p, err);
	if (rc == 0)
		rc = add_prefix(d, &p, err);
	while (rc == 0 && !at_end(t))
		rc = line_attrs_next(t, &d->attrs, err);
	return rc;
}

static int parse_nlri(struct tokens *t, struct draft *d, struct err *err)
{
	struct prefix p;
	int rc = 0;
	while (rc == 0 && !token_match(t, "nlri"))
		rc = at_end(t) ? err_set(err, -EINVAL, "the word nlri and prefixes are missing")
			       : line_attrs_next(t, &d->attrs, err);
	while (rc == 0 && !at_end(t)) {
		rc = parse_prefix(d, token_next(t), &p, err);
		if (rc == 0)
			rc = add_prefix(d, &p, err);
		token_match(t, ",");
	}
	if (rc == 0 && d->line->n_prefixes == 0)
		return err_set(err, -EINVAL, "no prefix behind nlri");
	return rc;
}

static int parse_unicast(struct tokens *t, struct draft *d, uint8_t family, struct err *err)
{
	char text[TOKEN_TEXT_MAX];
	struct addr a;
	struct token safi = token_next(t);
	if (!token_is(safi, "unicast"))
		return err_set(err, -EINVAL, "'%.*s': of IPv4 and IPv6 only unicast is announced",
			       TOKEN_SHOWN(safi));
	d->family = family;
	token_copy(token_peek(t), text);
	text[strcspn(text, "/")] = 0;
	return addr_parse(text, &a) == 0 ? parse_route(t, d, err) : parse_nlri(t, d, err);
}

static int parse_what(struct tokens *t, struct draft *d, struct err *err)
{
	struct token what = token_next(t);
	if (token_is(what, "route"))
		return parse_route(t, d, err);
	if (token_is(what, "attributes") || token_is(what, "attribute"))
		return parse_nlri(t, d, err);
	if (token_is(what, "ipv4"))
		return parse_unicast(t, d, AF_INET, err);
	if (token_is(what, "ipv6"))
		return parse_unicast(t, d, AF_INET6, err);
	return err_set(err, -EINVAL,
		       "'%.*s' is not announced or withdrawn here, only route, attributes, ipv4 "
		       "unicast and ipv6 unicast",
		       TOKEN_SHOWN(what));
}

static int parse_command(struct tokens *t, size_t max, struct line *l, struct err *err)
{
	struct draft d = { .line = l, .max = max, .attrs.spec = l->spec };
	int rc = parse_what(t, &d, err);
	if (rc == 0)
		rc = check_next_hop(&d, err);
	if (rc == 0)
		rc = split_all(&d, err);
	l->has_path_id = d.attrs.has_path_id;
	return rc;
}

/* ---- Control. ---- */

#define WORDS_MAX 4

static const struct {
	const char *words[WORDS_MAX];
	enum line_verb verb;
	const char *refused;
} controls[] = {
	{ { "enable-ack" }, LINE_ENABLE_ACK, NULL },
	{ { "disable-ack" }, LINE_DISABLE_ACK, NULL },
	{ { "silence-ack" }, LINE_SILENCE_ACK, NULL },
	{ { "version" }, LINE_VERSION, NULL },
	{ { "ping" }, LINE_PING, NULL },
	{ { "help" }, LINE_HELP, NULL },
	{ { "show", "neighbor", "summary" }, LINE_SHOW_SUMMARY, NULL },
	{ { "show", "neighbor" }, LINE_SHOW_NEIGHBOR, NULL },
	{ { "show", "adj-rib", "out", "extensive" }, LINE_SHOW_RIB_EXTENSIVE, NULL },
	{ { "show", "adj-rib", "out" }, LINE_SHOW_RIB, NULL },
	{ { "reload" }, LINE_RELOAD, NULL },
	{ { "shutdown" }, LINE_NOTHING, "a program cannot stop the agent" },
	{ { "restart" }, LINE_NOTHING, "a program cannot restart the agent" },
	{ { "teardown" }, LINE_NOTHING, "a program cannot reset sessions" },
};

static bool match_words(struct tokens t, const char *const words[WORDS_MAX])
{
	for (size_t i = 0; i < WORDS_MAX && words[i]; i++)
		if (!token_match(&t, words[i]))
			return false;
	return true;
}

static int parse_control(const struct tokens *t, struct line *l, struct err *err)
{
	struct token first = token_peek(t);
	for (size_t i = 0; i < ARRAY_SIZE(controls); i++) {
		if (!match_words(*t, controls[i].words))
			continue;
		if (controls[i].refused)
			return err_set(err, -EINVAL, "%s: %s", controls[i].words[0],
				       controls[i].refused);
		/* ExaBGP's client puts a name or an address behind some of them. */
		l->verb = controls[i].verb;
		return 0;
	}
	return err_set(err, -EINVAL, "'%.*s' is not a command that is known", TOKEN_SHOWN(first));
}

/* ---- A line. ---- */

static int check_text(const char *text, size_t len, struct err *err)
{
	if (len > LINE_MAX_OCTETS)
		return err_set(err, -EINVAL, "longer than %zu octets", LINE_MAX_OCTETS);
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];
		if ((c < ' ' && c != '\t' && c != '\r') || c >= 0x7f)
			return err_set(err, -EINVAL, "octet 0x%02x is not text", c);
	}
	return 0;
}

static int parse(struct tokens *t, size_t max, struct line *l, struct err *err)
{
	int rc = line_selectors_parse(t, &l->selectors, err);
	if (rc < 0)
		return rc;
	if (token_match(t, "announce"))
		l->verb = LINE_ANNOUNCE;
	else if (token_match(t, "withdraw"))
		l->verb = LINE_WITHDRAW;
	else
		return parse_control(t, l, err);
	return parse_command(t, max, l, err);
}

static bool is_comment(const char *text, size_t len)
{
	while (len > 0 && (*text == ' ' || *text == '\t')) {
		text++;
		len--;
	}
	return len > 0 && *text == '#';
}

int line_parse(const char *text, size_t len, size_t max, struct line *ret, struct err *err)
{
	struct tokens t = tokens_over(text, len);
	*ret = (struct line){ .spec = route_spec_new() };
	if (is_comment(text, len)) {
		ret->verb = LINE_COMMENT;
		return 0;
	}
	int rc = check_text(text, len, err);
	if (rc < 0 || at_end(&t))
		return rc;
	return parse(&t, max, ret, err);
}

void line_done(struct line *l)
{
	route_spec_unref(l->spec);
	free(l->selectors.items);
	free(l->prefixes);
	*l = (struct line){ 0 };
}
