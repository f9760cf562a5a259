/* SPDX-License-Identifier: MIT */
/*
 * The last known state, over the life of a node. A case is a list of answers, in a small
 * language: the services of the catalog or the checks of the node, one letter each.
 *
 *	catalog "ab"      services a and b are there
 *	checks  "a+ b- "  a's check passes, b's is critical ('?' never ran, '!' warning, '1' with
 *	                  an output of one octet); "n-" is a check of the node, "s-" its serfHealth
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "consul/catalog.h"
#include "lib/array.h"
#include "lib/mem.h"

#define NOW (1000 * USEC_PER_SEC)

enum answer_kind { END, CATALOG, CHECKS };

struct answer {
	enum answer_kind kind;
	const char *text;
	enum consul_use use;
	bool reset, regained;
	bool early; /* was asked for before the answer in front of it came */
	mono_t after;
	const char *want; /* of service a: '+', '-' or '?' */
};

static struct consul_services catalog_of(const char *text)
{
	struct consul_services c = { .present = true };
	c.items = mem_new(strlen(text), sizeof(c.items[0]));
	for (; *text; text++) {
		const char name[] = { *text, 0 };
		c.items[c.n++] =
			(struct consul_service){ .id = mem_strdup(name), .name = mem_strdup(name) };
	}
	return c;
}

static struct consul_checks checks_of(const char *text)
{
	struct consul_checks c = { 0 };
	c.items = mem_new(strlen(text), sizeof(c.items[0]));
	/* In the order of the services, as the parser leaves them. */
	for (const char *order = "nsab"; *order; order++)
		for (const char *p = text; *p; p++) {
			if (*p != *order)
				continue;
			char service[] = { *p, 0 };
			if (*p == 'n' || *p == 's')
				service[0] = 0;
			c.items[c.n++] = (struct consul_check){
				.id = mem_strdup(*p == 's' ? "serfHealth" : "c"),
				.service = mem_strdup(service),
				.output = mem_strdup(p[1] == '?'   ? ""
						     : p[1] == '1' ? "1"
								   : "text"),
				.status = p[1] == '+'   ? CONSUL_PASSING
					  : p[1] == '!' ? CONSUL_WARNING
							: CONSUL_CRITICAL,
			};
		}
	return c;
}

static char judged(const struct consul_catalog *s, mono_t now)
{
	char said[CONSUL_SAID_MAX];
	switch (consul_catalog_judge(s, "a", now, said)) {
	case CONSUL_PASSES:
		return '+';
	case CONSUL_FAILS:
		return '-';
	case CONSUL_UNKNOWN:
		return '?';
	}
	return 0;
}

#define FOLLOW .use = CONSUL_FOLLOW
#define MERGE  .use = CONSUL_MERGE

static const struct story {
	const char *name;
	bool warning_fails;
	struct answer answers[12];
} stories[] = {
	{ "nothing is known before both have answered",
	  false,
	  { { CATALOG, "a", FOLLOW, .want = "?" }, { CHECKS, "s+ a+", FOLLOW, .want = "+" } } },
	{ "the other order",
	  false,
	  { { CHECKS, "s+ a+", FOLLOW, .want = "?" }, { CATALOG, "a", FOLLOW, .want = "+" } } },
	{ "a check changes",
	  false,
	  { { CATALOG, "a", FOLLOW, .want = "?" },
	    { CHECKS, "a+", FOLLOW, .want = "+" },
	    { CHECKS, "a-", FOLLOW, .want = "-" },
	    { CHECKS, "a?", FOLLOW, .want = "-" },
	    { CHECKS, "a!", FOLLOW, .want = "+" } } },
	{ "warning can fail",
	  true,
	  { { CATALOG, "a", FOLLOW, .want = "?" }, { CHECKS, "a!", FOLLOW, .want = "-" } } },
	{ "all checks of a service must pass, others' do not matter",
	  false,
	  { { CATALOG, "ab", FOLLOW, .want = "?" },
	    { CHECKS, "a+ a+ b-", FOLLOW, .want = "+" },
	    { CHECKS, "a+ a- b+", FOLLOW, .want = "-" } } },
	{ "the node's checks count for all",
	  false,
	  { { CATALOG, "a", FOLLOW, .want = "?" },
	    { CHECKS, "a+ s+ n-", FOLLOW, .want = "-" },
	    { CHECKS, "a+ s-", FOLLOW, .want = "-" },
	    { CHECKS, "a+ s+", FOLLOW, .want = "+" } } },
	{ "no such service",
	  false,
	  { { CATALOG, "b", FOLLOW, .want = "?" }, { CHECKS, "", FOLLOW, .want = "-" } } },
	{ "without checks: only an answer that was asked for later says so",
	  false,
	  { { CHECKS, "s+", FOLLOW, .want = "?" },
	    { CATALOG, "a", FOLLOW, .want = "?" },
	    { CHECKS, "s+", FOLLOW, .early = true, .want = "?" },
	    { CHECKS, "s+", FOLLOW, .want = "+" } } },
	{ "a new service whose first check comes late is never up meanwhile",
	  false,
	  { { CHECKS, "s+", FOLLOW, .want = "?" },
	    { CATALOG, "a", FOLLOW, .want = "?" },
	    { CHECKS, "s+ a?", FOLLOW, .early = true, .want = "-" } } },
	{ "checks that go with their service do not pass",
	  false,
	  { { CATALOG, "a", FOLLOW, .want = "?" },
	    { CHECKS, "a-", FOLLOW, .want = "-" },
	    { CHECKS, "", FOLLOW, .want = "?" },
	    { CATALOG, "a", FOLLOW, .early = true, .want = "?" },
	    { CATALOG, "", FOLLOW, .want = "-" } } },
	{ "checks that go alone are",
	  false,
	  { { CATALOG, "a", FOLLOW, .want = "?" },
	    { CHECKS, "a-", FOLLOW, .want = "-" },
	    { CHECKS, "", FOLLOW, .want = "?" },
	    { CATALOG, "a", MERGE, .want = "+" } } },
	{ "a deregistration",
	  false,
	  { { CATALOG, "ab", FOLLOW, .want = "?" },
	    { CHECKS, "a+", FOLLOW, .want = "+" },
	    { CATALOG, "b", FOLLOW, .want = "-" } } },
	{ "lost and retained, whatever follows, until it is back",
	  false,
	  { { CATALOG, "ab", FOLLOW, .want = "?" },
	    { CHECKS, "a+", FOLLOW, .want = "+" },
	    { CATALOG, "b", MERGE, .reset = true, .want = "?" },
	    { CHECKS, "s+", FOLLOW, .want = "?" },
	    { CATALOG, "b", FOLLOW, .want = "?" },
	    { CATALOG, "ab", FOLLOW, .want = "?" },
	    { CHECKS, "s+ a?", FOLLOW, .want = "?" },
	    { CHECKS, "s+ a+", FOLLOW, .want = "+" },
	    { CHECKS, "s+ a?", FOLLOW, .want = "-" },
	    { CATALOG, "b", FOLLOW, .want = "-" } } },
	{ "a check that did not run is doubted for half a minute after contact was regained",
	  false,
	  { { CATALOG, "a", FOLLOW, .want = "?" },
	    { CHECKS, "a+ s+", FOLLOW, .want = "+" },
	    { CHECKS, "a+ s+", MERGE, .regained = true, .want = "+" },
	    { CHECKS, "a? s+", FOLLOW, .want = "?" },
	    { CHECKS, "a? s+", FOLLOW, .after = CONSUL_SETTLE - 1, .want = "?" },
	    { CHECKS, "a? s+", FOLLOW, .after = 1, .want = "-" } } },
	{ "but not one that says why, nor one of a service that failed before",
	  false,
	  { { CATALOG, "a", FOLLOW, .want = "?" },
	    { CHECKS, "a+ s+", FOLLOW, .want = "+" },
	    { CHECKS, "a- s+", MERGE, .regained = true, .want = "-" },
	    { CHECKS, "a? s+", FOLLOW, .regained = true, .want = "-" } } },
	{ "a check that ran meanwhile is doubted no longer",
	  false,
	  { { CATALOG, "a", FOLLOW, .want = "?" },
	    { CHECKS, "a+ s+", FOLLOW, .want = "+" },
	    { CHECKS, "a? s+", MERGE, .regained = true, .want = "?" },
	    { CHECKS, "a+ s+", FOLLOW, .want = "+" },
	    { CHECKS, "a? s+", FOLLOW, .want = "-" } } },
	{ "each loss of contact has half a minute of its own",
	  false,
	  { { CATALOG, "a", FOLLOW, .want = "?" },
	    { CHECKS, "a+ s+", FOLLOW, .want = "+" },
	    { CHECKS, "a? s+", MERGE, .regained = true, .want = "?" },
	    { CHECKS, "a? s+", MERGE, .regained = true, .after = CONSUL_SETTLE - 1, .want = "?" },
	    { CHECKS, "a? s+", FOLLOW, .after = CONSUL_SETTLE - 1, .want = "?" },
	    { CHECKS, "a? s+", FOLLOW, .after = 1, .want = "-" } } },
	{ "what was doubted before the loss says nothing of after it",
	  false,
	  { { CATALOG, "a", FOLLOW, .want = "?" },
	    { CHECKS, "a+ s+", FOLLOW, .want = "+" },
	    { CHECKS, "a? s-", MERGE, .regained = true, .want = "?" },
	    { CHECKS, "a+ s+", MERGE, .regained = true, .want = "+" },
	    { CHECKS, "a? s+", FOLLOW, .want = "?" },
	    { CHECKS, "a+ s-", FOLLOW, .want = "?" } } },
	{ "a check of the node that never ran is doubted as well",
	  false,
	  { { CATALOG, "a", FOLLOW, .want = "?" },
	    { CHECKS, "a+ n+", FOLLOW, .want = "+" },
	    { CHECKS, "a+ n?", MERGE, .regained = true, .want = "?" },
	    { CHECKS, "a+ n-", FOLLOW, .want = "-" } } },
	{ "a failure outweighs a doubt in front of it",
	  false,
	  { { CATALOG, "a", FOLLOW, .want = "?" },
	    { CHECKS, "a+ a+ s+", FOLLOW, .want = "+" },
	    { CHECKS, "a? a- s+", MERGE, .regained = true, .want = "-" } } },
	{ "a reset is doubted as a loss of contact is",
	  false,
	  { { CATALOG, "a", FOLLOW, .want = "?" },
	    { CHECKS, "a+ s+", FOLLOW, .want = "+" },
	    { CHECKS, "a? s+", MERGE, .reset = true, .want = "?" } } },
	{ "back after a reset: its first check is doubted, but not for ever",
	  false,
	  { { CATALOG, "ab", FOLLOW, .want = "?" },
	    { CHECKS, "a+", FOLLOW, .want = "+" },
	    { CATALOG, "b", MERGE, .reset = true, .want = "?" },
	    { CATALOG, "ab", FOLLOW, .after = CONSUL_SETTLE, .want = "?" },
	    { CHECKS, "a?", FOLLOW, .want = "?" },
	    { CHECKS, "a?", FOLLOW, .after = CONSUL_SETTLE - 1, .want = "?" },
	    { CHECKS, "a?", FOLLOW, .after = 1, .want = "-" } } },
	{ "checks that were there before their service are missed when they go",
	  false,
	  { { CHECKS, "a+", FOLLOW, .want = "?" },
	    { CATALOG, "a", FOLLOW, .want = "+" },
	    { CHECKS, "", FOLLOW, .want = "?" } } },
	{ "checks that come back answer for their service",
	  false,
	  { { CATALOG, "a", FOLLOW, .want = "?" },
	    { CHECKS, "a-", FOLLOW, .want = "-" },
	    { CHECKS, "", FOLLOW, .want = "?" },
	    { CHECKS, "a+", FOLLOW, .want = "+" } } },
	{ "contact that is regained by an answer about services",
	  false,
	  { { CHECKS, "a+ s+", FOLLOW, .want = "?" },
	    { CATALOG, "a", FOLLOW, .want = "+" },
	    { CATALOG, "a", MERGE, .regained = true, .want = "+" },
	    { CHECKS, "a? s+", FOLLOW, .want = "?" },
	    { CATALOG, "a", MERGE, .regained = true, .want = "?" },
	    { CHECKS, "a+ s+", FOLLOW, .want = "+" },
	    { CHECKS, "a? s+", FOLLOW, .want = "-" } } },
	{ "what was doubted before a service was lost says nothing of after it",
	  false,
	  { { CATALOG, "ab", FOLLOW, .want = "?" },
	    { CHECKS, "a+ s+", FOLLOW, .want = "+" },
	    { CHECKS, "a? s+", MERGE, .regained = true, .want = "?" },
	    { CATALOG, "b", MERGE, .want = "?" },
	    { CHECKS, "a+ s+", FOLLOW, .want = "?" },
	    { CATALOG, "ab", FOLLOW, .want = "?" },
	    { CHECKS, "a? s+", FOLLOW, .want = "?" } } },
	{ "the shortest output tells that a check ran",
	  false,
	  { { CATALOG, "a", FOLLOW, .want = "?" },
	    { CHECKS, "a+ s+", FOLLOW, .want = "+" },
	    { CHECKS, "a1 s+", MERGE, .regained = true, .want = "-" } } },
	{ "a doubted check behind one that ran",
	  false,
	  { { CATALOG, "a", FOLLOW, .want = "?" },
	    { CHECKS, "a+ a+ s+", FOLLOW, .want = "+" },
	    { CHECKS, "a+ a? s+", MERGE, .regained = true, .want = "?" },
	    { CHECKS, "a+ a+ s+", FOLLOW, .want = "+" },
	    { CHECKS, "a+ a? s+", FOLLOW, .want = "-" } } },
	{ "answers that were asked for together",
	  false,
	  { { CATALOG, "a", FOLLOW, .want = "?" },
	    { CHECKS, "", FOLLOW, .early = true, .want = "?" } } },
	{ "checks that vanish from such an answer",
	  false,
	  { { CHECKS, "a+", FOLLOW, .want = "?" },
	    { CATALOG, "a", FOLLOW, .early = true, .want = "+" },
	    { CHECKS, "", FOLLOW, .early = true, .want = "?" } } },
	{ "serfHealth is doubted for half a minute",
	  false,
	  { { CATALOG, "a", FOLLOW, .want = "?" },
	    { CHECKS, "a+ s+", FOLLOW, .want = "+" },
	    { CHECKS, "a+ s-", MERGE, .regained = true, .want = "?" },
	    { CHECKS, "a+ s-", FOLLOW, .after = CONSUL_SETTLE - 1, .want = "?" },
	    { CHECKS, "a+ s-", FOLLOW, .after = 1, .want = "-" } } },
	{ "serfHealth after contact was regained",
	  false,
	  { { CATALOG, "a", FOLLOW, .want = "?" },
	    { CHECKS, "a+ s+", FOLLOW, .want = "+" },
	    { CHECKS, "a+ s-", MERGE, .regained = true, .want = "?" },
	    { CHECKS, "a+ s+", FOLLOW, .want = "+" },
	    { CHECKS, "a+ s-", FOLLOW, .want = "-" } } },
};

static void play(const struct story *story)
{
	struct consul_catalog s;
	uint64_t asked = 0;
	mono_t now = NOW;
	consul_catalog_init(&s, story->warning_fails, USEC_NEVER);
	for (const struct answer *a = story->answers; a->kind != END; a++) {
		const struct consul_step step = { .use = a->use,
						  .reset = a->reset,
						  .regained = a->regained };
		uint64_t question = a->early ? asked : ++asked;
		struct consul_services catalog = { 0 };
		struct consul_checks checks = { 0 };
		now += a->after;
		if (a->kind == CATALOG) {
			catalog = catalog_of(a->text);
			consul_catalog_apply_services(&s, &catalog, &step, question, asked, now);
		} else {
			checks = checks_of(a->text);
			consul_catalog_apply_checks(&s, &checks, &step, question, asked, now);
		}
		if (judged(&s, now) != a->want[0])
			fail_msg("%s: answer %zu: '%c' instead of '%s'", story->name,
				 (size_t)(a - story->answers) + 1, judged(&s, now), a->want);
	}
	consul_catalog_done(&s);
}

static void test_stories(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(stories); i++)
		play(&stories[i]);
}

static void apply(struct consul_catalog *s, const char *services, const char *checks,
		  enum consul_use how)
{
	const struct consul_step step = { .use = how };
	struct consul_services catalog = catalog_of(services);
	struct consul_checks c = checks_of(checks);
	consul_catalog_apply_services(s, &catalog, &step, 1, 1, NOW);
	consul_catalog_apply_checks(s, &c, &step, 2, 1, NOW);
}

static void test_max_stale(void **state)
{
	(void)state;
	struct consul_catalog s;
	consul_catalog_init(&s, false, 10);
	apply(&s, "ab", "a+", CONSUL_FOLLOW);
	assert_int_equal(consul_catalog_deadline(&s, NOW), USEC_NEVER);
	s.stale_since = NOW;
	assert_int_equal(consul_catalog_deadline(&s, NOW), NOW + 10);
	assert_int_equal(judged(&s, NOW + 9), '+');
	assert_int_equal(judged(&s, NOW + 10), '-');
	s.stale_since = USEC_NEVER;
	assert_int_equal(judged(&s, NOW + 10), '+');
	/* A retained service becomes stale, too. */
	apply(&s, "b", "", CONSUL_MERGE);
	assert_int_equal(consul_catalog_deadline(&s, NOW), NOW + 10);
	assert_int_equal(judged(&s, NOW + 9), '?');
	assert_int_equal(judged(&s, NOW + 10), '-');
	consul_catalog_done(&s);
}

/* The next moment at which a judgement may change without an answer. */
static void test_deadline_of_a_doubt(void **state)
{
	(void)state;
	struct consul_catalog s;
	const struct consul_step regained = { .use = CONSUL_MERGE, .regained = true };
	struct consul_checks c = checks_of("a? s+");
	consul_catalog_init(&s, false, 2 * CONSUL_SETTLE);
	apply(&s, "a", "a+ s+", CONSUL_FOLLOW);
	consul_catalog_apply_checks(&s, &c, &regained, 3, 3, NOW);
	assert_true(consul_catalog_deadline(&s, NOW) == NOW + CONSUL_SETTLE);
	assert_true(consul_catalog_deadline(&s, NOW + CONSUL_SETTLE - 1) == NOW + CONSUL_SETTLE);
	assert_true(consul_catalog_deadline(&s, NOW + CONSUL_SETTLE) == USEC_NEVER);
	s.stale_since = NOW;
	assert_true(consul_catalog_deadline(&s, NOW + CONSUL_SETTLE) == NOW + 2 * CONSUL_SETTLE);
	assert_true(consul_catalog_deadline(&s, NOW + 2 * CONSUL_SETTLE) == USEC_NEVER);
	consul_catalog_done(&s);
}

/* Each of the moments alone, and the nearest of several. */
static void test_deadlines(void **state)
{
	(void)state;
	struct consul_catalog s;
	consul_catalog_init(&s, false, 10);
	s.settle_until = NOW + 5;
	assert_true(consul_catalog_deadline(&s, NOW + 4) == NOW + 5);
	assert_true(consul_catalog_deadline(&s, NOW + 5) == USEC_NEVER);
	apply(&s, "ab", "", CONSUL_FOLLOW);
	for (struct consul_entry *e = s.entries; e; e = e->hh.next) {
		s.settle_until = NOW + 9;
		e->settle_until = NOW + 8;
		assert_true(consul_catalog_deadline(&s, NOW) == NOW + 8);
		assert_true(consul_catalog_deadline(&s, NOW + 8) == NOW + 9);
		e->retained_since = NOW - 3;
		assert_true(consul_catalog_deadline(&s, NOW) == NOW + 7);
		assert_true(consul_catalog_deadline(&s, NOW + 7) == NOW + 8);
		s.stale_since = NOW - 4;
		assert_true(consul_catalog_deadline(&s, NOW) == NOW + 6);
		assert_true(consul_catalog_deadline(&s, NOW + 6) == NOW + 7);
		s.stale_since = e->retained_since = USEC_NEVER;
		s.settle_until = NOW + 7;
		assert_true(consul_catalog_deadline(&s, NOW) == NOW + 7);
		s.settle_until = e->settle_until = 0;
		assert_true(consul_catalog_deadline(&s, NOW) == USEC_NEVER);
	}
	consul_catalog_done(&s);
}

static bool fails_away(const struct consul_catalog *s, mono_t now, mono_t at)
{
	mono_t found = 0;
	return consul_catalog_fails_away(s, "a", now, &found) && found == at;
}

/* Effect on a service when Consul stops answering. */
static void test_away(void **state)
{
	(void)state;
	struct consul_catalog s;
	const struct consul_step regained = { .use = CONSUL_MERGE, .regained = true };
	struct consul_checks c = checks_of("a? s+");
	consul_catalog_init(&s, false, USEC_NEVER);
	assert_false(consul_catalog_fails_away(&s, "a", NOW, NULL));
	apply(&s, "a", "a+ s+", CONSUL_FOLLOW);
	assert_false(consul_catalog_fails_away(&s, "a", NOW, NULL));
	assert_true(consul_catalog_fails_away(&s, "b", NOW, NULL));
	s.max_stale = 2 * CONSUL_SETTLE;
	assert_true(fails_away(&s, NOW + 5, NOW + 5 + 2 * CONSUL_SETTLE));
	s.stale_since = NOW; /* it is away already */
	assert_true(fails_away(&s, NOW + 5, NOW + 2 * CONSUL_SETTLE));
	assert_true(fails_away(&s, NOW + 3 * CONSUL_SETTLE, NOW + 3 * CONSUL_SETTLE));
	/* A doubted result stays doubted for a while. */
	s.stale_since = USEC_NEVER;
	consul_catalog_apply_checks(&s, &c, &regained, 3, 3, NOW);
	assert_int_equal(judged(&s, NOW), '?');
	assert_true(fails_away(&s, NOW + 5, NOW + CONSUL_SETTLE));
	apply(&s, "a", "a- s+", CONSUL_FOLLOW);
	assert_true(fails_away(&s, NOW + 5, NOW + 5));
	consul_catalog_done(&s);
}

/* The doubt about the node ends by itself, and so do that about the service and its retention. */
static void test_away_with_one_reason(void **state)
{
	(void)state;
	struct consul_catalog s;
	consul_catalog_init(&s, false, USEC_NEVER);
	apply(&s, "a", "a+ n+", CONSUL_FOLLOW);
	apply(&s, "a", "a+ n?", CONSUL_FOLLOW);
	s.entries->passed = true;
	s.settle_until = NOW + 5;
	assert_true(fails_away(&s, NOW + 1, NOW + 5));
	s.settle_until = 0;
	assert_true(fails_away(&s, NOW + 1, NOW + 1));
	apply(&s, "a", "a? n+", CONSUL_FOLLOW);
	s.entries->passed = true;
	s.entries->settle_until = NOW + 6;
	assert_true(fails_away(&s, NOW + 1, NOW + 6));
	assert_true(fails_away(&s, NOW + 6, NOW + 6));
	s.max_stale = 20;
	s.entries->settle_until = USEC_NEVER;
	assert_true(fails_away(&s, NOW + 1, NOW + 21));
	s.entries->retained_since = NOW;
	assert_true(fails_away(&s, NOW + 1, NOW + 20));
	consul_catalog_done(&s);
}

/* Which question is still open: the answer to one that was asked later closes it. */
static void test_needs(void **state)
{
	(void)state;
	struct consul_catalog s;
	const struct consul_step follow = { .use = CONSUL_FOLLOW };
	consul_catalog_init(&s, false, USEC_NEVER);
	assert_false(consul_catalog_needs_checks(&s));
	assert_false(consul_catalog_needs_services(&s));
	struct consul_services services = catalog_of("ab");
	consul_catalog_apply_services(&s, &services, &follow, 1, 1, NOW);
	assert_true(consul_catalog_needs_checks(&s));
	struct consul_checks c = checks_of("a+ b+");
	consul_catalog_apply_checks(&s, &c, &follow, 2, 2, NOW);
	assert_false(consul_catalog_needs_checks(&s));
	assert_false(consul_catalog_needs_services(&s));
	c = checks_of("b+"); /* those of a are gone: is a? */
	consul_catalog_apply_checks(&s, &c, &follow, 3, 3, NOW);
	assert_true(consul_catalog_needs_services(&s));
	services = catalog_of("ab");
	consul_catalog_apply_services(&s, &services, &follow, 3, 3, NOW);
	assert_true(consul_catalog_needs_services(&s));
	services = catalog_of("ab");
	consul_catalog_apply_services(&s, &services, &follow, 4, 4, NOW);
	assert_false(consul_catalog_needs_services(&s));
	consul_catalog_doubt_checks(&s, 4);
	assert_true(consul_catalog_needs_checks(&s));
	c = checks_of("b+");
	consul_catalog_apply_checks(&s, &c, &follow, 4, 4, NOW);
	assert_true(consul_catalog_needs_checks(&s)); /* a has none: this one says nothing new */
	c = checks_of("b+");
	consul_catalog_apply_checks(&s, &c, &follow, 5, 5, NOW);
	assert_false(consul_catalog_needs_checks(&s));
	consul_catalog_done(&s);
	/* From the first question on. */
	consul_catalog_init(&s, false, USEC_NEVER);
	c = checks_of("b+");
	consul_catalog_apply_checks(&s, &c, &follow, 1, 1, NOW);
	services = catalog_of("ab");
	consul_catalog_apply_services(&s, &services, &follow, 1, 1, NOW);
	assert_false(consul_catalog_needs_services(&s));
	c = checks_of("a+");
	consul_catalog_apply_checks(&s, &c, &follow, 1, 1, NOW);
	assert_true(consul_catalog_needs_services(&s));
	consul_catalog_done(&s);
}

/* A service with an instance more, other tags, another proxied service or flaw has changed. */
static void test_what_is_a_change(void **state)
{
	static const struct {
		const char *tags[2], *proxied, *flaw;
		size_t n_tags, n_items;
		const char *id; /* of the last instance, as are the others; NULL: a */
	} cases[] = {
		{ { NULL }, NULL, NULL, 0, 1, NULL },
		{ { "x", NULL }, NULL, NULL, 1, 1, NULL },
		{ { "y", NULL }, NULL, NULL, 1, 1, NULL },
		{ { "y", "z" }, NULL, NULL, 2, 1, NULL },
		{ { "y", "w" }, NULL, NULL, 2, 1, NULL },
		{ { "y", "w" }, "p", NULL, 2, 1, NULL },
		{ { "y", "w" }, "q", NULL, 2, 1, NULL },
		{ { "y", "w" }, "q", "f", 2, 1, NULL },
		{ { "y", "w" }, "q", "g", 2, 1, NULL },
		{ { "y", "w" }, "q", "g", 2, 2, NULL },
		{ { "y", "w" }, "q", "g", 2, 2, "z" },
		{ { "y", "v" }, "q", "g", 2, 2, "z" },
		{ { "y", "v" }, "p", "g", 2, 2, "z" },
		{ { "y", "v" }, "p", "f", 2, 2, "z" },
		{ { "x", "v" }, "p", "f", 2, 2, "z" },
		{ { NULL }, "p", "f", 0, 2, "z" },
		{ { NULL }, NULL, NULL, 0, 1, NULL },
	};
	struct consul_catalog s;
	const struct consul_step follow = { .use = CONSUL_FOLLOW };
	(void)state;
	consul_catalog_init(&s, false, USEC_NEVER);
	for (size_t i = 0; i < 2 * ARRAY_SIZE(cases); i++) {
		uint64_t before = s.generation;
		struct consul_services services =
			catalog_of(cases[i / 2].n_items == 1 ? "a" : "aa");
		struct consul_service *a = &services.items[services.n - 1];
		a->n_tags = cases[i / 2].n_tags;
		a->tags = a->n_tags ? mem_new(a->n_tags, sizeof(*a->tags)) : NULL;
		for (size_t t = 0; t < a->n_tags; t++)
			a->tags[t] = mem_strdup(cases[i / 2].tags[t]);
		a->proxied = cases[i / 2].proxied ? mem_strdup(cases[i / 2].proxied) : NULL;
		a->flaw = cases[i / 2].flaw ? mem_strdup(cases[i / 2].flaw) : NULL;
		if (cases[i / 2].id) {
			free(a->id);
			a->id = mem_strdup(cases[i / 2].id);
		}
		consul_catalog_apply_services(&s, &services, &follow, i + 1, i + 1, NOW);
		if ((s.generation > before) != (i % 2 == 0))
			fail_msg("case %zu, %s", i / 2, i % 2 ? "again" : "first");
	}
	consul_catalog_done(&s);
}

static void expect_said(const struct consul_catalog *s, const char *name, mono_t now,
			const char *wanted)
{
	char said[CONSUL_SAID_MAX];
	consul_catalog_judge(s, name, now, said);
	assert_string_equal(said, wanted);
}

static void test_what_is_said(void **state)
{
	(void)state;
	struct consul_catalog s;
	consul_catalog_init(&s, false, 10);
	expect_said(&s, "a", NOW, "no answer from Consul yet");
	struct consul_services first = catalog_of("a");
	struct consul_checks none = checks_of("");
	const struct consul_step follow = { .use = CONSUL_FOLLOW };
	consul_catalog_apply_checks(&s, &none, &follow, 1, 1, NOW);
	expect_said(&s, "a", NOW, "no answer from Consul yet");
	consul_catalog_apply_services(&s, &first, &follow, 2, 2, NOW);
	expect_said(&s, "a", NOW, "waiting for Consul to answer about its checks");
	apply(&s, "ab", "a1 b+ s+", CONSUL_FOLLOW);
	expect_said(&s, "a", NOW, "check 'c' is critical: 1");
	apply(&s, "ab", "a- b+ s+", CONSUL_FOLLOW);
	expect_said(&s, "a", NOW, "check 'c' is critical: text");
	expect_said(&s, "b", NOW, "");
	expect_said(&s, "c", NOW, "no service of this name registered on this node");
	apply(&s, "ab", "a? b+ s-", CONSUL_FOLLOW);
	expect_said(&s, "b", NOW, "the node's check 'serfHealth' is critical: text");
	apply(&s, "ab", "a? b+ s+", CONSUL_FOLLOW);
	expect_said(&s, "a", NOW, "check 'c' is critical");
	assert_string_equal(consul_catalog_find(&s, "a")->name, "a");
	assert_null(consul_catalog_find(&s, "c"));
	s.stale_since = NOW;
	expect_said(&s, "a", NOW + 10, "no answer from Consul for longer than consul_max_stale");
	s.stale_since = USEC_NEVER;
	apply(&s, "b", "", CONSUL_MERGE);
	expect_said(&s, "a", NOW,
		    "Consul state was reset and lost this service: its last health is retained");
	expect_said(&s, "a", NOW + 10,
		    "retained after a reset of Consul state for longer than consul_max_stale");
	consul_catalog_done(&s);
}

static void test_generation_tells_of_changes_only(void **state)
{
	(void)state;
	struct consul_catalog s;
	consul_catalog_init(&s, false, USEC_NEVER);
	apply(&s, "ab", "a+", CONSUL_FOLLOW);
	uint64_t before = s.generation;
	apply(&s, "ab", "a-", CONSUL_FOLLOW);
	assert_int_equal(s.generation, before);
	apply(&s, "a", "a-", CONSUL_FOLLOW);
	assert_true(s.generation > before);
	before = s.generation;
	apply(&s, "", "", CONSUL_MERGE); /* retained */
	assert_true(s.generation > before);
	before = s.generation;
	apply(&s, "", "", CONSUL_FOLLOW);
	assert_int_equal(s.generation, before);
	apply(&s, "a", "", CONSUL_FOLLOW); /* back */
	assert_true(s.generation > before);
	consul_catalog_done(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stories),
		cmocka_unit_test(test_max_stale),
		cmocka_unit_test(test_deadline_of_a_doubt),
		cmocka_unit_test(test_deadlines),
		cmocka_unit_test(test_away),
		cmocka_unit_test(test_away_with_one_reason),
		cmocka_unit_test(test_needs),
		cmocka_unit_test(test_what_is_a_change),
		cmocka_unit_test(test_what_is_said),
		cmocka_unit_test(test_generation_tells_of_changes_only),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
