/* SPDX-License-Identifier: MIT */
#include "agent/convert/bird.h"

#include <assert.h>
#include <string.h>

#include "agent/convert/bird_bfd.h"
#include "agent/convert/bird_filter.h"
#include "agent/convert/bird_rest.h"
#include "lib/addr.h"
#include "lib/array.h"
#include "lib/str.h"

#define LAYERS_MAX 8
#define FORMS_MAX  64

#define RECEIVED "received routes are counted and dropped"
#define OFFERED  "this capability is always offered"
#define BACKOFF  "after an error connect_retry and connect_retry_max say when to try again"

struct taking {
	const struct bird *b;
	json_t *peer;
	const char *family; /* of the channel; "": outside of one */
	bool disabled, direct, ranged, has_ipv4, has_ipv6;
	const char *done[FORMS_MAX]; /* that count once, the first of them: the protocol's own */
	size_t n_done;
	json_t *exported; /* attributes that the last channel sets; NULL: none before */
};

/* ---- words ---- */

/* The one behind `word`; "" for none. */
static const char *behind(const struct taking *t, const struct statement *s, const char *word)
{
	for (size_t i = 0; i + 1 < s->n_words; i++)
		if (str_equal(s->words[i], word))
			return bird_value(t->b, s->words[i + 1]);
	return "";
}

static const char *last_word(const struct taking *t, const struct statement *s)
{
	return bird_last(t->b, s);
}

static bool is_on(const struct taking *t, const struct statement *s)
{
	return bird_is_on(t->b, s);
}

static bool is_address(const char *word, uint8_t *ret_family)
{
	struct addr a;
	char text[ADDR_TEXT_MAX];
	size_t n = strcspn(word, "%");
	if (n >= sizeof(text))
		return false;
	memcpy(text, word, n);
	text[n] = 0;
	if (addr_parse(text, &a) < 0)
		return false;
	*ret_family = a.family;
	return true;
}

/* ---- statements of a session ---- */

static void set_as(json_t *peer, const char *key, const char *word)
{
	uint64_t as;
	if (str_to_u64(word, UINT32_MAX, &as) == 0)
		convert_set_number(peer, key, as);
	else if (*word)
		convert_set(peer, key, word);
}

static bool set_local_address(json_t *peer, const char *word)
{
	uint8_t family;
	if (!is_address(word, &family))
		return false;
	convert_set(peer, family == AF_INET ? "local_ip" : "local_ip6", word);
	return true;
}

static void carry_local(struct taking *t, const struct statement *s)
{
	set_local_address(t->peer, bird_value(t->b, statement_word(s, 1)));
	set_as(t->peer, "local_as", behind(t, s, "as"));
	if (*behind(t, s, "port"))
		statement_lost(t->b->c, s, "the port of this side is bgp.listen");
}

static void carry_neighbor(struct taking *t, const struct statement *s)
{
	uint64_t number;
	uint8_t family;
	const char *address = bird_value(t->b, statement_word(s, 1)), *last = last_word(t, s);
	const char *port = behind(t, s, "port");
	if (is_address(address, &family))
		convert_set(t->peer, "peer_ip", address);
	t->ranged |= str_equal(address, "range");
	if (str_equal(address, "range"))
		statement_lost(t->b->c, s, "each peer has an address of its own, or an interface");
	if (str_equal(last, "external") || str_equal(last, "internal"))
		convert_set(t->peer, "peer_as", last);
	else
		set_as(t->peer, "peer_as", behind(t, s, "as"));
	if (str_to_u64(port, 65535, &number) == 0)
		convert_set_number(t->peer, "port", number);
	else if (*port)
		statement_lost(t->b->c, s, "not a port");
}

static void carry_source(struct taking *t, const struct statement *s)
{
	if (!set_local_address(t->peer, last_word(t, s)))
		statement_lost(t->b->c, s, "not an address");
}

static void carry_multihop(struct taking *t, const struct statement *s)
{
	uint64_t ttl;
	if (s->n_words == 1)
		convert_set_true(t->peer, "multi_hop");
	else if (str_to_u64(last_word(t, s), 255, &ttl) == 0)
		convert_set_number(t->peer, "multihop_ttl", ttl);
	else
		statement_lost(t->b->c, s, "not a number of hops");
}

static void carry_seconds(struct taking *t, const struct statement *s)
{
	static const struct {
		const char *word, *key;
	} times[] = { { "hold", "hold_time" },
		      { "keepalive", "keepalive" },
		      { "connect", "connect_retry" },
		      { "graceful", "restart_time" },
		      { "long", "long_lived_restart_time" } };
	uint64_t seconds;
	for (size_t i = 0; i < ARRAY_SIZE(times); i++) {
		if (!statement_is(s, times[i].word))
			continue;
		if (str_to_u64(last_word(t, s), UINT32_MAX, &seconds) == 0)
			convert_set_seconds(t->peer, times[i].key, seconds);
		else
			statement_lost(t->b->c, s, "not a number of seconds");
	}
}

static void carry_graceful(struct taking *t, const struct statement *s)
{
	if (!str_equal(last_word(t, s), "aware") && is_on(t, s))
		convert_set_true(t->peer, "graceful_restart");
}

static void carry_text(struct taking *t, const struct statement *s)
{
	convert_set(t->peer, statement_word(s, 0), last_word(t, s));
}

static void carry_switch(struct taking *t, const struct statement *s)
{
	if (!is_on(t, s))
		return;
	convert_set_true(t->peer, statement_is(s, "ttl") ? "ttl_security" : statement_word(s, 0));
	if (statement_is(s, "passive"))
		convert_set_true(convert_section(t->b->c, "bgp"), "listen");
}

static void carry_bfd(struct taking *t, const struct statement *s)
{
	if (!is_on(t, s))
		return;
	convert_set_true(t->peer, "bfd");
	if (s->is_block)
		bird_bfd_options(t->b, s, t->peer);
	else if (str_equal(last_word(t, s), "graceful"))
		statement_lost(t->b->c, s,
			       "the session ends when BFD is down, as without graceful");
}

static void carry_disabled(struct taking *t, const struct statement *s)
{
	t->disabled = is_on(t, s);
}

static void carry_role(struct taking *t, const struct statement *s)
{
	char text[32];
	snprintf(text, sizeof(text), "%s", last_word(t, s));
	for (char *p = text; *p; p++)
		if (*p == '_')
			*p = '-';
	convert_set(t->peer, "role", text);
}

static void carry_interface(struct taking *t, const struct statement *s)
{
	char text[128];
	const char *address = convert_get(t->peer, "peer_ip");
	if (str_starts(address, "fe80") && !strchr(address, '%')) {
		snprintf(text, sizeof(text), "%s%%%s", address, last_word(t, s));
		convert_set(t->peer, "peer_ip", text);
	}
}

static void carry_local_pref(struct taking *t, const struct statement *s)
{
	uint64_t number;
	if (str_to_u64(last_word(t, s), UINT32_MAX, &number) == 0)
		convert_set_number(t->peer, "local_pref", number);
	else
		statement_lost(t->b->c, s, "not a number");
}

static void carry_next_hop(struct taking *t, const struct statement *s)
{
	uint8_t family;
	const char *word = last_word(t, s);
	if (str_equal(word, "self") || str_equal(word, "ebgp") || str_equal(word, "ibgp"))
		return;
	if (is_address(word, &family))
		convert_set(t->peer, family == AF_INET ? "next_hop" : "next_hop6", word);
	else
		statement_lost(t->b->c, s, "the next hop is that of the session, or next_hop");
}

/* The attributes of a peer are those of both families. */
static void add_exported(struct taking *t, const struct statement *s, json_t *attributes)
{
	if (t->exported && !json_equal(t->exported, attributes))
		statement_lost(
			t->b->c, s,
			"the other family sets other attributes, those of a peer are for both");
	else
		json_object_update(t->peer, attributes);
	json_decref(t->exported);
	t->exported = json_incref(attributes);
}

static void carry_export(struct taking *t, const struct statement *s)
{
	const struct statement *named = NULL;
	for (size_t i = 1; i < s->n_words; i++)
		if (!named && (str_equal(statement_word(s, i - 1), "filter") || i == 1))
			named = bird_definition(t->b, s->words[i]);
	json_t *attributes = json_object();
	bird_filter_carry(t->b, s, attributes);
	if (named)
		bird_filter_carry(t->b, named, attributes);
	add_exported(t, s, attributes);
	json_decref(attributes);
}

static void carry_router_id(struct taking *t, const struct statement *s)
{
	json_t *bgp = convert_section(t->b->c, "bgp");
	const char *before = convert_get(bgp, "router_id"), *word = last_word(t, s);
	if (*before && !str_equal(before, word)) {
		statement_lost(t->b->c, s, "all sessions have one router ID");
		return;
	}
	convert_set(bgp, "router_id", word);
	convert_place(t->b->c, bgp, "router_id", s->at);
}

static void carry_import(struct taking *t, const struct statement *s)
{
	if (s->n_words != 2 || !str_equal(last_word(t, s), "none"))
		statement_lost(t->b->c, s, RECEIVED);
}

static void carry_table(struct taking *t, const struct statement *s)
{
	if (!str_starts(last_word(t, s), "master"))
		statement_lost(t->b->c, s,
			       "there are no routing tables, an app says which peers it is for");
}

static void carry_direct(struct taking *t, const struct statement *s)
{
	(void)s;
	t->direct = true;
}

static void carry_nothing(struct taking *t, const struct statement *s)
{
	(void)t;
	(void)s;
}

static void drop(struct taking *t, const struct statement *s);
static void drop_if_on(struct taking *t, const struct statement *s);
static void drop_if_off(struct taking *t, const struct statement *s);

static const struct form {
	const char *words; /* it begins with */
	void (*carry)(struct taking *t, const struct statement *s);
	const char *why; /* it is dropped */
} forms[] = {
	{ "local role", carry_role, NULL },
	{ "source address", carry_source, NULL },
	{ "multihop", carry_multihop, NULL },
	{ "direct", carry_direct, NULL },
	{ "hold time", carry_seconds, NULL },
	{ "keepalive time", carry_seconds, NULL },
	{ "connect retry time", carry_seconds, NULL },
	{ "graceful restart time", carry_seconds, NULL },
	{ "graceful restart", carry_graceful, NULL },
	{ "long lived stale time", carry_seconds, NULL },
	{ "password", carry_text, NULL },
	{ "description", carry_text, NULL },
	{ "passive", carry_switch, NULL },
	{ "ttl security", carry_switch, NULL },
	{ "bfd", carry_bfd, NULL },
	{ "disabled", carry_disabled, NULL },
	{ "interface", carry_interface, NULL },
	{ "default bgp_local_pref", carry_local_pref, NULL },
	{ "default bgp_med", drop, RECEIVED },
	{ "next hop", carry_next_hop, NULL },
	{ "router id", carry_router_id, NULL },
	{ "export limit", drop, "all routes of the apps are sent" },
	{ "export table", carry_nothing, NULL },
	{ "export", carry_export, NULL },
	{ "import", carry_import, NULL },
	{ "preference", drop, RECEIVED },
	{ "table", carry_table, NULL },
	{ "debug", drop_if_on, "what is logged is agent.log.level" },
	{ "mrtdump", drop_if_on, "no dumps are written" },
	{ "connect delay time", drop, "the first attempt to connect is made at once" },
	{ "startup hold time", drop, "OPEN is awaited for 30 s" },
	{ "error wait time", drop, BACKOFF },
	{ "error forget time", drop, BACKOFF },
	{ "enable route refresh", drop_if_off, OFFERED },
	{ "enable as4", drop_if_off, OFFERED },
	{ "enable extended messages", drop_if_off, OFFERED },
	{ "interpret communities", carry_nothing, NULL },
	{ "check link", carry_nothing, NULL },
	{ "strict bind", drop_if_on, "the address that is listened on is bgp.listen" },
	{ "advertise ipv4", drop_if_off, "every family is offered as a capability" },
	{ "capabilities", drop_if_off, "capabilities are always offered" },
	{ "path metric", drop, RECEIVED },
	{ "med metric", drop, RECEIVED },
	{ "deterministic med", drop, RECEIVED },
	{ "gateway", drop, RECEIVED },
	{ "missing lladdr", drop, "the next hop is that of the session, or next_hop6" },
	{ "igp table", drop, RECEIVED },
	{ "mandatory", drop_if_on, "a peer without this family has its session, too" },
	{ "extended next hop", drop_if_off, OFFERED },
	{ "receive limit", drop, RECEIVED },
	{ "route limit", drop, RECEIVED },
};

static_assert(ARRAY_SIZE(forms) <= FORMS_MAX, "each of them may be done");

static const struct form *find_form(const struct statement *s)
{
	for (size_t i = 0; i < ARRAY_SIZE(forms); i++)
		if (statement_begins(s, forms[i].words))
			return &forms[i];
	return NULL;
}

static void drop(struct taking *t, const struct statement *s)
{
	statement_lost(t->b->c, s, find_form(s)->why);
}

static void drop_if_on(struct taking *t, const struct statement *s)
{
	if (is_on(t, s))
		drop(t, s);
}

static void drop_if_off(struct taking *t, const struct statement *s)
{
	if (!is_on(t, s))
		drop(t, s);
}

static bool is_done(struct taking *t, const struct form *form)
{
	for (size_t i = 0; i < t->n_done; i++)
		if (str_equal(t->done[i], form->words))
			return true;
	t->done[t->n_done++] = form->words;
	return false;
}

static void carry_statement(struct taking *t, const struct statement *s)
{
	const struct form *form = find_form(s);
	if (!form)
		statement_lost(t->b->c, s, "not known");
	else if (*t->family || !is_done(t, form)) /* each channel has its own */
		form->carry(t, s);
}

/* ---- sessions ---- */

static bool is_channel(const struct statement *s)
{
	return statement_is(s, "ipv4") || statement_is(s, "ipv6");
}

static void carry_channel(struct taking *t, const struct statement *s)
{
	t->family = statement_word(s, 0);
	t->has_ipv4 |= str_equal(t->family, "ipv4");
	t->has_ipv6 |= str_equal(t->family, "ipv6");
	for (const struct statement *in = s->first; in; in = in->next)
		carry_statement(t, in);
	t->family = "";
}

/* The protocol, then its templates: what stands first counts. */
static size_t layers_of(const struct bird *b, const struct statement *protocol,
			const struct statement *layers[static LAYERS_MAX])
{
	size_t n = 0;
	for (const struct statement *s = protocol; s && n < LAYERS_MAX;) {
		const char *from = "";
		for (size_t i = 2; i + 1 < s->n_words; i++)
			if (str_equal(s->words[i], "from"))
				from = s->words[i + 1];
		layers[n++] = s;
		s = bird_template(b, from);
	}
	return n;
}

static bool is_internal(const json_t *peer)
{
	const json_t *as = json_object_get(peer, "peer_as");
	return str_equal(convert_get(peer, "peer_as"), "internal") ||
	       (as && json_equal(as, json_object_get(peer, "local_as")));
}

static void finish(struct taking *t)
{
	if (!json_object_get(t->peer, "hold_time"))
		convert_set_seconds(t->peer, "hold_time", 240); /* BIRD's default */
	if (t->has_ipv4 != t->has_ipv6)
		convert_append(t->peer, "families", t->has_ipv4 ? "ipv4" : "ipv6");
	/* Without `direct` it is multihop, whatever the way to the peer. */
	if (json_object_get(t->peer, "bfd") && is_internal(t->peer))
		json_object_set_new(bird_bfd_of(t->peer), "multihop", json_boolean(!t->direct));
}

/* The addresses and AS numbers are known already: several statements add up to them. */
static bool is_end(const struct statement *s)
{
	return statement_is(s, "neighbor") ||
	       (statement_is(s, "local") && !statement_begins(s, "local role"));
}

static void carry_layer(struct taking *t, const struct statement *layer)
{
	for (const struct statement *s = layer->first; s; s = s->next) {
		if (is_end(s))
			continue;
		if (is_channel(s))
			carry_channel(t, s);
		else
			carry_statement(t, s);
	}
}

static void drop_last_peer(struct convert *c)
{
	json_t *peers = json_object_get(convert_section(c, "bgp"), "peers");
	json_array_remove(peers, json_array_size(peers) - 1);
}

static void carry_session(const struct bird *b, const struct statement *protocol)
{
	const struct statement *layers[LAYERS_MAX];
	size_t n = layers_of(b, protocol, layers);
	struct taking t = { .b = b,
			    .peer = convert_add(b->c, "peers", protocol->at),
			    .family = "" };
	for (size_t i = n; i > 0; i--) /* the protocol's own ones last: they win */
		for (const struct statement *s = layers[i - 1]->first; s; s = s->next)
			if (is_end(s) && statement_is(s, "local"))
				carry_local(&t, s);
			else if (is_end(s))
				carry_neighbor(&t, s);
	for (size_t i = 0; i < n; i++)
		carry_layer(&t, layers[i]);
	finish(&t);
	json_decref(t.exported);
	if (t.disabled)
		convert_lost(b->c, protocol->at, statement_word(protocol, 2), "disabled: left out");
	else if (!*convert_get(t.peer, "peer_ip") && !t.ranged)
		statement_lost(b->c, protocol, "no address of a neighbor: left out");
	if (t.disabled || !*convert_get(t.peer, "peer_ip"))
		drop_last_peer(b->c);
}

static bool is_session(const struct statement *s)
{
	return statement_is(s, "protocol") && str_equal(statement_word(s, 1), "bgp");
}

static void hoist_as(const struct bird *b)
{
	json_t *peer, *as = json_object_get(convert_item(b->c, "peers", 0), "local_as");
	if (!as)
		return;
	json_object_set(convert_section(b->c, "bgp"), "local_as", as);
	for (size_t i = 0; (peer = convert_item(b->c, "peers", i)); i++)
		if (json_equal(json_object_get(peer, "local_as"), as))
			json_object_del(peer, "local_as");
}

void bird_carry(struct bird *b)
{
	struct taking t = { .b = b, .family = "" };
	for (size_t i = 0; i < b->n; i++)
		for (const struct statement *s = b->roots[i]->first; s; s = s->next) {
			if (is_session(s))
				carry_session(b, s);
			else if (statement_begins(s, "router id"))
				carry_router_id(&t, s);
			else
				bird_rest_carry(b, s);
		}
	bird_bfd_carry(b);
	hoist_as(b);
}
