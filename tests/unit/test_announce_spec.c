/* SPDX-License-Identifier: MIT */
/* Which attributes a route has in which form, and communities as text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/model/announce_spec.h"
#include "agent/model/community.h"
#include "lib/array.h"
#include "lib/str.h"

#define GIVEN(n)                                                                                   \
	{                                                                                          \
		true, (n)                                                                          \
	}

static uint32_t c_app[] = { 1 }, c_up[] = { 2, 1 }, c_down[] = { 3 }, c_drain[] = { 4, 2 };
static struct bgp_ext_community e_always[] = { { 0, 1 } }, e_up[] = { { 0, 2 } };
static struct bgp_large_community l_down[] = { { 0, 0, 3 } }, l_drain[] = { { 0, 0, 4 } };

static const struct bgp_communities of_app = { c_app, 1 };

static const struct announce_specs full = {
	.ext_communities = { e_always, 1 },
	.of = { { .announce = true,
		  .med = GIVEN(10),
		  .prepends = GIVEN(1),
		  .communities = { c_up, 2 },
		  .ext_communities = { e_up, 1 } },
		{ .announce = true,
		  .med = GIVEN(1000),
		  .local_pref = GIVEN(50),
		  .communities = { c_down, 1 },
		  .large_communities = { l_down, 1 } },
		{ .announce = true,
		  .prepends = GIVEN(5),
		  .communities = { c_drain, 2 },
		  .large_communities = { l_drain, 1 } } },
};
/* `down` says nothing: kept is as a drain that says nothing. */
static const struct announce_specs plain = {
	.of = { { .announce = true, .med = GIVEN(10), .communities = { c_up, 2 } },
		{ 0 },
		{ .announce = true, .med = GIVEN(99), .local_pref = GIVEN(7) } },
};

static const struct form_case {
	const char *name;
	const struct announce_specs *specs;
	enum route_form form;
	const char *want; /* med/local_pref/prepends standard;extended;large, "g" is 65535:0 */
} form_cases[] = {
	{ "defaults, up", NULL, ROUTE_UP, "-/-/0 1;;" },
	{ "defaults, down", NULL, ROUTE_DOWN, "-/-/0 1;;" },
	{ "defaults, drain", NULL, ROUTE_DRAIN, "-/0/0 g 1;;" },
	{ "defaults, kept", NULL, ROUTE_KEPT, "-/0/0 g 1;;" },
	{ "full, up", &full, ROUTE_UP, "10/-/1 1 2;1 2;" },
	{ "full, down: what it leaves open is as in up", &full, ROUTE_DOWN, "1000/50/1 1 3;1;3" },
	{ "full, kept: as down", &full, ROUTE_KEPT, "1000/50/1 1 3;1;3" },
	{ "full, drain: the communities of up too", &full, ROUTE_DRAIN, "10/0/5 g 1 2 4;1 2;4" },
	{ "defaults, join: as a drain", NULL, ROUTE_JOIN, "-/0/0 g 1;;" },
	{ "plain, join: as up, with what a drain adds", &plain, ROUTE_JOIN, "10/0/0 g 1 2;;" },
	{ "plain, down", &plain, ROUTE_DOWN, "10/-/0 1;;" },
	{ "plain, kept: as up, with what a drain adds", &plain, ROUTE_KEPT, "10/0/0 g 1 2;;" },
	{ "plain, drain with a LOCAL_PREF of its own", &plain, ROUTE_DRAIN, "99/7/0 g 1 2;;" },
};

static void increase_by_place(void **state)
{
	(void)state;
	static const struct {
		struct bgp_number increase;
		size_t place;
		bool has_med;
		uint32_t med, want;
	} cases[] = {
		{ GIVEN(10), 0, true, 100, 100 },
		{ GIVEN(10), 2, true, 100, 120 },
		{ GIVEN(1), 3, true, 5, 8 },
		{ { 0 }, 2, true, 100, 100 },
		{ GIVEN(0), 2, true, 100, 100 },
		{ GIVEN(10), 2, false, 0, 0 },
		{ GIVEN(UINT32_MAX), 63, true, 1, UINT32_MAX },
		{ GIVEN(1), 1, true, UINT32_MAX, UINT32_MAX },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct announce_specs s = { .increase = cases[i].increase };
		struct bgp_route_attrs attrs = { .has_med = cases[i].has_med, .med = cases[i].med };
		announce_specs_increase(&s, cases[i].place, &attrs);
		assert_int_equal(attrs.has_med, cases[i].has_med);
		assert_int_equal(attrs.med, cases[i].want);
	}
	announce_specs_increase(NULL, 1, &(struct bgp_route_attrs){ 0 });
	assert_false(announce_specs_increases(NULL));
	assert_false(announce_specs_increases(&(struct announce_specs){ .increase = GIVEN(0) }));
	assert_false(announce_specs_increases(&(struct announce_specs){ .increase.value = 1 }));
	assert_true(announce_specs_increases(&(struct announce_specs){ .increase = GIVEN(1) }));
}

static void add_number(struct strbuf *sb, bool given, uint32_t n, const char *behind)
{
	if (given)
		strbuf_add(sb, "%u%s", n, behind);
	else
		strbuf_add(sb, "-%s", behind);
}

static const char *text_of(const struct bgp_route_attrs *a, char *buf, size_t size)
{
	struct strbuf sb = strbuf_over(buf, size);
	add_number(&sb, a->has_med, a->med, "/");
	add_number(&sb, a->has_local_pref, a->local_pref, "/");
	strbuf_add(&sb, "%u", a->prepends);
	for (size_t i = 0; i < a->communities.n; i++)
		if (a->communities.values[i] == BGP_COMMUNITY_GRACEFUL_SHUTDOWN)
			strbuf_add(&sb, " g");
		else
			strbuf_add(&sb, " %u", a->communities.values[i]);
	strbuf_add(&sb, ";");
	for (size_t i = 0; i < a->ext_communities.n; i++)
		strbuf_add(&sb, "%s%u", i > 0 ? " " : "", a->ext_communities.values[i].low);
	strbuf_add(&sb, ";");
	for (size_t i = 0; i < a->large_communities.n; i++)
		strbuf_add(&sb, "%s%u", i > 0 ? " " : "", a->large_communities.values[i].local2);
	return buf;
}

static void forms(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(form_cases); i++) {
		const struct form_case *c = &form_cases[i];
		struct announce_room room;
		struct bgp_route_attrs attrs;
		char text[128];
		announce_specs_attrs(c->specs, &of_app, c->form, &room, &attrs);
		if (strcmp(text_of(&attrs, text, sizeof(text)), c->want) != 0)
			fail_msg("%s: '%s', expected '%s'", c->name, text, c->want);
	}
}

/* The least attractive wins: what the state says, then what joining says, then `up`. */
static const struct announce_specs joins = {
	.of = { { .announce = true, .med = GIVEN(10), .communities = { c_up, 2 } },
		{ .announce = true, .med = GIVEN(1000), .communities = { c_down, 1 } },
		{ .announce = true, .prepends = GIVEN(5) },
		{ .announce = true, .med = GIVEN(500), .communities = { c_drain, 2 } } },
};
/* `join: true` */
static const struct announce_specs silent = {
	.of = { { .announce = true, .med = GIVEN(10) },
		{ .announce = true, .med = GIVEN(1000) },
		{ .announce = true },
		{ .announce = true } },
};

static const struct announce_specs preferred = {
	.of = { [ANNOUNCE_UP] = { .local_pref = GIVEN(80) },
		[ANNOUNCE_JOIN] = { .local_pref = GIVEN(70) } },
};
static struct bgp_large_community l_always[] = { { 0, 0, 0 } };
static const struct announce_specs lists = {
	.ext_communities = { e_always, 1 },
	.large_communities = { l_always, 1 },
	.of = { [ANNOUNCE_UP] = { .communities = { c_up, 1 }, .ext_communities = { e_up, 1 } },
		[ANNOUNCE_DRAIN] = { .communities = { c_down, 1 },
				     .large_communities = { l_down, 1 } },
		[ANNOUNCE_JOIN] = { .communities = { c_drain, 1 },
				    .large_communities = { l_drain, 1 } } },
};

static const struct form_case joiner_cases[] = {
	{ "joins", &joins, ROUTE_JOIN, "500/-/0 1 2 4;;" },
	{ "joins, up: not of itself", &joins, ROUTE_UP, "10/-/0 1 2;;" },
	{ "joins, none: as up", &joins, ROUTE_NONE, "10/-/0 1 2;;" },
	{ "joins with a LOCAL_PREF, drains", &preferred, ROUTE_DRAIN, "-/70/0 g 1;;" },
	{ "joins with a LOCAL_PREF, joins", &preferred, ROUTE_JOIN, "-/70/0 1;;" },
	{ "three lists, drains", &lists, ROUTE_DRAIN, "-/0/0 g 1 2 3 4;1 2;0 3 4" },
	{ "three lists, down", &lists, ROUTE_DOWN, "-/-/0 1 4;1;0 4" },
	{ "joins, down", &joins, ROUTE_DOWN, "1000/-/0 1 3 4 2;;" },
	{ "joins, kept", &joins, ROUTE_KEPT, "1000/-/0 1 3 4 2;;" },
	{ "joins, drains", &joins, ROUTE_DRAIN, "500/0/5 g 1 2 4;;" },
	{ "defaults, down", NULL, ROUTE_DOWN, "-/0/0 g 1;;" },
	{ "silent, joins", &silent, ROUTE_JOIN, "10/0/0 g 1;;" },
	{ "silent, down", &silent, ROUTE_DOWN, "1000/0/0 g 1;;" },
	{ "silent, drains", &silent, ROUTE_DRAIN, "10/0/0 g 1;;" },
};

static void forms_of_a_joiner(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(joiner_cases); i++) {
		const struct form_case *c = &joiner_cases[i];
		struct announce_room room;
		struct bgp_route_attrs attrs;
		char text[128];
		announce_specs_attrs_of_joiner(c->specs, &of_app, c->form, &room, &attrs);
		if (strcmp(text_of(&attrs, text, sizeof(text)), c->want) != 0)
			fail_msg("%s: '%s', expected '%s'", c->name, text, c->want);
	}
}

static void copies_are_equal_until_something_changes(void **state)
{
	(void)state;
	struct announce_specs *copy = announce_specs_copy(&full), *fresh = announce_specs_new();
	assert_true(announce_specs_equal(copy, &full));
	copy->of[ANNOUNCE_DRAIN].large_communities.values[0].local1++;
	assert_false(announce_specs_equal(copy, &full));
	assert_int_equal(l_drain[0].local1, 0);
	assert_null(announce_specs_copy(NULL));
	assert_true(announce_specs_equal(fresh, NULL));
	fresh->of[ANNOUNCE_DOWN].announce = true;
	assert_false(announce_specs_equal(fresh, NULL));
	assert_false(announce_specs_announces(NULL, ANNOUNCE_DOWN));
	assert_false(announce_specs_announces(NULL, ANNOUNCE_JOIN));
	assert_true(announce_specs_announces(NULL, ANNOUNCE_UP));
	assert_true(announce_specs_announces(NULL, ANNOUNCE_DRAIN));
	announce_specs_free(copy);
	announce_specs_free(fresh);
}

/* A number that is not given has no value. */
static const struct {
	const char *name;
	struct bgp_number a, b;
	bool equal;
} number_rows[] = {
	{ "the same", { true, 7 }, { true, 7 }, true },
	{ "another value", { true, 7 }, { true, 8 }, false },
	{ "given and not", { true, 7 }, { false, 7 }, false },
	{ "not given", { false, 7 }, { false, 8 }, true },
};

static void numbers_are_compared(void **state)
{
	(void)state;
	struct announce_specs *a = announce_specs_new(), *b = announce_specs_new();
	struct announce_spec *x = &a->of[ANNOUNCE_DRAIN], *y = &b->of[ANNOUNCE_DRAIN];
	struct bgp_number *in_a[] = { &x->med, &x->local_pref, &x->prepends, &x->weight };
	struct bgp_number *in_b[] = { &y->med, &y->local_pref, &y->prepends, &y->weight };
	for (size_t i = 0; i < ARRAY_SIZE(number_rows) * 4; i++) {
		struct bgp_number *p = in_a[i % 4], *q = in_b[i % 4];
		*p = number_rows[i / 4].a;
		*q = number_rows[i / 4].b;
		if (announce_specs_equal(a, b) != number_rows[i / 4].equal)
			fail_msg("%s, number %zu", number_rows[i / 4].name, i % 4);
		*p = *q = (struct bgp_number){ false, 0 };
	}
	announce_specs_free(a);
	announce_specs_free(b);
}

/* Each list of each state, and those of the specs. */
static int add_to_list(struct announce_specs *s, size_t list)
{
	struct announce_spec *of = &s->of[list / 3 % ANNOUNCE_STATES];
	if (list / 3 == ANNOUNCE_STATES)
		return list % 3 ? ext_communities_add(&s->ext_communities, "rt:1:1", NULL)
				: large_communities_add(&s->large_communities, "1:1:1", NULL);
	switch (list % 3) {
	case 0:
		return communities_add(&of->communities, "1:1", NULL);
	case 1:
		return ext_communities_add(&of->ext_communities, "rt:1:1", NULL);
	default:
		return large_communities_add(&of->large_communities, "1:1:1", NULL);
	}
}

static void lists_are_compared(void **state)
{
	const size_t n_lists = 3UL * ANNOUNCE_STATES + 2;
	(void)state;
	for (size_t i = 0; i < n_lists; i++) {
		struct announce_specs *a = announce_specs_new(), *b = announce_specs_copy(a);
		assert_int_equal(add_to_list(b, i), 0);
		if (announce_specs_equal(a, b) || announce_specs_equal(b, NULL))
			fail_msg("list %zu", i);
		struct announce_specs *copy = announce_specs_copy(b);
		assert_true(announce_specs_equal(copy, b));
		announce_specs_free(a);
		announce_specs_free(b);
		announce_specs_free(copy);
	}
	announce_specs_free(NULL);
}

static void numbers_of_all_states_are_compared(void **state)
{
	(void)state;
	for (size_t i = 0; i < 5 + ANNOUNCE_STATES; i++) {
		struct announce_specs *a = announce_specs_new();
		struct bgp_number *numbers[] = { &a->med, &a->local_pref, &a->prepends, &a->weight,
						 &a->increase };
		struct bgp_number *n = i < 5 ? numbers[i] : &a->of[i - 5].med;
		*n = (struct bgp_number){ true, 1 };
		if (announce_specs_equal(a, NULL) || announce_specs_equal(NULL, a))
			fail_msg("number %zu", i);
		announce_specs_free(a);
	}
}

/* Any of them alone makes a drained or joining route one with attributes of its own. */
static void each_attribute_is_one(void **state)
{
	const struct bgp_number given = { true, 0 };
	const struct announce_spec specs[] = {
		{ .med = given },
		{ .local_pref = given },
		{ .prepends = given },
		{ .weight = given },
		{ .communities = { c_app, 1 } },
		{ .ext_communities = { e_up, 1 } },
		{ .large_communities = { l_down, 1 } },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(specs); i++)
		assert_true(announce_spec_has_attrs(&specs[i]));
	assert_false(announce_spec_has_attrs(&(struct announce_spec){ .announce = true }));
}

/* Of the state, of joining, of `up` or of all states: the most specific number that is given. */
static void numbers_of_each_level(void **state)
{
	(void)state;
	for (uint32_t levels = 0; levels < 16; levels++) {
		struct announce_specs s = { 0 };
		struct announce_spec *const of[] = { &s.of[ANNOUNCE_DOWN], &s.of[ANNOUNCE_JOIN],
						     &s.of[ANNOUNCE_UP] };
		struct announce_room room;
		struct bgp_route_attrs attrs;
		uint32_t want = 0;
		for (uint32_t i = 4; i-- > 0;) {
			if (!(levels >> i & 1))
				continue;
			want = 10 * (i + 1);
			struct bgp_number n[] = { { true, want },
						  { true, want + 1 },
						  { true, want + 2 },
						  { true, want + 3 } };
			*(i < 3 ? &of[i]->med : &s.med) = n[0];
			*(i < 3 ? &of[i]->prepends : &s.prepends) = n[1];
			*(i < 3 ? &of[i]->weight : &s.weight) = n[2];
			*(i < 3 ? &of[i]->local_pref : &s.local_pref) = n[3];
		}
		announce_specs_attrs_of_joiner(&s, &of_app, ROUTE_DOWN, &room, &attrs);
		assert_int_equal(attrs.has_med, levels != 0);
		assert_int_equal(attrs.has_prepends, levels != 0);
		assert_int_equal(attrs.has_weight, levels != 0);
		if (levels) {
			assert_int_equal(attrs.med, want);
			assert_int_equal(attrs.prepends, want + 1);
			assert_int_equal(attrs.weight, want + 2);
		}
		/* A joiner without attributes is as one that drains. */
		bool least = !(levels & 3);
		assert_int_equal(attrs.has_local_pref, least || levels & 7);
		assert_int_equal(attrs.local_pref, least ? 0 : want + 3);
	}
}

static void every_form_has_a_name(void **state)
{
	static const char *const form_names[] = { "none", "up", "down", "kept", "drain", "join" };
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(form_names); i++)
		assert_string_equal(route_form_name((enum route_form)i), form_names[i]);
}

/* Text, octets, and the text that comes back. */
static void extended_communities(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		uint32_t high, low;
		const char *back; /* NULL: the same */
	} cases[] = {
		{ "rt:65001:100", 0x0002fde9, 100, NULL },
		{ "soo:65001:4294967295", 0x0003fde9, UINT32_MAX, NULL },
		{ "rt:0:0", 0x00020000, 0, NULL },
		{ "rt:65536:65535", 0x02020001, 0x0000ffff, NULL },
		{ "rt:4200000001:7", 0x0202fa56, 0xea010007, NULL },
		{ "soo:192.0.2.1:7", 0x0103c000, 0x02010007, NULL },
		{ "0x0002FDE900000064", 0x0002fde9, 100, "rt:65001:100" },
		{ "0x4004fde900000064", 0x4004fde9, 100, NULL },
		{ "0x0202000100000001", 0x02020001, 1, "rt:65536:1" },
		{ "0x0202000000010001", 0x02020000, 0x00010001,
		  NULL }, /* a small AS in four octets */
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct bgp_ext_community c = { 0 };
		struct err err = { "" };
		char text[EXT_COMMUNITY_TEXT_MAX];
		if (ext_community_parse(cases[i].text, &c, &err) < 0)
			fail_msg("%s: %s", cases[i].text, err.text);
		if (c.high != cases[i].high || c.low != cases[i].low)
			fail_msg("%s: %08x %08x", cases[i].text, c.high, c.low);
		assert_string_equal(ext_community_format(c, text),
				    cases[i].back ? cases[i].back : cases[i].text);
	}
}

static void large_communities(void **state)
{
	(void)state;
	struct bgp_large_community c;
	char text[LARGE_COMMUNITY_TEXT_MAX];
	assert_int_equal(large_community_parse("4294967295:4294967295:4294967295", &c, NULL), 0);
	assert_string_equal(large_community_format(c, text), "4294967295:4294967295:4294967295");
	assert_true(large_community_parse("1:2:3 ", &c, NULL) < 0);
	assert_true(large_community_parse("", &c, NULL) < 0);
	assert_true(large_community_parse("1:2:0000000000000000000000000000000000000003", &c,
					  NULL) < 0);
}

#define NOT_STANDARD                                                                               \
	"is not a community, expected A:B with both 0 to 65535 like 65000:100, or no-export, "     \
	"no-advertise, no-export-subconfed, graceful-shutdown"
#define NOT_EXTENDED                                                                               \
	"is not an extended community, expected rt:AS:N, rt:A.B.C.D:N, soo:AS:N or soo:A.B.C.D:N " \
	"like rt:65001:100 (N to 4294967295 behind an AS to 65535, else to 65535), or eight "      \
	"octets like 0x0002fde900000064"
#define NOT_LARGE                                                                                  \
	"is not a large community, expected A:B:C with each 0 to 4294967295 like 65001:1:2"

enum { STANDARD, EXTENDED, LARGE };

/* The text that comes back, or what is wrong behind the text itself. */
static const struct {
	int kind;
	const char *text, *back, *error;
} community_texts[] = {
	{ STANDARD, "0000100:0000001", "100:1", NULL },
	{ STANDARD, "00000100:1", NULL, NOT_STANDARD },
	{ STANDARD, "1:00000001", NULL, NOT_STANDARD },
	{ STANDARD, "65535:65535", "65535:65535", NULL },
	{ STANDARD, "65536:0", NULL, NOT_STANDARD },
	{ STANDARD, "0:65536", NULL, NOT_STANDARD },
	{ STANDARD, "1:2:3", NULL,
	  "is a large community: write it into large_communities of the same section, which is "
	  "called bgp_large_communities in vip_config" },
	{ STANDARD, "rt:1:2", NULL,
	  "is an extended community: write it into ext_communities of the same section, which is "
	  "called bgp_ext_communities in vip_config" },
	{ EXTENDED, "rt:65535:4294967295", "rt:65535:4294967295", NULL },
	{ EXTENDED, "soo:65536:65535", "soo:65536:65535", NULL },
	{ EXTENDED, "rt:4294967295:0", "rt:4294967295:0", NULL },
	{ EXTENDED, "soo:255.255.255.255:65535", "soo:255.255.255.255:65535", NULL },
	{ EXTENDED, "rt:65535:4294967296", NULL, NOT_EXTENDED },
	{ EXTENDED, "rt:65536:65536", NULL, NOT_EXTENDED },
	{ EXTENDED, "rt:4294967296:1", NULL, NOT_EXTENDED },
	{ EXTENDED, "rt:192.0.2.1:65536", NULL, NOT_EXTENDED },
	{ EXTENDED, "rt:::1", NULL, NOT_EXTENDED },
	{ EXTENDED, "rt:1", NULL, NOT_EXTENDED },
	{ EXTENDED, "rt:1:2:3", NULL, NOT_EXTENDED },
	{ EXTENDED, "rx:1:2", NULL, NOT_EXTENDED },
	{ EXTENDED, "rt:x:2", NULL, NOT_EXTENDED },
	{ EXTENDED, "0xffffffffffffffff", "0xffffffffffffffff", NULL },
	{ EXTENDED, "0x0004fde900000064", "0x0004fde900000064", NULL },
	{ EXTENDED, "0x020200000000ffff", "0x020200000000ffff", NULL },
	{ EXTENDED, "0x02020000ffff0001", "0x02020000ffff0001", NULL },
	{ EXTENDED, "0x0202000100000001", "rt:65536:1", NULL },
	{ EXTENDED, "0x0102000000000000", "rt:0.0.0.0:0", NULL },
	{ EXTENDED, "0x0302000100000001", "0x0302000100000001", NULL },
	{ EXTENDED, "0x0002fde90000006", NULL, NOT_EXTENDED },
	{ EXTENDED, "0x0002fde9000000640", NULL, NOT_EXTENDED },
	{ EXTENDED, "0x0002fde90000006g", NULL, NOT_EXTENDED },
	{ EXTENDED, "1x0002fde900000064", NULL, NOT_EXTENDED },
	{ LARGE, "0:0:0", "0:0:0", NULL },
	{ LARGE, "00000000004294967295:00000000000000001:2", NULL, NOT_LARGE },
	{ LARGE, "0000000004294967295:00000000000000001:2", "4294967295:1:2", NULL },
	{ LARGE, "4294967296:0:0", NULL, NOT_LARGE },
	{ LARGE, "0:4294967296:0", NULL, NOT_LARGE },
	{ LARGE, "0:0:4294967296", NULL, NOT_LARGE },
	{ LARGE, "1:2", NULL, NOT_LARGE },
	{ LARGE, "1:2:3:4", NULL, NOT_LARGE },
};

static int there_and_back(int kind, const char *text, char *back, size_t size, struct err *err)
{
	char standard[COMMUNITY_TEXT_MAX], ext[EXT_COMMUNITY_TEXT_MAX];
	char large[LARGE_COMMUNITY_TEXT_MAX];
	struct bgp_large_community l = { 0, 0, 0 };
	struct bgp_ext_community e = { 0, 0 };
	uint32_t c = 0;
	int rc;
	switch (kind) {
	case STANDARD:
		rc = community_parse(text, &c, err);
		str_copy(back, size, community_format(c, standard));
		return rc;
	case EXTENDED:
		rc = ext_community_parse(text, &e, err);
		str_copy(back, size, ext_community_format(e, ext));
		return rc;
	default:
		rc = large_community_parse(text, &l, err);
		str_copy(back, size, large_community_format(l, large));
		return rc;
	}
}

static void community_texts_and_back(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(community_texts); i++) {
		const char *text = community_texts[i].text;
		char back[64], wanted[400];
		struct err err = { "" };
		int rc = there_and_back(community_texts[i].kind, text, back, sizeof(back), &err);
		assert_int_equal(rc, community_texts[i].back ? 0 : -EINVAL);
		if (rc == 0) {
			assert_string_equal(back, community_texts[i].back);
			continue;
		}
		snprintf(wanted, sizeof(wanted), "'%s' %s", text, community_texts[i].error);
		assert_string_equal(err.text, wanted);
	}
}

static void lists_are_full(void **state)
{
	struct bgp_communities standard = { 0 };
	struct bgp_ext_communities ext = { 0 };
	struct bgp_large_communities large = { 0 };
	struct err err = { "" };
	char text[32], wanted[100];
	(void)state;
	for (int i = 0; i < BGP_COMMUNITIES_MAX; i++) {
		snprintf(text, sizeof(text), "1:%d", i);
		assert_int_equal(communities_add(&standard, text, NULL), 0);
	}
	for (int i = 0; i < BGP_EXT_COMMUNITIES_MAX; i++) {
		snprintf(text, sizeof(text), "rt:1:%d", i);
		assert_int_equal(ext_communities_add(&ext, text, NULL), 0);
	}
	for (int i = 0; i < BGP_LARGE_COMMUNITIES_MAX; i++) {
		snprintf(text, sizeof(text), "1:1:%d", i);
		assert_int_equal(large_communities_add(&large, text, NULL), 0);
	}
	assert_int_equal(communities_add(&standard, "2:1", &err), -EINVAL);
	snprintf(wanted, sizeof(wanted), "'2:1' exceeds the limit of %d communities",
		 BGP_COMMUNITIES_MAX);
	assert_string_equal(err.text, wanted);
	assert_int_equal(ext_communities_add(&ext, "rt:2:1", &err), -EINVAL);
	snprintf(wanted, sizeof(wanted), "'rt:2:1' exceeds the limit of %d extended communities",
		 BGP_EXT_COMMUNITIES_MAX);
	assert_string_equal(err.text, wanted);
	assert_int_equal(large_communities_add(&large, "2:1:1", &err), -EINVAL);
	snprintf(wanted, sizeof(wanted), "'2:1:1' exceeds the limit of %d large communities",
		 BGP_LARGE_COMMUNITIES_MAX);
	assert_string_equal(err.text, wanted);
	assert_int_equal(communities_add(&standard, "1:0", NULL), 0); /* there already */
	assert_int_equal(standard.n, BGP_COMMUNITIES_MAX);
	assert_int_equal(ext.n, BGP_EXT_COMMUNITIES_MAX);
	assert_int_equal(large.n, BGP_LARGE_COMMUNITIES_MAX);
	free(standard.values);
	free(ext.values);
	free(large.values);
}

/* By number and by every element. */
static void lists_are_equal(void **state)
{
	uint32_t s[] = { 1, 2 }, t[] = { 1, 3 };
	struct bgp_ext_community e[] = { { 1, 1 }, { 1, 2 } }, f[] = { { 1, 1 }, { 1, 3 } };
	struct bgp_large_community l[] = { { 1, 1, 1 }, { 1, 1, 2 } };
	struct bgp_large_community m[] = { { 1, 1, 1 }, { 1, 1, 3 } };
	(void)state;
	for (size_t n = 0; n <= 2; n++)
		for (size_t k = 0; k <= 2; k++) {
			const struct bgp_communities a = { n ? s : NULL, n }, b = { t, k };
			const struct bgp_ext_communities c = { n ? e : NULL, n }, d = { f, k };
			const struct bgp_large_communities g = { n ? l : NULL, n }, h = { m, k };
			bool equal = n == k && n < 2;
			assert_int_equal(communities_equal(&a, &b), equal);
			assert_int_equal(ext_communities_equal(&c, &d), equal);
			assert_int_equal(large_communities_equal(&g, &h), equal);
			assert_true(communities_equal(&a, &a));
			assert_true(ext_communities_equal(&c, &c));
			assert_true(large_communities_equal(&g, &g));
		}
}

/* A community is listed once, wherever the first of its kind stands. */
static void lists_hold_each_once(void **state)
{
	(void)state;
	struct bgp_communities standard = { 0 };
	struct bgp_ext_communities ext = { 0 };
	struct bgp_large_communities large = { 0 };
	for (int round = 0; round < 2; round++) {
		assert_int_equal(communities_add(&standard, "1:1", NULL), 0);
		assert_int_equal(communities_add(&standard, "1:2", NULL), 0);
		assert_int_equal(ext_communities_add(&ext, "rt:1:1", NULL), 0);
		assert_int_equal(ext_communities_add(&ext, "rt:1:2", NULL), 0);
		assert_int_equal(large_communities_add(&large, "1:1:1", NULL), 0);
		assert_int_equal(large_communities_add(&large, "1:1:2", NULL), 0);
	}
	assert_int_equal(standard.n, 2);
	assert_int_equal(ext.n, 2);
	assert_int_equal(large.n, 2);
	assert_int_equal(large.values[1].local2, 2);
	free(standard.values);
	free(ext.values);
	free(large.values);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(increase_by_place),
		cmocka_unit_test(forms),
		cmocka_unit_test(forms_of_a_joiner),
		cmocka_unit_test(copies_are_equal_until_something_changes),
		cmocka_unit_test(numbers_are_compared),
		cmocka_unit_test(lists_are_compared),
		cmocka_unit_test(numbers_of_all_states_are_compared),
		cmocka_unit_test(each_attribute_is_one),
		cmocka_unit_test(numbers_of_each_level),
		cmocka_unit_test(every_form_has_a_name),
		cmocka_unit_test(extended_communities),
		cmocka_unit_test(large_communities),
		cmocka_unit_test(community_texts_and_back),
		cmocka_unit_test(lists_hold_each_once),
		cmocka_unit_test(lists_are_full),
		cmocka_unit_test(lists_are_equal),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
