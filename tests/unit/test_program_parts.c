/* SPDX-License-Identifier: MIT */
/* The pure parts of a program: lines from octets, routes from lines, peers from selectors, and
 * answers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agent/programs/answer.h"
#include "agent/programs/line.h"
#include "agent/programs/line_buffer.h"
#include "agent/programs/reload_pace.h"
#include "agent/programs/route_listing.h"
#include "agent/programs/route_table.h"
#include "agent/programs/selected.h"
#include "lib/array.h"
#include "lib/mem.h"
#include "lib/str.h"

/* ---- lines ---- */

static void expect_line(struct line_buffer *b, const char *wanted)
{
	const char *text = "";
	size_t len = 0;
	enum line_found found = line_buffer_next(b, &text, &len);
	if (!wanted) {
		assert_int_equal(found, LINE_NONE);
		return;
	}
	assert_int_equal(found, LINE_WHOLE);
	assert_int_equal(len, strlen(wanted));
	assert_memory_equal(text, wanted, len);
}

static void lines_from_octets(void **state)
{
	(void)state;
	struct line_buffer b = { 0 };
	const char *text;
	size_t len;
	expect_line(&b, NULL);
	line_buffer_add(&b, "one\ntw", 6);
	expect_line(&b, "one");
	expect_line(&b, NULL);
	line_buffer_add(&b, "o\n\nlast", 7);
	expect_line(&b, "two");
	expect_line(&b, "");
	expect_line(&b, NULL);
	assert_int_equal(line_buffer_last(&b, &text, &len), LINE_WHOLE);
	assert_int_equal(len, 4);
	assert_int_equal(line_buffer_last(&b, &text, &len), LINE_NONE);
	line_buffer_done(&b);
}

static void a_buffer_with_part_of_a_line_is_not_empty(void **state)
{
	(void)state;
	struct line_buffer b = { 0 };
	char octets[LINE_BUFFER_ADD];
	const char *text;
	size_t len;
	memset(octets, 'x', sizeof(octets));
	assert_true(line_buffer_is_empty(&b));
	line_buffer_add(&b, "", 0);
	assert_true(line_buffer_is_empty(&b));
	line_buffer_add(&b, "one\nt", 5);
	assert_false(line_buffer_is_empty(&b));
	expect_line(&b, "one");
	assert_false(line_buffer_is_empty(&b));
	expect_line(&b, NULL);
	line_buffer_add(&b, "wo\n", 3);
	expect_line(&b, "two");
	assert_true(line_buffer_is_empty(&b));
	for (size_t at = 0; at <= LINE_MAX_OCTETS; at += sizeof(octets)) {
		line_buffer_add(&b, octets, sizeof(octets));
		expect_line(&b, NULL);
	}
	/* Of a line that is too long only that is held. */
	assert_int_equal(b.len, 0);
	assert_false(line_buffer_is_empty(&b));
	line_buffer_add(&b, "its end", 7);
	len = 7;
	assert_int_equal(line_buffer_last(&b, &text, &len), LINE_TOO_LONG);
	assert_string_equal(text, "");
	assert_int_equal(len, 0);
	assert_true(line_buffer_is_empty(&b));
	assert_int_equal(line_buffer_last(&b, &text, &len), LINE_NONE);
	line_buffer_add(&b, "end", 3);
	expect_line(&b, NULL);
	assert_int_equal(line_buffer_last(&b, &text, &len), LINE_WHOLE);
	assert_memory_equal(text, "end", 3);
	assert_true(line_buffer_is_empty(&b));
	line_buffer_done(&b);
	assert_null(b.octets);
}

static void empty_lines_and_the_last_one(void **state)
{
	(void)state;
	struct line_buffer b = { 0 };
	const char *text;
	size_t len;
	line_buffer_add(&b, "\n", 1);
	expect_line(&b, "");
	expect_line(&b, NULL);
	line_buffer_add(&b, "\nab", 3);
	expect_line(&b, "");
	line_buffer_add(&b, "c\ntail", 6);
	expect_line(&b, "abc");
	assert_int_equal(line_buffer_last(&b, &text, &len), LINE_WHOLE);
	assert_int_equal(len, 4);
	assert_memory_equal(text, "tail", 4);
	line_buffer_done(&b);
}

/* Of the longest line its end may come alone. */
static void the_longest_line_comes_in_parts(void **state)
{
	(void)state;
	struct line_buffer b = { 0 };
	char octets[LINE_BUFFER_ADD];
	const char *text;
	size_t len;
	memset(octets, 'x', sizeof(octets));
	for (int end = 0; end < 2; end++) {
		for (size_t at = 0; at < LINE_MAX_OCTETS; at += sizeof(octets)) {
			line_buffer_add(&b, octets, sizeof(octets));
			expect_line(&b, NULL);
		}
		line_buffer_add(&b, end ? "x\n" : "\n", end ? 2 : 1);
		assert_int_equal(line_buffer_next(&b, &text, &len),
				 end ? LINE_TOO_LONG : LINE_WHOLE);
		assert_int_equal(len, LINE_MAX_OCTETS + (size_t)end);
	}
	line_buffer_done(&b);
}

/* Whatever comes before its end, no more than a line and an addition is held; the next line is
 * whole. */
static void a_long_line_is_dropped(void **state)
{
	(void)state;
	struct line_buffer b = { 0 };
	char octets[LINE_BUFFER_ADD];
	const char *text;
	size_t len;
	memset(octets, 'x', sizeof(octets));
	for (int i = 0; i < 100; i++) {
		line_buffer_add(&b, octets, sizeof(octets));
		assert_int_equal(line_buffer_next(&b, &text, &len), LINE_NONE);
		assert_true(b.cap <= 2 * (LINE_MAX_OCTETS + LINE_BUFFER_ADD));
	}
	line_buffer_add(&b, "x\nnext\n", 7);
	assert_int_equal(line_buffer_next(&b, &text, &len), LINE_TOO_LONG);
	expect_line(&b, "next");
	line_buffer_done(&b);
	/* One that is just too long, in one go. */
	for (size_t at = 0; at < LINE_MAX_OCTETS; at += sizeof(octets))
		line_buffer_add(&b, octets, sizeof(octets));
	line_buffer_add(&b, "\n", 1);
	assert_int_equal(line_buffer_next(&b, &text, &len), LINE_WHOLE);
	for (size_t at = 0; at < LINE_MAX_OCTETS; at += sizeof(octets))
		line_buffer_add(&b, octets, sizeof(octets));
	line_buffer_add(&b, "x\n", 2);
	assert_int_equal(line_buffer_next(&b, &text, &len), LINE_TOO_LONG);
	line_buffer_done(&b);
}

/* ---- routes ---- */

static struct route_spec *spec_with_med(uint32_t med)
{
	struct route_spec *s = route_spec_new();
	s->med = (struct bgp_number){ true, med };
	return s;
}

static struct bgp_peer_filter *peers_of(const char *names)
{
	char text[64], *rest = text;
	struct bgp_peer_filter *f = mem_new(1, sizeof(*f));
	if (!names)
		return bgp_peer_filter_free(f), NULL;
	str_copy(text, sizeof(text), names);
	for (char *word; (word = strsep(&rest, " "));)
		bgp_peer_refs_add(&f->only, word);
	return f;
}

/* "5 to 10.0.0.1", "5 but 10.0.0.1", with "; " between those of other attributes; "-": there is no
 * route. */
static const char *shown(const struct program_route *r, char *buf, size_t size)
{
	struct strbuf sb = strbuf_over(buf, size);
	if (!r)
		return "-";
	for (const struct route_spec *spec = r->spec; spec; spec = spec->other) {
		const struct bgp_peer_filter *f = spec->peers;
		strbuf_add(&sb, "%s%u", spec == r->spec ? "" : "; ", spec->med.value);
		for (size_t i = 0; f && i < f->only.n; i++)
			strbuf_add(&sb, " to %s", f->only.items[i].text);
		for (size_t i = 0; f && i < f->except.n; i++)
			strbuf_add(&sb, " but %s", f->except.items[i].text);
	}
	return buf;
}

#define A "10.0.0.1"
#define B "10.0.0.2"

static const struct route_spec *spec_of(const struct route_table *t, const struct prefix *prefix)
{
	const struct program_route *r = route_table_find(t, prefix);
	return r ? r->spec : NULL;
}

struct step {
	int med; /* -1: withdraw */
	const char *peers;
	const char *after;
	bool changed;
};

static void run_steps(const struct step *steps, size_t n)
{
	struct route_table t = { 0 };
	const struct prefix p = PREFIX4(32, 198, 18, 0, 1);
	char buf[128];
	for (size_t i = 0; i < n; i++) {
		struct route_spec *spec =
			spec_with_med(steps[i].med < 0 ? 0 : (uint32_t)steps[i].med);
		struct bgp_peer_filter *peers = peers_of(steps[i].peers);
		const struct route_spec *held = spec_of(&t, &p);
		if (steps[i].med >= 0)
			route_table_announce(&t, &p, spec, peers, false);
		else
			route_table_withdraw(&t, &p, peers);
		assert_string_equal(shown(route_table_find(&t, &p), buf, sizeof(buf)),
				    steps[i].after);
		assert_int_equal(spec_of(&t, &p) != held, steps[i].changed);
		bgp_peer_filter_free(peers);
		route_spec_unref(spec);
	}
	route_table_done(&t);
	assert_int_equal(route_table_n(&t), 0);
}

#define STEPS(...)                                                                                 \
	do {                                                                                       \
		const struct step steps[] = { __VA_ARGS__ };                                       \
		run_steps(steps, ARRAY_SIZE(steps));                                               \
	} while (0)

static void routes_and_their_peers(void **state)
{
	(void)state;
	STEPS({ 5, NULL, "5", true }, { 5, NULL, "5", false }, { 6, NULL, "6", true },
	      { -1, NULL, "-", true }, { -1, NULL, "-", false });
	STEPS({ 5, A, "5 to " A, true }, { 5, A, "5 to " A, false },
	      { 5, B, "5 to " A " to " B, true }, { 6, B, "6 to " B "; 5 to " A, true },
	      { 5, A, "6 to " B "; 5 to " A, false }, { 6, B, "6 to " B "; 5 to " A, false },
	      { 6, A " " B, "6 to " A " to " B, true }, { -1, A, "6 to " B, true },
	      { -1, A, "6 to " B, false }, { 7, B, "7 to " B, true }, { -1, B, "-", true });
	STEPS({ 5, NULL, "5", true }, { -1, A, "5 but " A, true }, { -1, A, "5 but " A, false },
	      { 6, A, "6 to " A "; 5 but " A, true }, { 6, A, "6 to " A "; 5 but " A, false },
	      { 7, B, "7 to " B "; 6 to " A "; 5 but " A " but " B, true },
	      { 5, A, "7 to " B "; 5 but " B, true }, { -1, B, "5 but " B, true },
	      { 5, B, "5", true }, { -1, A, "5 but " A, true }, { 6, NULL, "6", true });
	STEPS({ 5, A, "5 to " A, true }, { 5, NULL, "5", true },
	      { -1, A " " B, "5 but " A " but " B, true }, { 5, B, "5 but " A, true });
}

/* After any lines each peer has what the last line for it said, and a repeated line changes
 * nothing. */
static void each_peer_has_its_last_line(void **state)
{
	(void)state;
	static const char *const names[] = { NULL, A, B, A " " B };
	const struct bgp_peer_config peers[] = { { .addr = { AF_INET, { 10, 0, 0, 1 } } },
						 { .addr = { AF_INET, { 10, 0, 0, 2 } } },
						 { .addr = { AF_INET, { 10, 0, 0, 3 } } } };
	const struct prefix p = PREFIX4(32, 198, 18, 0, 1);
	struct route_table t = { 0 };
	int wanted[3] = { -1, -1, -1 };
	unsigned seed = 1;
	for (int i = 0; i < 20000; i++) {
		int med = rand_r(&seed) % 4 - 1, which = rand_r(&seed) % 4;
		struct bgp_peer_filter *f = peers_of(names[which]);
		struct route_spec *spec = spec_with_med(med < 0 ? 0 : (uint32_t)med);
		for (int again = 0; again < 2; again++) {
			const struct route_spec *held = spec_of(&t, &p);
			if (med < 0)
				route_table_withdraw(&t, &p, f);
			else
				route_table_announce(&t, &p, spec, f, false);
			assert_true(!again || spec_of(&t, &p) == held);
		}
		for (int k = 0; k < 3; k++) {
			const struct route_spec *has = route_spec_for(spec_of(&t, &p), &peers[k]);
			if (which == 0 || which & 1 << k)
				wanted[k] = med;
			assert_int_equal(has ? (int)has->med.value : -1, wanted[k]);
		}
		bgp_peer_filter_free(f);
		route_spec_unref(spec);
	}
	route_table_done(&t);
}

/* ---- listings ---- */

static void listed(struct route_listing *l, size_t n_peers, char *buf, size_t size)
{
	size_t peer;
	struct strbuf sb = strbuf_over(buf, size);
	for (const struct listed_route *r; (r = route_listing_next(l, n_peers, &peer));)
		strbuf_add(&sb, " %zu:%u=%u", peer, r->prefix.addr.bytes[3], r->spec->med.value);
}

/* Whatever becomes of the routes meanwhile. */
static void a_listing_is_of_one_time(void **state)
{
	(void)state;
	struct route_table t = { 0 };
	char text[128] = "";
	struct route_listing *l = route_listing_new(&t, false);
	listed(l, 2, text, sizeof(text));
	assert_string_equal(text, "");
	route_listing_free(l);
	for (uint8_t i = 1; i <= 2; i++) {
		const struct prefix p = PREFIX4(32, 198, 18, 0, i);
		struct route_spec *spec = spec_with_med(i);
		route_table_announce(&t, &p, spec, NULL, false);
		route_spec_unref(spec);
	}
	l = route_listing_new(&t, false);
	assert_false(l->extensive);
	struct route_listing *skipped = route_listing_new(&t, true);
	assert_true(skipped->extensive);
	route_table_done(&t);
	listed(l, 2, text, sizeof(text));
	assert_string_equal(text, " 0:1=1 0:2=2 1:1=1 1:2=2");
	route_listing_free(l);
	/* A peer that has gone is skipped, with what is left for it. */
	size_t peer;
	assert_int_equal(route_listing_next(skipped, 3, &peer)->spec->med.value, 1);
	assert_int_equal(peer, 0);
	route_listing_skip_peer(skipped);
	listed(skipped, 2, text, sizeof(text));
	assert_string_equal(text, " 1:1=1 1:2=2");
	assert_null(route_listing_next(skipped, 2, &peer));
	route_listing_free(skipped);
	route_listing_free(NULL);
}

/* ---- selectors ---- */

static void peers_of_selectors(void **state)
{
	(void)state;
	const struct bgp_peer_config configs[] = {
		{ .addr = { AF_INET, { 10, 0, 0, 1 } }, .local_ip = { AF_INET, { 10, 0, 0, 9 } } },
		{ .addr = { AF_INET, { 10, 0, 0, 2 } }, .families = BGP_OFFER_IPV4 },
		{ .addr = { AF_INET6, { 0x20, 1, [15] = 1 } }, .families = BGP_OFFER_IPV6 },
	};
	const struct bgp_peer_status peers[] = {
		{ .config = &configs[0], .local_as = 65001, .peer_as = 65000 },
		{ .config = &configs[1],
		  .local_as = 65001,
		  .peer_as = 65010,
		  .local_addr = { AF_INET, { 10, 0, 0, 8 } } },
		{ .config = &configs[2], .local_as = 65002, .peer_as = 65000 },
	};
	static const struct {
		const char *selectors, *peers; /* NULL: none */
	} cases[] = {
		{ "", "" },
		{ "neighbor *", "" },
		{ "neighbor 10.0.0.1", "10.0.0.1" },
		{ "neighbor 10.0.0.2, neighbor 2001::1", "10.0.0.2 2001::1" },
		{ "neighbor 10.0.0.3", NULL },
		{ "neighbor 10.0.0.3, neighbor 10.0.0.1", "10.0.0.1" },
		{ "neighbor * local-as 65001", "10.0.0.1 10.0.0.2" },
		{ "neighbor * peer-as 65000", "10.0.0.1 2001::1" },
		{ "neighbor 10.0.0.1 peer-as 65010", NULL },
		{ "neighbor * local-ip 10.0.0.9", "10.0.0.1" },
		{ "neighbor * local-ip 10.0.0.8", "10.0.0.2" },
		{ "neighbor 10.0.0.1 router-id 1.2.3.4", "10.0.0.1" },
		{ "neighbor 10.0.0.1 router-id 1.2.3.5", NULL },
		{ "neighbor * family-allowed ipv6-unicast", "10.0.0.1 2001::1" },
		{ "neighbor * family-allowed ipv4-unicast", "10.0.0.1 10.0.0.2" },
		{ "neighbor * family-allowed ipv4-unicast/ipv6-unicast", "10.0.0.1" },
		{ "neighbor 10.0.0.2 family-allowed in-open", "10.0.0.2" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char text[200], found[200] = "";
		struct line l;
		struct bgp_peer_filter *f;
		struct strbuf sb = strbuf_over(found, sizeof(found));
		snprintf(text, sizeof(text), "%s withdraw route 10.1.1.1", cases[i].selectors);
		assert_int_equal(line_parse(text, strlen(text), 1, &l, NULL), 0);
		bool any = selected_peers(&l.selectors, peers, 3, 0x01020304, &f);
		for (size_t k = 0; f && k < f->only.n; k++)
			strbuf_add(&sb, "%s%s", k > 0 ? " " : "", f->only.items[k].text);
		if (any != (cases[i].peers != NULL) ||
		    strcmp(found, cases[i].peers ? cases[i].peers : "") != 0)
			fail_msg("'%s' is for '%s'", cases[i].selectors, found);
		bgp_peer_filter_free(f);
		line_done(&l);
	}
}

/* ---- answers ---- */

static void programs_that_want_none(void **state)
{
	(void)state;
	static const struct {
		const char *env[3];
		bool answered;
	} cases[] = {
		{ { NULL }, true },
		{ { "exabgp_api_ack=false" }, false },
		{ { "A=b", "exabgp.api.ack=no" }, false },
		{ { "exabgp_api_ack=True" }, true },
		{ { "exabgp_api_ack=" }, false },
		{ { "exabgp_api_ack_not=false" }, true },
		{ { "exabgp_api_ack=false", "exabgp_api_ack=1" }, true },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct program_spec s = { .env = (char **)cases[i].env };
		assert_int_equal(program_spec_acknowledges(&s), cases[i].answered);
	}
}

static void programs_with_and_without_words(void **state)
{
	const char *const run[] = { "speak", NULL }, *const more[] = { "speak", "loudly", NULL };
	const struct program_spec none = { 0 }, a = { .run = (char **)run },
				  b = { .run = (char **)more },
				  c = { .run = (char **)run, .env = (char **)more };
	(void)state;
	assert_true(program_spec_runs_alike(&none, &none));
	assert_true(program_spec_runs_alike(&a, &a));
	assert_false(program_spec_runs_alike(&none, &a));
	assert_false(program_spec_runs_alike(&a, &none));
	assert_false(program_spec_runs_alike(&a, &b));
	assert_false(program_spec_runs_alike(&b, &a));
	assert_false(program_spec_runs_alike(&a, &c));
}

static void sessions_as_exabgp_tells_them(void **state)
{
	(void)state;
	char text[1024];
	const struct bgp_peer_config config = { .addr = { AF_INET, { 10, 0, 0, 1 } } };
	const struct bgp_peer_status peer = { .config = &config,
					      .local_as = 65001,
					      .peer_as = 65000,
					      .local_addr = { AF_INET, { 10, 0, 0, 2 } } };
	struct answer_session s = {
		.peer = &peer,
		.up = true,
		.why = "",
		.host = "h",
		.pid = 7,
		.parent = 1,
		.number = 3,
		.at = 1700000000 * USEC_PER_SEC + 5,
	};
	const struct strbuf fresh = strbuf_over(text, sizeof(text));
	struct strbuf sb = fresh;
	answer_session(&s, PROGRAM_TELLS_TEXT, &sb);
	assert_string_equal(text, "neighbor 10.0.0.1 up");
	sb = fresh;
	answer_session(&s, PROGRAM_TELLS_JSON, &sb);
	assert_string_equal(text, "{ \"exabgp\": \"4.0.1\", \"time\": 1700000000.000005, "
				  "\"host\" : \"h\", \"pid\" : 7, \"ppid\" : 1, \"counter\": 3, "
				  "\"type\": \"state\", \"neighbor\": { \"address\": { \"local\": "
				  "\"10.0.0.2\", \"peer\": \"10.0.0.1\" }, \"asn\": { \"local\": "
				  "65001, \"peer\": 65000 } , \"state\": \"up\" } }");
	s.up = false;
	s.why = "a \"b\" [c] {d}\n";
	sb = fresh;
	answer_session(&s, PROGRAM_TELLS_TEXT, &sb);
	assert_string_equal(text, "neighbor 10.0.0.1 down - a \"b\" [c] {d}?");
	sb = fresh;
	answer_session(&s, PROGRAM_TELLS_JSON, &sb);
	assert_non_null(
		strstr(text, "\"state\": \"down\", \"reason\": \"a \\\"b\\\" (c) (d)?\" } }"));
}

static void routes_and_peers_shown(void **state)
{
	(void)state;
	static const char line[] =
		"announce route 198.18.0.1 next-hop self origin igp as-path [ 1 2 ] "
		"local-preference 3 med 4 community [ 1:1 ] large-community [ 1:2:3 ] "
		"extended-community [ target:1:2 ]";
	char text[512];
	const struct bgp_peer_config config = { .addr = { AF_INET, { 10, 0, 0, 1 } } };
	struct bgp_peer_status peer = { .config = &config,
					.peer_as = 65000,
					.established_since = 100 * USEC_PER_SEC,
					.sent.update = 5,
					.received.update = 6 };
	const struct strbuf fresh = strbuf_over(text, sizeof(text));
	struct strbuf sb = fresh;
	struct line l;
	assert_int_equal(line_parse(line, strlen(line), 1, &l, NULL), 0);
	answer_route(&config, &l.prefixes[0], l.spec, false, &sb);
	assert_string_equal(text, "neighbor 10.0.0.1 ipv4 unicast 198.18.0.1/32 next-hop self");
	sb = fresh;
	answer_route(&config, &l.prefixes[0], l.spec, true, &sb);
	assert_string_equal(text, "neighbor 10.0.0.1 ipv4 unicast 198.18.0.1/32 next-hop self "
				  "origin igp as-path [ 1 2 ] local-preference 3 med 4 community [ "
				  "1:1 ] large-community [ 1:2:3 ] extended-community [ "
				  "0x0002000100000002 ]");
	line_done(&l);
	sb = fresh;
	answer_summary(&peer, 3800 * USEC_PER_SEC, &sb);
	assert_string_equal(text,
			    "10.0.0.1        65000     1:01:40 established           5          6");
}

static void peers_in_the_summary(void **state)
{
	(void)state;
	static const struct {
		mono_t since;
		const char *row;
	} cases[] = {
		{ USEC_NEVER,
		  "10.0.0.1        4200000001      down idle                  1          2" },
		{ 90000 * USEC_PER_SEC,
		  "10.0.0.1        4200000001   0:00:00 established           1          2" },
		{ 90000 * USEC_PER_SEC - 1,
		  "10.0.0.1        4200000001   0:00:00 established           1          2" },
		{ 89999 * USEC_PER_SEC,
		  "10.0.0.1        4200000001   0:00:01 established           1          2" },
		{ 86401 * USEC_PER_SEC,
		  "10.0.0.1        4200000001   0:59:59 established           1          2" },
		{ 79139 * USEC_PER_SEC,
		  "10.0.0.1        4200000001   3:01:01 established           1          2" },
		{ 0, "10.0.0.1        4200000001  25:00:00 established           1          2" },
	};
	const struct bgp_peer_config config = { .addr = { AF_INET, { 10, 0, 0, 1 } } };
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char text[256];
		struct strbuf sb = strbuf_over(text, sizeof(text));
		const struct bgp_peer_status peer = { .config = &config,
						      .peer_as = 4200000001,
						      .established_since = cases[i].since,
						      .sent.update = 1,
						      .received.update = 2 };
		answer_summary(&peer, 90000 * USEC_PER_SEC, &sb);
		assert_string_equal(text, cases[i].row);
	}
}

static void routes_with_what_they_have(void **state)
{
	(void)state;
	static const struct {
		const char *line, *attrs;
	} cases[] = {
		{ "announce route 198.18.0.1 next-hop self",
		  "ipv4 unicast 198.18.0.1/32 next-hop self" },
		{ "announce route 2001:db8::1 next-hop 2001:db8::2",
		  "ipv6 unicast 2001:db8::1/128 next-hop 2001:db8::2" },
		{ "announce route 198.18.0.1 next-hop self as-path [ ]",
		  "ipv4 unicast 198.18.0.1/32 next-hop self as-path [ ]" },
		{ "announce route 198.18.0.1 next-hop self med 0",
		  "ipv4 unicast 198.18.0.1/32 next-hop self med 0" },
		{ "announce route 198.18.0.1 next-hop self local-preference 0",
		  "ipv4 unicast 198.18.0.1/32 next-hop self local-preference 0" },
		{ "announce route 198.18.0.1 next-hop self community [ 1:1 2:2 ]",
		  "ipv4 unicast 198.18.0.1/32 next-hop self community [ 1:1 2:2 ]" },
		{ "announce route 198.18.0.1 next-hop self large-community [ 1:1:1 2:2:2 ]",
		  "ipv4 unicast 198.18.0.1/32 next-hop self large-community [ 1:1:1 2:2:2 ]" },
		{ "announce route 198.18.0.1 next-hop self extended-community [ 1:1 2:2 ]",
		  "ipv4 unicast 198.18.0.1/32 next-hop self extended-community [ "
		  "0x0002000100000001 0x0002000200000002 ]" },
	};
	const struct bgp_peer_config config = { .addr = { AF_INET, { 10, 0, 0, 1 } } };
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char text[256], want[256];
		struct strbuf sb = strbuf_over(text, sizeof(text));
		struct line l;
		assert_int_equal(line_parse(cases[i].line, strlen(cases[i].line), 1, &l, NULL), 0);
		answer_route(&config, &l.prefixes[0], l.spec, true, &sb);
		snprintf(want, sizeof(want), "neighbor 10.0.0.1 %s", cases[i].attrs);
		assert_string_equal(text, want);
		line_done(&l);
	}
}

/* The address of its own end of a session: as configured, else as the session has it, else the one
 * that the path would take. */
static void the_own_address_of_a_session(void **state)
{
	(void)state;
	const struct addr a = { AF_INET, { 10, 0, 0, 7 } }, b = { AF_INET, { 10, 0, 0, 8 } },
			  c = { AF_INET, { 10, 0, 0, 9 } };
	const struct bgp_peer_config with = { .addr = { AF_INET, { 10, 0, 0, 1 } }, .local_ip = a },
				     without = { .addr = { AF_INET, { 10, 0, 0, 1 } } };
	const struct bgp_peer_status peers[] = {
		{ .config = &with, .local_addr = b, .path_source = c },
		{ .config = &without, .local_addr = b, .path_source = c },
		{ .config = &without, .path_source = c },
	};
	static const char *const own[] = { "\"local\": \"10.0.0.7\"", "\"local\": \"10.0.0.8\"",
					   "\"local\": \"10.0.0.9\"" };
	for (size_t i = 0; i < ARRAY_SIZE(peers); i++) {
		char text[1024] = "";
		struct strbuf sb = strbuf_over(text, sizeof(text));
		const struct answer_session s = {
			.peer = &peers[i], .up = true, .why = "", .host = "h"
		};
		answer_session(&s, PROGRAM_TELLS_JSON, &sb);
		assert_non_null(strstr(text, own[i]));
		text[0] = 0;
		sb = strbuf_over(text, sizeof(text));
		answer_session(&s, PROGRAM_TELLS_NOTHING, &sb);
		assert_string_equal(text, "");
	}
}

/* Readers of ExaBGP expect no bracket in a reason of JSON, and only ASCII in any reason. */
static void reasons_in_both_forms(void **state)
{
	(void)state;
	static const char why[] = "[{ }]\"\\ ~\x7f\x1f\xc3";
	const struct bgp_peer_config config = { .addr = { AF_INET, { 10, 0, 0, 1 } } };
	const struct bgp_peer_status peer = { .config = &config };
	const struct answer_session s = { .peer = &peer, .why = why, .host = "h" };
	char text[1024];
	struct strbuf sb = strbuf_over(text, sizeof(text));
	answer_session(&s, PROGRAM_TELLS_JSON, &sb);
	assert_non_null(strstr(text, "\"reason\": \"(( ))\\\"\\\\ ~???\" } }"));
	sb = strbuf_over(text, sizeof(text));
	answer_session(&s, PROGRAM_TELLS_TEXT, &sb);
	assert_string_equal(text, "neighbor 10.0.0.1 down - [{ }]\"\\ ~???");
}

/* ---- reloads ---- */

/* However many are asked for, one begins at once, and then one each RELOAD_PACE. */
static void reloads_are_few(void **state)
{
	(void)state;
	struct reload_pace p = { 0 };
	mono_t now = 5 * USEC_PER_SEC;
	assert_int_equal(reload_pace_ask(&p, now), now);
	assert_int_equal(reload_pace_ask(&p, now), USEC_NEVER);
	reload_pace_begin(&p, now);
	assert_int_equal(reload_pace_ask(&p, now + 1), now + RELOAD_PACE);
	for (mono_t t = now + 2; t < now + 2 * RELOAD_PACE; t += USEC_PER_SEC)
		assert_int_equal(reload_pace_ask(&p, t), USEC_NEVER);
	reload_pace_begin(&p, now + RELOAD_PACE);
	/* Nothing waits any more. */
	now += 5 * RELOAD_PACE;
	assert_int_equal(reload_pace_ask(&p, now), now);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_from_octets),
		cmocka_unit_test(a_buffer_with_part_of_a_line_is_not_empty),
		cmocka_unit_test(empty_lines_and_the_last_one),
		cmocka_unit_test(the_longest_line_comes_in_parts),
		cmocka_unit_test(a_long_line_is_dropped),
		cmocka_unit_test(routes_and_their_peers),
		cmocka_unit_test(each_peer_has_its_last_line),
		cmocka_unit_test(a_listing_is_of_one_time),
		cmocka_unit_test(peers_of_selectors),
		cmocka_unit_test(programs_that_want_none),
		cmocka_unit_test(programs_with_and_without_words),
		cmocka_unit_test(sessions_as_exabgp_tells_them),
		cmocka_unit_test(routes_and_peers_shown),
		cmocka_unit_test(peers_in_the_summary),
		cmocka_unit_test(routes_with_what_they_have),
		cmocka_unit_test(the_own_address_of_a_session),
		cmocka_unit_test(reasons_in_both_forms),
		cmocka_unit_test(reloads_are_few),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
