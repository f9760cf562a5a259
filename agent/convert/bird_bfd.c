/* SPDX-License-Identifier: MIT */
#include "agent/convert/bird_bfd.h"

#include <fnmatch.h>
#include <string.h>

#include "lib/array.h"
#include "lib/str.h"

json_t *bird_bfd_of(json_t *peer)
{
	json_t *bfd = json_object_get(peer, "bfd");
	if (json_is_object(bfd))
		return bfd;
	json_object_set_new(peer, "bfd", json_object());
	return json_object_get(peer, "bfd");
}

/* ---- options ---- */

static void set_once(json_t *peer, const char *key, json_t *value)
{
	json_t *bfd = bird_bfd_of(peer);
	if (json_object_get(bfd, key))
		json_decref(value);
	else
		json_object_set_new(bfd, key, value);
}

/* "200 ms", "200ms"; seconds without a unit. */
static bool read_time(const struct bird *b, const struct statement *s, size_t first,
		      char ret[static 32])
{
	uint64_t number;
	char digits[24];
	const char *word = bird_value(b, statement_word(s, first));
	size_t n = strspn(word, "0123456789");
	const char *unit = word[n] ? word + n : statement_word(s, first + 1);
	if (n == 0 || n >= sizeof(digits))
		return false;
	memcpy(digits, word, n);
	digits[n] = 0;
	if (!*unit)
		unit = "s";
	bool known = str_equal(unit, "s") || str_equal(unit, "ms") || str_equal(unit, "us");
	if (!known || str_to_u64(digits, UINT32_MAX, &number) < 0)
		return false;
	snprintf(ret, 32, "%llu%s", (unsigned long long)number, unit);
	return true;
}

static void carry_interval(const struct bird *b, const struct statement *s, json_t *peer)
{
	static const struct {
		const char *words, *key;
	} times[] = { { "interval", "interval" },
		      { "min tx interval", "interval" },
		      { "min rx interval", "min_receive" } };
	char text[32];
	for (size_t i = 0; i < ARRAY_SIZE(times); i++) {
		if (!statement_begins(s, times[i].words))
			continue;
		if (read_time(b, s, i == 0 ? 1 : 3, text))
			set_once(peer, times[i].key, json_string(text));
		else
			statement_lost(b->c, s, "not a time");
	}
}

static void carry_multiplier(const struct bird *b, const struct statement *s, json_t *peer)
{
	uint64_t number;
	if (str_to_u64(bird_last(b, s), UINT32_MAX, &number) == 0)
		set_once(peer, "multiplier", json_integer((json_int_t)number));
	else
		statement_lost(b->c, s, "not a number");
}

static void carry_authentication(const struct bird *b, const struct statement *s, json_t *peer)
{
	const char *kind = bird_last(b, s);
	bool meticulous = str_equal(statement_word(s, 1), "meticulous");
	if (str_equal(kind, "none"))
		return;
	if (str_equal(kind, "sha1"))
		set_once(peer, "authentication",
			 json_string(meticulous ? "meticulous-sha1" : "sha1"));
	else
		statement_lost(b->c, s, "authentication is none, sha1 or meticulous-sha1");
}

static void carry_password(const struct bird *b, const struct statement *s, json_t *peer)
{
	uint64_t id;
	set_once(peer, "password", json_string(bird_value(b, statement_word(s, 1))));
	for (const struct statement *in = s->first; in; in = in->next) {
		if (statement_is(in, "id") && str_to_u64(bird_last(b, in), 255, &id) == 0)
			set_once(peer, "key_id", json_integer((json_int_t)id));
		else
			statement_lost(b->c, in, "a key has an id only, and holds at all times");
	}
}

static void carry_option(const struct bird *b, const struct statement *s, json_t *peer)
{
	if (statement_is(s, "interval") || statement_begins(s, "min tx interval") ||
	    statement_begins(s, "min rx interval"))
		carry_interval(b, s, peer);
	else if (statement_is(s, "multiplier"))
		carry_multiplier(b, s, peer);
	else if (statement_is(s, "passive"))
		set_once(peer, "passive", json_boolean(bird_is_on(b, s)));
	else if (statement_is(s, "authentication"))
		carry_authentication(b, s, peer);
	else if (statement_is(s, "password"))
		carry_password(b, s, peer);
	else if (statement_begins(s, "idle tx interval"))
		statement_lost(b->c, s,
			       "packets are sent every second while the session is not up");
	else
		statement_lost(b->c, s, "not known");
}

void bird_bfd_options(const struct bird *b, const struct statement *block, json_t *peer)
{
	for (const struct statement *s = block->first; s; s = s->next)
		carry_option(b, s, peer);
}

/* ---- protocol bfd ---- */

static bool is_multihop(const json_t *peer)
{
	const json_t *said = json_object_get(json_object_get(peer, "bfd"), "multihop");
	return said ? json_is_true(said)
		    : json_object_get(peer, "multi_hop") || json_object_get(peer, "multihop_ttl");
}

/* "eth*", "-eth9", "*": the first one that fits counts. */
static bool fits(const struct statement *s, const char *interface)
{
	for (size_t i = 1; i < s->n_words; i++) {
		const char *pattern = s->words[i];
		bool not = *pattern == '-';
		if (fnmatch(pattern + not, interface, 0) == 0)
			return !not ;
	}
	return false;
}

/* Of a link-local address; NULL: the file does not say. */
static const char *interface_of(const json_t *peer)
{
	const char *percent = strchr(convert_get(peer, "peer_ip"), '%');
	return percent ? percent + 1 : NULL;
}

static bool is_for_all(const struct statement *s)
{
	return s->n_words == 1 || (s->n_words == 2 && str_equal(s->words[1], "*"));
}

/* Options that the peer already has take precedence. */
static void add_options(const struct bird *b, const struct statement *block, json_t **said,
			json_t *peer)
{
	if (!*said) {
		*said = json_object();
		bird_bfd_options(b, block, *said);
	}
	if (json_object_size(json_object_get(*said, "bfd")) > 0)
		json_object_update_missing(bird_bfd_of(peer), json_object_get(*said, "bfd"));
}

/* A block for interfaces of which we do not know which peers are behind them is not guessed at. */
static void carry_block(const struct bird *b, const struct statement *s)
{
	json_t *peer, *said = NULL; /* as a peer, read once */
	bool multihop = statement_is(s, "multihop"), unclear = false;
	for (size_t i = 0; (peer = convert_item(b->c, "peers", i)); i++) {
		const char *interface = interface_of(peer);
		if (!json_object_get(peer, "bfd") || is_multihop(peer) != multihop)
			continue;
		if (multihop || is_for_all(s) || (interface && fits(s, interface)))
			add_options(b, s, &said, peer);
		else
			unclear |= !interface;
	}
	json_decref(said);
	if (unclear)
		statement_lost(b->c, s,
			       "the file does not say which peers are on this interface: give them "
			       "the keys of bgp.peers[].bfd");
}

static void carry_protocol(const struct bird *b, const struct statement *protocol)
{
	for (const struct statement *s = protocol->first; s; s = s->next)
		if (statement_is(s, "disabled") && bird_is_on(b, s))
			return;
	for (const struct statement *s = protocol->first; s; s = s->next) {
		if (statement_is(s, "interface") || statement_is(s, "multihop"))
			carry_block(b, s);
		else if (statement_is(s, "neighbor"))
			statement_lost(b->c, s, "BFD is that of a peer, bgp.peers[].bfd");
		else if (!statement_is(s, "disabled"))
			statement_lost(b->c, s, "sessions of BFD are those of the peers with bfd");
	}
}

void bird_bfd_carry(const struct bird *b)
{
	for (size_t i = 0; i < b->n; i++)
		for (const struct statement *s = b->roots[i]->first; s; s = s->next)
			if (statement_begins(s, "protocol bfd"))
				carry_protocol(b, s);
}
