/* SPDX-License-Identifier: MIT */
#include "agent/convert/exabgp_neighbor.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "agent/convert/exabgp_capability.h"
#include "lib/addr.h"
#include "lib/array.h"
#include "lib/str.h"

#define KEYS_MAX 64

struct taking {
	struct convert *c;
	const struct exabgp_neighbor *n;
	json_t *peer;
	size_t position;
	const char *seen[KEYS_MAX]; /* keys that count once */
	const struct statement *seen_at[KEYS_MAX];
	size_t n_seen;
	uint64_t hold_time;
	uint64_t ttl_out, ttl_in; /* 0: not set */
	struct exabgp_routes *routes;
	json_t *programs, *told;
	bool tells; /* of the session, the programs that are named here */
};

static bool is_yes(const struct statement *s)
{
	static const char *const no[] = { "false", "disable", "disabled", "off", "no" };
	for (size_t i = 0; i < ARRAY_SIZE(no); i++)
		if (str_equal(statement_word(s, 1), no[i]))
			return false;
	return true;
}

/* ---- single keys ---- */

static void carry_local_address(struct taking *t, const struct statement *s)
{
	struct addr a;
	const char *word = statement_word(s, 1);
	if (str_equal(word, "auto"))
		return;
	if (addr_parse(word, &a) < 0)
		statement_lost(t->c, s, "not an address");
	else
		convert_set(t->peer, a.family == AF_INET ? "local_ip" : "local_ip6", word);
}

static void carry_as(struct taking *t, const struct statement *s)
{
	uint64_t as;
	const char *word = statement_word(s, 1);
	const char *key = statement_is(s, "local-as") ? "local_as" : "peer_as";
	if (str_equal(word, "auto") && str_equal(key, "local_as"))
		statement_lost(t->c, s, "the local AS has to be given");
	else if (str_to_u64(word, UINT32_MAX, &as) == 0)
		convert_set_number(t->peer, key, as);
	else
		convert_set(t->peer, key, word);
}

static void carry_hold_time(struct taking *t, const struct statement *s)
{
	if (str_to_u64(statement_word(s, 1), UINT16_MAX, &t->hold_time) < 0)
		statement_lost(t->c, s, "not a number of seconds; 180 is used");
}

static void carry_router_id(struct taking *t, const struct statement *s)
{
	json_t *bgp = convert_section(t->c, "bgp");
	const char *before = convert_get(bgp, "router_id"), *word = statement_word(s, 1);
	if (*before && !str_equal(before, word)) {
		statement_lost(t->c, s,
			       "all sessions have one router ID, that of the first neighbor");
		return;
	}
	convert_set(bgp, "router_id", word);
	convert_place(t->c, bgp, "router_id", s->at);
}

/* Unquoted, it may be several words. */
static void carry_text(struct taking *t, const struct statement *s)
{
	char text[STATEMENT_TEXT_MAX];
	struct statement value = { .words = s->words + 1, .n_words = s->n_words - 1 };
	convert_set(t->peer, statement_is(s, "description") ? "description" : "password",
		    statement_text(&value, text));
}

static void carry_passive(struct taking *t, const struct statement *s)
{
	json_t *bgp = convert_section(t->c, "bgp");
	if (!is_yes(s))
		return;
	convert_set_true(t->peer, "passive");
	if (!json_object_get(bgp, "listen"))
		convert_set_true(bgp, "listen");
}

static void carry_listen(struct taking *t, const struct statement *s)
{
	char text[16];
	json_t *bgp = convert_section(t->c, "bgp");
	const char *before = convert_get(bgp, "listen");
	snprintf(text, sizeof(text), ":%.10s", statement_word(s, 1));
	if (*before && !str_equal(before, text)) {
		statement_lost(t->c, s, "one port is listened on, that of the first neighbor");
		return;
	}
	convert_set(bgp, "listen", text);
	convert_place(t->c, bgp, "listen", s->at);
}

static void carry_connect(struct taking *t, const struct statement *s)
{
	uint64_t port;
	if (str_to_u64(statement_word(s, 1), 65535, &port) < 0)
		statement_lost(t->c, s, "not a port");
	else
		convert_set_number(t->peer, "port", port);
}

static void carry_ttl(struct taking *t, const struct statement *s)
{
	uint64_t ttl;
	if (!is_yes(s))
		return;
	if (str_to_u64(statement_word(s, 1), 255, &ttl) < 0 || ttl == 0)
		statement_lost(t->c, s, "not a TTL");
	else if (statement_is(s, "incoming-ttl"))
		t->ttl_in = ttl;
	else
		t->ttl_out = ttl;
	if (statement_is(s, "incoming-ttl") && t->ttl_in != 255)
		statement_lost(
			t->c, s,
			"received packets are checked for a TTL of 255 (ttl_security) or not "
			"at all");
}

static void carry_md5_ip(struct taking *t, const struct statement *s)
{
	const char *word = statement_word(s, 1);
	if (!str_equal(word, convert_get(t->peer, "local_ip")) &&
	    !str_equal(word, convert_get(t->peer, "local_ip6")))
		statement_lost(t->c, s, "the key is that of the peer's address");
}

static void carry_off_only(struct taking *t, const struct statement *s)
{
	if (is_yes(s) && !statement_is(s, "manual-eor"))
		return;
	if (is_yes(s))
		statement_lost(t->c, s, "End-of-RIB is sent when all routes are");
}

static void carry_rate_limit(struct taking *t, const struct statement *s)
{
	if (is_yes(s))
		statement_lost(t->c, s, "messages are sent as they arise");
}

static void carry_unsaid(struct taking *t, const struct statement *s)
{
	statement_lost(t->c, s, "no host name is sent in OPEN");
}

static void carry_interface(struct taking *t, const struct statement *s)
{
	statement_lost(
		t->c, s,
		"the kernel's routes choose the interface: local_ip, or interface: in the place "
		"of peer_ip for the router on a link");
}

static void carry_nothing(struct taking *t, const struct statement *s)
{
	(void)t;
	(void)s;
}

/* ---- blocks ---- */

static bool has_changes(const struct statement *block)
{
	for (const struct statement *s = block->first; s; s = s->next)
		if (statement_is(s, "neighbor-changes") && is_yes(s))
			return true;
	return false;
}

/* In `api`, or in `receive` of a process of version 3.4. */
static bool tells_changes(const struct statement *block)
{
	for (const struct statement *s = block->first; s; s = s->next)
		if (statement_is(s, "receive") && has_changes(s))
			return true;
	return has_changes(block);
}

/* "processes [ a, b ];", "processes-match" and "process NAME;" of version 3.4 */
static void add_program(void *context, const char *name)
{
	struct taking *t = context;
	if (t->tells)
		convert_append(t->told, name, convert_get(t->peer, "peer_ip"));
	convert_append(t->programs, name, convert_get(t->peer, "peer_ip"));
}

/* Which programs that means is known when all are. */
static void carry_match(struct taking *t, const struct statement *s)
{
	add_program(t, EXABGP_MATCHED);
	statement_lost(t->c, s,
		       "programs are not matched by patterns, a program that no api names is taken "
		       "for one of these");
}

static void carry_told(struct taking *t, const struct statement *s)
{
	bool sessions = statement_is(s, "neighbor-changes");
	if (!sessions && (s->is_block || is_yes(s)))
		statement_lost(t->c, s,
			       "programs are told of sessions, not of messages and routes");
}

static bool is_told(const struct statement *s)
{
	static const char *const names[] = { "neighbor-changes", "negotiated", "fsm",
					     "signal",           "receive",    "send" };
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (statement_is(s, names[i]))
			return true;
	return false;
}

static void carry_api(struct taking *t, const struct statement *s)
{
	t->tells = tells_changes(s);
	for (const struct statement *in = s->first; in; in = in->next) {
		size_t i = 1;
		if (statement_is(in, "processes"))
			statement_each(in, &i, add_program, t);
		else if (statement_is(in, "processes-match"))
			carry_match(t, in);
		else if (is_told(in))
			carry_told(t, in);
		else
			statement_lost(t->c, in, "not known");
	}
}

static void carry_process(struct taking *t, const struct statement *s)
{
	t->tells = tells_changes(s);
	add_program(t, statement_word(s, 1));
}

static void carry_route(struct taking *t, const struct statement *s)
{
	char as[24];
	const json_t *local = json_object_get(t->peer, "local_as");
	const json_t *peer = json_object_get(t->peer, "peer_as");
	if (json_is_integer(local))
		snprintf(as, sizeof(as), "%lld", (long long)json_integer_value(local));
	else
		str_copy(as, sizeof(as), convert_get(t->peer, "local_as"));
	const struct exabgp_route_to to = { t->position, t->peer, as,
					    local && json_equal(local, peer) };
	exabgp_routes_carry(t->c, t->routes, s, &to);
}

static void carry_static(struct taking *t, const struct statement *s)
{
	for (const struct statement *in = s->first; in; in = in->next) {
		if (statement_is(in, "route") || statement_is(in, "attributes"))
			carry_route(t, in);
		else
			statement_lost(t->c, in, "not known");
	}
}

static void carry_announce(struct taking *t, const struct statement *s)
{
	for (const struct statement *family = s->first; family; family = family->next) {
		bool ip = statement_is(family, "ipv4") || statement_is(family, "ipv6");
		if (!ip)
			statement_lost(t->c, family, "vipherald announces unicast routes only");
		for (const struct statement *in = ip ? family->first : NULL; in; in = in->next) {
			if (statement_is(in, "unicast"))
				carry_route(t, in);
			else
				statement_lost(t->c, in, "vipherald announces unicast routes only");
		}
	}
}

static void carry_other_routes(struct taking *t, const struct statement *s)
{
	if (s->first)
		statement_lost(t->c, s, "vipherald announces unicast routes only");
}

static void carry_family(struct taking *t, const struct statement *s)
{
	exabgp_family_carry(t->c, t->peer, s);
}

static void carry_capability(struct taking *t, const struct statement *s)
{
	exabgp_capability_carry(t->c, t->peer, s, t->hold_time);
}

/* ---- the statements of a neighbor ---- */

static const struct key {
	const char *name;
	void (*carry)(struct taking *t, const struct statement *s);
	bool often;    /* several of them add up */
	unsigned pass; /* 0: before those that look at others */
} keys[] = {
	{ "local-address", carry_local_address, false, 0 },
	{ "local-as", carry_as, false, 0 },
	{ "peer-as", carry_as, false, 0 },
	{ "hold-time", carry_hold_time, false, 0 },
	{ "router-id", carry_router_id, false, 0 },
	{ "description", carry_text, false, 0 },
	{ "md5-password", carry_text, false, 0 },
	{ "md5-base64", carry_nothing, false, 0 },
	{ "md5-ip", carry_md5_ip, false, 1 },
	{ "md5", carry_text, false, 0 },
	{ "passive", carry_passive, false, 0 },
	{ "listen", carry_listen, false, 0 },
	{ "connect", carry_connect, false, 0 },
	{ "outgoing-ttl", carry_ttl, false, 0 },
	{ "incoming-ttl", carry_ttl, false, 0 },
	{ "ttl-security", carry_ttl, false, 0 },
	{ "family", carry_family, true, 1 },
	{ "capability", carry_capability, true, 1 },
	{ "nexthop", carry_nothing, true, 0 }, /* RFC 8950 is offered to every peer */
	{ "add-path", carry_other_routes, true, 1 },
	{ "api", carry_api, true, 1 },
	{ "process", carry_process, true, 0 },
	{ "static", carry_static, true, 1 },
	{ "announce", carry_announce, true, 1 },
	{ "route", carry_route, true, 1 },
	{ "flow", carry_other_routes, true, 1 },
	{ "l2vpn", carry_other_routes, true, 1 },
	{ "operational", carry_other_routes, true, 1 },
	{ "group-updates", carry_nothing, false, 0 },
	{ "auto-flush", carry_nothing, false, 0 },
	{ "adj-rib-out", carry_nothing, false, 0 },
	{ "adj-rib-in", carry_nothing, false, 0 },
	{ "manual-eor", carry_off_only, false, 0 },
	{ "rate-limit", carry_rate_limit, false, 0 },
	{ "host-name", carry_unsaid, false, 0 },
	{ "domain-name", carry_unsaid, false, 0 },
	{ "source-interface", carry_interface, false, 0 },
	{ "peer-address", carry_nothing, false, 0 },
	{ "inherit", carry_nothing, true, 0 },
	{ "neighbor", carry_nothing, true, 0 },
};

static_assert(ARRAY_SIZE(keys) <= KEYS_MAX, "each of them may be seen");

static const struct key *find_key(const char *word)
{
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if (str_equal(word, keys[i].name))
			return &keys[i];
	return NULL;
}

static bool same_words(const struct statement *a, const struct statement *b)
{
	if (a->n_words != b->n_words)
		return false;
	for (size_t i = 0; i < a->n_words; i++)
		if (!str_equal(a->words[i], b->words[i]))
			return false;
	return true;
}

/* A key of a layer behind is that of the first one already. */
static bool is_seen(struct taking *t, const struct key *key, const struct statement *s,
		    bool is_template)
{
	char text[STATEMENT_TEXT_MAX];
	for (size_t i = 0; i < t->n_seen; i++) {
		if (!str_equal(t->seen[i], key->name))
			continue;
		if (is_template && !same_words(t->seen_at[i], s))
			convert_note(t->c, s->at, statement_text(s, text),
				     "it is also set in line %u, which counts as with ExaBGP 4",
				     t->seen_at[i]->at.line);
		return true;
	}
	t->seen[t->n_seen] = key->name;
	t->seen_at[t->n_seen++] = s;
	return false;
}

static void carry_layer(struct taking *t, const struct statement *layer, unsigned pass)
{
	for (const struct statement *s = layer->first; s; s = s->next) {
		const struct key *key = find_key(statement_word(s, 0));
		if ((key && key->pass != pass) || (!key && pass == 0))
			continue;
		if (!key)
			statement_lost(t->c, s, "not known");
		else if (key->often || !is_seen(t, key, s, layer != t->n->group))
			key->carry(t, s);
	}
}

/* ---- what follows from several keys ---- */

static const struct statement *seen(const struct taking *t, const char *key)
{
	for (size_t i = 0; i < t->n_seen; i++)
		if (str_equal(t->seen[i], key))
			return t->seen_at[i];
	return NULL;
}

static int digit64(char c)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *found = c ? strchr(digits, c) : NULL;
	return found ? (int)(found - digits) : -1;
}

/* A text; false: it is none, or too long for a key. */
static bool decode64(const char *from, char to[static 96])
{
	unsigned bits = 0, have = 0;
	size_t n = 0;
	for (; *from && *from != '='; from++) {
		int digit = digit64(*from);
		if (digit < 0 || n >= 95)
			return false;
		bits = (bits << 6 | (unsigned)digit) & 0xffffff;
		have += 6;
		if (have < 8)
			continue;
		have -= 8;
		to[n] = (char)(bits >> have & 0xff);
		if (!to[n++])
			return false;
	}
	to[n] = 0;
	json_t *text = json_string(to); /* NULL: not UTF-8 */
	json_decref(text);
	return text != NULL;
}

static void finish_password(struct taking *t)
{
	char key[96];
	const struct statement *base64 = seen(t, "md5-base64");
	if (!base64 || !is_yes(base64) || !*convert_get(t->peer, "password"))
		return;
	if (decode64(convert_get(t->peer, "password"), key)) {
		convert_set(t->peer, "password", key);
		return;
	}
	statement_lost(t->c, base64,
		       "the key is not a text in base64: put it into a file, password_file");
	json_object_del(t->peer, "password");
}

/* ExaBGP leaves the TTL to the kernel, 64, also for eBGP. */
static void finish_ttl(struct taking *t)
{
	bool internal = json_equal(json_object_get(t->peer, "local_as"),
				   json_object_get(t->peer, "peer_as"));
	if (t->ttl_in == 255)
		convert_set_true(t->peer, "ttl_security");
	else if (internal && t->ttl_out > 0)
		statement_lost(t->c,
			       seen(t, "outgoing-ttl") ? seen(t, "outgoing-ttl")
						       : seen(t, "ttl-security"),
			       "packets to an iBGP peer have the TTL of the kernel");
	else if (!internal && t->ttl_out > 1 && t->ttl_out < 255)
		convert_set_number(t->peer, "multihop_ttl", t->ttl_out);
	else if (!internal && t->ttl_out != 1)
		convert_set_true(t->peer, "multi_hop");
}

void exabgp_neighbor_carry(struct convert *c, const struct exabgp_neighbor *n,
			   struct exabgp_routes *routes, json_t *programs, json_t *told)
{
	struct taking t = { .c = c,
			    .n = n,
			    .hold_time = 180,
			    .routes = routes,
			    .programs = programs,
			    .told = told };
	const char *address = statement_word(n->own, 1);
	for (const struct statement *s = n->own->first; s; s = s->next)
		if (statement_is(s, "peer-address"))
			address = statement_word(s, 1);
	if (strchr(address, '/')) {
		statement_lost(t.c, n->own, "each peer has an address of its own, or an interface");
		return;
	}
	while (convert_item(c, "peers", t.position))
		t.position++;
	t.peer = convert_add(c, "peers", n->own->at);
	convert_set(t.peer, "peer_ip", address);
	for (size_t i = 0; i < n->n_layers; i++)
		carry_layer(&t, n->layers[i], 0);
	convert_set_seconds(t.peer, "hold_time", t.hold_time);
	finish_password(&t);
	finish_ttl(&t);
	for (size_t i = 0; i < n->n_layers; i++)
		carry_layer(&t, n->layers[i], 1);
	/* Both is the default. */
	if (json_array_size(json_object_get(t.peer, "families")) == 2)
		json_object_del(t.peer, "families");
}
