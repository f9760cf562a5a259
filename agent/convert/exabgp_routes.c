/* SPDX-License-Identifier: MIT */
#include "agent/convert/exabgp_routes.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agent/convert/prefix.h"
#include "lib/array.h"
#include "lib/mem.h"
#include "lib/str.h"

#define VIPS_MAX  64   /* of an app */
#define SPLIT_MAX 1024 /* routes that `split` makes of one */

/* ---- values ---- */

bool exabgp_community(const char *word, char buf[static 32])
{
	static const struct {
		const char *name, *text;
	} named[] = { { "nopeer", "65535:65284" },
		      { "no-peer", "65535:65284" },
		      { "blackhole", "65535:666" } };
	uint64_t number;
	char *end;
	for (size_t i = 0; i < ARRAY_SIZE(named); i++)
		if (strcasecmp(word, named[i].name) == 0)
			word = named[i].text;
	if (str_to_u64(word, UINT32_MAX, &number) == 0) {
		snprintf(buf, 32, "%u:%u", (unsigned)(number >> 16), (unsigned)(number & 0xffff));
		return true;
	}
	if (str_starts(word, "0x") || str_starts(word, "0X")) {
		number = strtoull(word + 2, &end, 16);
		snprintf(buf, 32, "%u:%u", (unsigned)(number >> 16) & 0xffff,
			 (unsigned)(number & 0xffff));
		return !*end && number <= UINT32_MAX;
	}
	return str_copy(buf, 32, word) == 0;
}

bool exabgp_ext_community(const char *word, char buf[static 64])
{
	static const struct {
		const char *theirs, *ours;
	} kinds[] = { { "target4:", "rt:" },
		      { "target:", "rt:" },
		      { "origin4:", "soo:" },
		      { "origin:", "soo:" } };
	if (str_starts(word, "0x") || str_starts(word, "0X"))
		return str_copy(buf, 64, word) == 0;
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (str_starts(word, kinds[i].theirs))
			return snprintf(buf, 64, "%s%s", kinds[i].ours,
					word + strlen(kinds[i].theirs)) < 64;
	const char *colon = strchr(word, ':');
	return colon && !strchr(colon + 1, ':') && strspn(word, "0123456789.:L") == strlen(word) &&
	       snprintf(buf, 64, "rt:%s", word) < 64;
}

struct prepends {
	const char *local_as;
	unsigned n;
	bool other;
};

static void count_as(void *context, const char *word)
{
	struct prepends *p = context;
	p->n++;
	p->other |= !str_equal(word, p->local_as);
}

int exabgp_prepends(const struct statement *s, size_t *i, const char *local_as, unsigned *ret)
{
	struct prepends p = { .local_as = local_as };
	statement_each(s, i, count_as, &p);
	if (p.other || p.n == 0)
		return -EINVAL;
	*ret = p.n - 1;
	return 0;
}

/* ---- the attributes of a route ---- */

struct taking {
	struct convert *c;
	const struct statement *s; /* with all words in one row */
	size_t at;                 /* of the next word */
	const struct exabgp_route_to *to;
	struct exabgp_route route;
	unsigned split;      /* 0: none */
	const char *refused; /* why the whole route is; NULL: it is not */
};

static const char *next_word(struct taking *t)
{
	return t->at < t->s->n_words ? t->s->words[t->at++] : "";
}

static void lost(struct taking *t, const char *what, const char *why)
{
	convert_lost(t->c, t->s->at, what, "%s", why);
}

static void carry_community(void *context, const char *word)
{
	struct taking *t = context;
	char text[32];
	if (exabgp_community(word, text))
		convert_append(t->route.attributes, "bgp_communities", text);
	else
		lost(t, word, "not a community");
}

static void carry_ext_community(void *context, const char *word)
{
	struct taking *t = context;
	char text[64];
	if (exabgp_ext_community(word, text))
		convert_append(t->route.attributes, "bgp_ext_communities", text);
	else
		lost(t, word, "only target, origin and octets are extended communities here");
}

static void carry_large_community(void *context, const char *word)
{
	struct taking *t = context;
	convert_append(t->route.attributes, "bgp_large_communities", word);
}

static void carry_next_hop(struct taking *t)
{
	const char *word = next_word(t), *local = convert_get(t->to->object, "local_ip");
	if (!*local)
		local = convert_get(t->to->object, "local_ip6");
	if (str_equal(word, "self") || str_equal(word, local))
		return;
	if (addr_parse(word, &t->route.next_hop) < 0)
		t->refused = "its next hop is not an address";
}

static void carry_number(struct taking *t, const char *key)
{
	uint64_t number;
	const char *word = next_word(t);
	if (str_to_u64(word, UINT32_MAX, &number) == 0)
		convert_set_number(t->route.attributes, key, number);
	else
		lost(t, word, "not a number");
}

/* ExaBGP sends the path as it stands, without adding the own AS. */
static void carry_as_path(struct taking *t)
{
	unsigned n;
	if (exabgp_prepends(t->s, &t->at, t->to->local_as, &n) < 0 || t->to->internal)
		t->refused = "its as-path has other AS numbers than local-as: only processes: can "
			     "send such a path";
	else if (n > 0)
		convert_set_number(t->route.attributes, "prepend", n);
}

static void carry_split(struct taking *t)
{
	uint64_t len;
	const char *word = next_word(t);
	if (*word == '/' && str_to_u64(word + 1, 128, &len) == 0)
		t->split = (unsigned)len;
	else
		lost(t, "split", "expected a prefix length like /24");
}

static void carry_word(void *context, const char *word)
{
	(void)context;
	(void)word;
}

/* Attributes that the agent does not send: the route goes without them. */
static void drop(struct taking *t, const char *name)
{
	if (!str_equal(name, "atomic-aggregate"))
		statement_each(t->s, &t->at, carry_word, NULL);
	lost(t, name, "vipherald sends no such attribute, the route goes without it");
}

static void carry_origin(struct taking *t)
{
	free(t->route.origin);
	t->route.origin = mem_strdup(next_word(t));
	for (char *p = t->route.origin; *p; p++)
		*p = (char)(*p >= 'A' && *p <= 'Z' ? *p + 32 : *p);
}

static void carry_name(struct taking *t)
{
	convert_set(t->route.attributes, "name", next_word(t));
}

/* The route is not an announcement of an agent. */
static void refuse(struct taking *t, const char *name)
{
	bool order = str_equal(name, "watchdog") || str_equal(name, "withdraw");
	if (!str_equal(name, "withdraw"))
		statement_each(t->s, &t->at, carry_word, NULL);
	t->refused = order ? "it is announced at the order of a program (watchdog, withdraw): give "
			     "an app a file: monitor instead"
			   : "it is a route of a VPN or with labels, vipherald announces unicast "
			     "routes only";
}

static bool is_refused(const char *name)
{
	static const char *const names[] = { "watchdog", "withdraw", "label", "rd",
					     "route-distinguisher" };
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (str_equal(name, names[i]))
			return true;
	return false;
}

static void carry_attribute(struct taking *t, const char *name)
{
	if (str_equal(name, "next-hop"))
		carry_next_hop(t);
	else if (str_equal(name, "med"))
		carry_number(t, "med");
	else if (str_equal(name, "local-preference"))
		carry_number(t, "local_pref");
	else if (str_equal(name, "origin"))
		carry_origin(t);
	else if (str_equal(name, "as-path"))
		carry_as_path(t);
	else if (str_equal(name, "community"))
		statement_each(t->s, &t->at, carry_community, t);
	else if (str_equal(name, "extended-community"))
		statement_each(t->s, &t->at, carry_ext_community, t);
	else if (str_equal(name, "large-community"))
		statement_each(t->s, &t->at, carry_large_community, t);
	else if (str_equal(name, "split"))
		carry_split(t);
	else if (str_equal(name, "name"))
		carry_name(t);
	else if (is_refused(name))
		refuse(t, name);
	else
		drop(t, name);
}

/* ---- the list ---- */

static char *key_of(const struct exabgp_route *r)
{
	char prefix[PREFIX_TEXT_MAX], next_hop[ADDR_TEXT_MAX], *key = NULL;
	size_t len = 0;
	char *attributes = json_dumps(r->attributes, JSON_SORT_KEYS);
	FILE *out = open_memstream(&key, &len);
	if (!out || !attributes)
		abort(); /* as lib/mem.h, which says why */
	fprintf(out, "%s %s %s %s", prefix_format(&r->prefix, prefix),
		addr_format(&r->next_hop, next_hop), r->origin ? r->origin : "igp", attributes);
	fclose(out);
	free(attributes);
	return key;
}

static void add_peer(struct exabgp_route *r, size_t peer)
{
	if (r->n_peers > 0 && r->peers[r->n_peers - 1] == peer)
		return;
	r->peers = mem_grow(r->peers, &r->cap_peers, r->n_peers + 1, sizeof(*r->peers));
	r->peers[r->n_peers++] = peer;
}

static void add_route(struct exabgp_routes *routes, const struct taking *t, struct prefix prefix)
{
	struct exabgp_route r = t->route;
	r.prefix = prefix;
	char *key = key_of(&r);
	if (!routes->index)
		routes->index = json_object();
	json_t *known = json_object_get(routes->index, key);
	if (!known) {
		known = json_integer((json_int_t)routes->n);
		json_object_set_new(routes->index, key, known);
		json_incref(r.attributes);
		r.origin = r.origin ? mem_strdup(r.origin) : NULL;
		routes->items = mem_grow(routes->items, &routes->cap, routes->n + 1,
					 sizeof(*routes->items));
		routes->items[routes->n++] = r;
	}
	add_peer(&routes->items[json_integer_value(known)], t->to->peer);
	free(key);
}

/* The prefix behind `p` of the same length; false: it was the last one. */
static bool next_prefix(struct prefix *p)
{
	for (unsigned bit = p->len; bit > 0; bit--) {
		uint8_t mask = (uint8_t)(0x80 >> ((bit - 1) % 8));
		uint8_t *octet = &p->addr.bytes[(bit - 1) / 8];
		*octet ^= mask;
		if (*octet & mask)
			return true;
	}
	return false;
}

static void add_prefix(struct exabgp_routes *routes, struct taking *t, const char *text)
{
	struct prefix p;
	bool host_bits;
	if (convert_prefix(text, &p, &host_bits) < 0) {
		lost(t, text, "not a prefix");
		return;
	}
	unsigned longer = t->split > p.len ? t->split - p.len : 0;
	if (longer > 10 || t->split > 8 * addr_size(p.addr.family)) {
		convert_lost(t->c, t->s->at, text, "split makes more than %d routes of it, or none",
			     SPLIT_MAX);
		return;
	}
	p.len = (uint8_t)(p.len + longer);
	for (unsigned i = 0; i < 1U << longer; i++) {
		add_route(routes, t, p);
		next_prefix(&p);
	}
}

/* One statement with the words of all of them. */
static void flatten(const struct statement *s, struct statement *flat)
{
	for (size_t i = 0; i < s->n_words; i++) {
		flat->words = mem_grow(flat->words, &flat->cap_words, flat->n_words + 1,
				       sizeof(*flat->words));
		flat->words[flat->n_words++] = s->words[i];
	}
	for (const struct statement *in = s->first; in; in = in->next)
		flatten(in, flat); /* NOLINT(misc-no-recursion): STATEMENTS_DEPTH_MAX */
}

static void carry_prefixes(struct exabgp_routes *routes, struct taking *t, size_t first)
{
	if (t->refused)
		statement_lost(t->c, t->s, t->refused);
	else if (first == 1)
		add_prefix(routes, t, statement_word(t->s, 1));
	for (size_t i = first; !t->refused && first > 1 && i < t->s->n_words; i++)
		add_prefix(routes, t, t->s->words[i]);
}

void exabgp_routes_carry(struct convert *c, struct exabgp_routes *routes, const struct statement *s,
			 const struct exabgp_route_to *to)
{
	struct statement flat = { .at = s->at };
	struct taking t = { .c = c, .s = &flat, .to = to };
	bool attributes = statement_is(s, "attributes");
	flatten(s, &flat);
	t.route = (struct exabgp_route){ .attributes = json_object(), .at = s->at };
	t.at = attributes ? 1 : 2;
	size_t first = 1;
	while (t.at < flat.n_words && first == 1) {
		const char *name = next_word(&t);
		if (attributes && str_equal(name, "nlri"))
			first = t.at;
		else
			carry_attribute(&t, name);
	}
	carry_prefixes(routes, &t, attributes && first == 1 ? flat.n_words : first);
	json_decref(t.route.attributes);
	free(t.route.origin);
	free(flat.words);
}

/* ---- what holds for all routes, and for all of a peer ---- */

static const char *origin_of(const struct exabgp_route *r)
{
	return r->origin ? r->origin : "igp";
}

/* The one of most routes; the others go with it. */
static void set_origin(struct convert *c, const struct exabgp_routes *routes)
{
	static const char *const origins[] = { "igp", "egp", "incomplete" };
	size_t n[ARRAY_SIZE(origins)] = { 0 }, most = 0;
	for (size_t i = 0; i < routes->n; i++)
		for (size_t j = 0; j < ARRAY_SIZE(origins); j++)
			n[j] += str_equal(origin_of(&routes->items[i]), origins[j]);
	for (size_t j = 1; j < ARRAY_SIZE(origins); j++)
		most = n[j] > n[most] ? j : most;
	if (most > 0)
		convert_set(convert_section(c, "bgp"), "origin", origins[most]);
	for (size_t i = 0; i < routes->n; i++)
		if (!str_equal(origin_of(&routes->items[i]), origins[most]))
			convert_lost(c, routes->items[i].at, "origin",
				     "'%s': all routes have one origin, that of most of them is %s",
				     origin_of(&routes->items[i]), origins[most]);
}

static bool goes_to(const struct exabgp_route *r, size_t peer)
{
	for (size_t i = 0; i < r->n_peers; i++)
		if (r->peers[i] == peer)
			return true;
	return false;
}

/* Of the routes of a family to a peer: the next hop of the first one. */
static const struct addr *first_next_hop(const struct exabgp_routes *routes, size_t peer,
					 uint8_t family)
{
	for (size_t i = 0; i < routes->n; i++)
		if (routes->items[i].prefix.addr.family == family &&
		    goes_to(&routes->items[i], peer))
			return &routes->items[i].next_hop;
	return NULL;
}

static void drop_peer(struct exabgp_route *r, size_t peer)
{
	size_t n = 0;
	for (size_t i = 0; i < r->n_peers; i++)
		if (r->peers[i] != peer)
			r->peers[n++] = r->peers[i];
	r->n_peers = n;
}

static void set_next_hop(struct convert *c, struct exabgp_routes *routes, size_t peer,
			 uint8_t family)
{
	char text[ADDR_TEXT_MAX], prefix[PREFIX_TEXT_MAX];
	json_t *object = convert_item(c, "peers", peer);
	const struct addr *first = first_next_hop(routes, peer, family);
	if (!first)
		return;
	const struct addr next_hop = *first;
	if (addr_is_set(&next_hop))
		convert_set(object, family == AF_INET ? "next_hop" : "next_hop6",
			    addr_format(&next_hop, text));
	for (size_t i = 0; i < routes->n; i++) {
		struct exabgp_route *r = &routes->items[i];
		if (r->prefix.addr.family != family || !goes_to(r, peer) ||
		    addr_equal(&r->next_hop, &next_hop))
			continue;
		drop_peer(r, peer);
		convert_lost(
			c, r->at, prefix_format(&r->prefix, prefix),
			"next-hop %s: all routes of a family to a peer have one next hop, that "
			"to %s is %s: only processes: can send another",
			addr_is_set(&r->next_hop) ? addr_format(&r->next_hop, text) : "self",
			convert_get(object, "peer_ip"),
			*convert_get(object, family == AF_INET ? "next_hop" : "next_hop6")
				? convert_get(object, family == AF_INET ? "next_hop" : "next_hop6")
				: "self");
	}
}

/* ---- apps ---- */

static json_t *peers_of(struct convert *c, const struct exabgp_route *r, size_t n_peers)
{
	json_t *list = json_array();
	for (size_t i = 0; r->n_peers < n_peers && i < r->n_peers; i++)
		json_array_append_new(
			list,
			json_string(convert_get(convert_item(c, "peers", r->peers[i]), "peer_ip")));
	return list;
}

static json_t *new_app(struct convert *c, const struct exabgp_route *r, json_t *peers)
{
	char name[129];
	const char *given = convert_get(r->attributes, "name");
	json_t *app = convert_add(c, "apps", r->at), *attributes = json_copy(r->attributes);
	json_object_del(attributes, "name");
	convert_set(app, "name", convert_app_name(c, *given ? given : "static", name));
	json_object_set_new(app, "vip", json_array());
	convert_set(app, "bind", "none");
	if (json_object_size(attributes) > 0)
		json_object_set(app, "vip_config", attributes);
	if (json_array_size(peers) > 0)
		json_object_set(app, "peers", peers);
	json_decref(attributes);
	return app;
}

/* `apps`: what the routes of an app have in common -> the app. */
static void put_into_app(struct convert *c, const struct exabgp_route *r, size_t n_peers,
			 json_t *apps)
{
	char prefix[PREFIX_TEXT_MAX];
	json_t *peers = peers_of(c, r, n_peers);
	json_t *common = json_pack("[O, O]", r->attributes, peers);
	char *key = json_dumps(common, JSON_SORT_KEYS);
	json_t *app = json_object_get(apps, key);
	if (!app || json_array_size(json_object_get(app, "vip")) >= VIPS_MAX) {
		app = new_app(c, r, peers);
		json_object_set(apps, key, app);
	}
	json_t *vip = json_string(prefix_format(&r->prefix, prefix));
	json_array_append_new(json_object_get(app, "vip"), vip);
	convert_place(c, vip, NULL, r->at);
	free(key);
	json_decref(common);
	json_decref(peers);
}

void exabgp_routes_finish(struct convert *c, struct exabgp_routes *routes)
{
	size_t n_peers = 0;
	json_t *apps = json_object();
	while (convert_item(c, "peers", n_peers))
		n_peers++;
	set_origin(c, routes);
	for (size_t i = 0; i < n_peers; i++) {
		set_next_hop(c, routes, i, AF_INET);
		set_next_hop(c, routes, i, AF_INET6);
	}
	for (size_t i = 0; i < routes->n; i++)
		if (routes->items[i].n_peers > 0)
			put_into_app(c, &routes->items[i], n_peers, apps);
	json_decref(apps);
}

void exabgp_routes_done(struct exabgp_routes *routes)
{
	for (size_t i = 0; i < routes->n; i++) {
		json_decref(routes->items[i].attributes);
		free(routes->items[i].origin);
		free(routes->items[i].peers);
	}
	free(routes->items);
	json_decref(routes->index);
	*routes = (struct exabgp_routes){ 0 };
}
