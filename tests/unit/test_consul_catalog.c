/* SPDX-License-Identifier: MIT */
/*
 * The last known state, over the life of a node. A case is a list of answers, in a small
 * language: the services of the catalog or the checks of the node, one letter each.
 *
 *	catalog "ab"      services a and b are there
 *	checks  "a+ b- "  a's check passes, b's is critical ('?' never ran, '!' warning); "n-" is a
 *	                  check of the node, "s-" its serfHealth
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <ctype.h>
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
				.output = mem_strdup(p[1] == '?' ? "" : "text"),
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
	{ "checks that go with their service are no pass",
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

static void take(struct consul_catalog *s, const char *services, const char *checks,
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
	take(&s, "ab", "a+", CONSUL_FOLLOW);
	assert_int_equal(consul_catalog_deadline(&s, NOW), USEC_NEVER);
	s.stale_since = NOW;
	assert_int_equal(consul_catalog_deadline(&s, NOW), NOW + 10);
	assert_int_equal(judged(&s, NOW + 9), '+');
	assert_int_equal(judged(&s, NOW + 10), '-');
	s.stale_since = USEC_NEVER;
	assert_int_equal(judged(&s, NOW + 10), '+');
	/* A retained service becomes stale, too. */
	take(&s, "b", "", CONSUL_MERGE);
	assert_int_equal(consul_catalog_deadline(&s, NOW), NOW + 10);
	assert_int_equal(judged(&s, NOW + 9), '?');
	assert_int_equal(judged(&s, NOW + 10), '-');
	consul_catalog_done(&s);
}

static void test_generation_tells_of_changes_only(void **state)
{
	(void)state;
	struct consul_catalog s;
	consul_catalog_init(&s, false, USEC_NEVER);
	take(&s, "ab", "a+", CONSUL_FOLLOW);
	uint64_t before = s.generation;
	take(&s, "ab", "a-", CONSUL_FOLLOW);
	assert_int_equal(s.generation, before);
	take(&s, "a", "a-", CONSUL_FOLLOW);
	assert_true(s.generation > before);
	before = s.generation;
	take(&s, "", "", CONSUL_MERGE); /* retained */
	assert_true(s.generation > before);
	before = s.generation;
	take(&s, "", "", CONSUL_FOLLOW);
	assert_int_equal(s.generation, before);
	take(&s, "a", "", CONSUL_FOLLOW); /* back */
	assert_true(s.generation > before);
	consul_catalog_done(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stories),
		cmocka_unit_test(test_max_stale),
		cmocka_unit_test(test_generation_tells_of_changes_only),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
