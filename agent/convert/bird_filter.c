/* SPDX-License-Identifier: MIT */
#include "agent/convert/bird_filter.h"

#include <string.h>

#include "lib/array.h"
#include "lib/str.h"

/* Calls of functions in functions. */
#define NESTED_MAX 8

struct taking {
	const struct bird *b;
	json_t *peer;
	unsigned depth;
	bool conditional; /* not for all routes that are announced */
};

/* ---- what is done to an attribute ---- */

/* "( ( 65000 , 100 ) )" as "65000:100" */
static bool numbers(const struct statement *s, size_t i, const char *front, char buf[static 64])
{
	struct strbuf sb = strbuf_over(buf, 64);
	bool any = false;
	strbuf_add(&sb, "%s", front);
	for (; i < s->n_words; i++) {
		const char *word = s->words[i];
		uint64_t number;
		if (strchr("(),", *word))
			continue;
		if (str_to_u64(word, UINT32_MAX, &number) < 0)
			return false;
		strbuf_add(&sb, "%s%s", any ? ":" : "", word);
		any = true;
	}
	return any;
}

static bool add_ext(const struct statement *s, size_t i, json_t *peer)
{
	char text[64];
	while (i < s->n_words && strchr("(,", *s->words[i]))
		i++;
	const char *kind = statement_word(s, i), *front = str_equal(kind, "rt")   ? "rt:"
							  : str_equal(kind, "ro") ? "soo:"
										  : NULL;
	if (!front || !numbers(s, i + 1, front, text))
		return false;
	convert_append(peer, "ext_communities", text);
	return true;
}

static bool prepend(json_t *peer)
{
	json_int_t n = json_integer_value(json_object_get(peer, "prepend"));
	convert_set_number(peer, "prepend", (uint64_t)n + 1);
	return true;
}

static bool set_number(const struct statement *s, size_t i, json_t *peer, const char *key)
{
	uint64_t number;
	if (!str_equal(statement_word(s, i + 1), "=") ||
	    str_to_u64(statement_word(s, i + 2), UINT32_MAX, &number) < 0)
		return false;
	convert_set_number(peer, key, number);
	return true;
}

/* False: it cannot be said here. */
static bool carry_action(const struct statement *s, size_t i, json_t *peer)
{
	char text[64];
	const char *word = s->words[i];
	if (str_equal(word, "bgp_community.add") && numbers(s, i + 1, "", text)) {
		convert_append(peer, "communities", text);
		return true;
	}
	if (str_equal(word, "bgp_large_community.add") && numbers(s, i + 1, "", text)) {
		convert_append(peer, "large_communities", text);
		return true;
	}
	if (str_equal(word, "bgp_ext_community.add"))
		return add_ext(s, i + 1, peer);
	if (str_equal(word, "bgp_path.prepend"))
		return prepend(peer);
	if (str_equal(word, "bgp_med"))
		return set_number(s, i, peer, "med");
	return str_equal(word, "bgp_local_pref") && set_number(s, i, peer, "local_pref");
}

/* ---- statements ---- */

static bool is_list(const struct taking *t, const char *word)
{
	for (size_t i = 0; i < ARRAY_SIZE(t->b->lists); i++)
		if (t->b->lists[i] && *word && str_equal(word, t->b->lists[i]))
			return true;
	return false;
}

/* "if net ~ ACAST_PS_ADVERTISE then" is true of all that is announced. */
static bool holds(const struct taking *t, const struct statement *s)
{
	for (size_t i = 1; i < s->n_words; i++)
		if (str_equal(s->words[i], "~") && is_list(t, statement_word(s, i + 1)))
			return true;
	return false;
}

/* The first word of a statement that sets an attribute, behind the condition. */
static size_t find_action(const struct statement *s)
{
	bool condition = statement_is(s, "if") || statement_is(s, "case");
	for (size_t i = 0; i < s->n_words; i++) {
		if (!condition && str_starts(s->words[i], "bgp_") &&
		    !str_equal(statement_word(s, i + 1), "~"))
			return i;
		condition &= !str_equal(s->words[i], "then");
	}
	return s->n_words;
}

static void carry_body(struct taking *t, const struct statement *body);

/* NOLINTBEGIN(misc-no-recursion): NESTED_MAX and STATEMENTS_DEPTH_MAX */
static void carry_call(struct taking *t, const struct statement *s)
{
	for (size_t i = 0; i + 1 < s->n_words; i++) {
		const struct statement *called =
			str_equal(s->words[i + 1], "(") ? bird_definition(t->b, s->words[i]) : NULL;
		if (!called || t->depth >= NESTED_MAX)
			continue;
		t->depth++;
		carry_body(t, called);
		t->depth--;
	}
}

static void carry_statement(struct taking *t, const struct statement *s)
{
	bool before = t->conditional;
	bool branch = statement_is(s, "if") || statement_is(s, "else") || statement_is(s, "case");
	t->conditional |= branch && !holds(t, s);
	size_t action = find_action(s);
	if (action < s->n_words && (t->conditional || !carry_action(s, action, t->peer)))
		statement_lost(
			t->b->c, s,
			"attributes are those of bgp, of a peer and of an app: communities, med, "
			"prepend, local_pref");
	carry_call(t, s);
	carry_body(t, s);
	t->conditional = before;
}

static void carry_body(struct taking *t, const struct statement *body)
{
	for (const struct statement *s = body->first; s; s = s->next)
		carry_statement(t, s);
}
/* NOLINTEND(misc-no-recursion) */

void bird_filter_carry(const struct bird *b, const struct statement *body, json_t *peer)
{
	struct taking t = { .b = b, .peer = peer };
	carry_call(&t, body);
	carry_body(&t, body);
}
