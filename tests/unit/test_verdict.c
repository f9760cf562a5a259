/* SPDX-License-Identifier: MIT */
#include "lib/array.h"
#include "monitors/verdict.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

/* Results in, health after each out: + up, - down, ? unknown. */
static const struct {
	const char *name;
	uint16_t rise, fall;
	const char *results, *healths;
} cases[] = {
	{ "every result counts by default", 0, 0, "+-+--+", "+-+--+" },
	{ "one is the same as the default", 1, 1, "+-+--+", "+-+--+" },
	{ "the first failure", 1, 1, "-", "-" },
	{ "unknown says nothing at first", 1, 1, "??+", "??+" },
	{ "unknown keeps UP", 1, 1, "+????", "+++++" },
	{ "unknown keeps DOWN", 1, 1, "-????+", "-----+" },
	{ "three passes in a row", 3, 1, "+++-++-+++", "??+------+" },
	{ "three failures in a row", 1, 3, "+--+---", "++++++-" },
	{ "both", 2, 3, "++--+---+-++", "?++++++----+" },
	{ "unknown does not break a row", 3, 3, "++?+--?-", "???++++-" },
	{ "passes and failures in turn do not add up", 2, 2, "+-+-+-++", "???????+" },
	{ "a longer row than needed", 2, 2, "+++++-+--", "?+++++++-" },
};

static enum health health_of(char c)
{
	return c == '+' ? HEALTH_UP : c == '-' ? HEALTH_DOWN : HEALTH_UNKNOWN;
}

static void test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct verdict v = { .rise = cases[i].rise, .fall = cases[i].fall };
		assert_int_equal(strlen(cases[i].results), strlen(cases[i].healths));
		for (size_t j = 0; cases[i].results[j]; j++) {
			enum health before = v.health;
			bool changed = verdict_step(&v, health_of(cases[i].results[j]));
			if (v.health != health_of(cases[i].healths[j]))
				fail_msg("%s: %s after result %zu", cases[i].name,
					 health_name(v.health), j);
			if (changed != (before != v.health))
				fail_msg("%s: change at %zu", cases[i].name, j);
		}
	}
}

/* A row of more results than can be counted. */
static void test_no_overflow(void **state)
{
	(void)state;
	struct verdict v = { .rise = UINT16_MAX, .fall = UINT16_MAX };
	for (int i = 0; i < 3 * UINT16_MAX; i++)
		verdict_step(&v, HEALTH_UP);
	assert_int_equal(v.health, HEALTH_UP);
	assert_int_equal(v.streak, UINT16_MAX);
	for (int i = 0; i < UINT16_MAX; i++) {
		assert_int_equal(v.health, HEALTH_UP);
		verdict_step(&v, HEALTH_DOWN);
	}
	assert_int_equal(v.health, HEALTH_DOWN);
}

/* The healths of monitors, the quorum, and the health of the app. */
static const struct {
	const char *monitors;
	size_t quorum;
	char health;
} quorums[] = {
	{ "", 0, '+' },      { "", 1, '+' },      { "+", 0, '+' },
	{ "-", 0, '-' },     { "?", 0, '?' },     { "++", 0, '+' },
	{ "+-", 0, '-' },    { "+?", 0, '?' },    { "-?", 0, '-' },
	{ "??", 0, '?' },    { "+-", 1, '+' },    { "--", 1, '-' },
	{ "-?", 1, '?' },    { "+?", 1, '+' },    { "++-", 2, '+' },
	{ "+--", 2, '-' },   { "+-?", 2, '?' },   { "++?", 2, '+' },
	{ "--?", 2, '-' },   { "+++--", 3, '+' }, { "++-??", 3, '?' },
	{ "++---", 3, '-' }, { "++", 9, '+' },    { "+-", 9, '-' }, /* more than there are is all */
};

static void test_quorum(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(quorums); i++) {
		struct health_tally t = { { 0 } };
		for (const char *p = quorums[i].monitors; *p; p++)
			t.n[health_of(*p)]++;
		if (health_of_quorum(&t, quorums[i].quorum) != health_of(quorums[i].health))
			fail_msg("'%s', quorum %zu", quorums[i].monitors, quorums[i].quorum);
	}
}

/* Results in; after each: is a change pending? */
static void test_pending(void **state)
{
	(void)state;
	static const char results[] = "+++-+--?-++-";
	static const bool want[] = { true, true, false, true, false, true,
				     true, true, false, true, true,  false };
	struct verdict v = { .rise = 3, .fall = 3 };
	assert_false(verdict_is_pending(&v));
	for (size_t i = 0; i < ARRAY_SIZE(want); i++) {
		verdict_step(&v, health_of(results[i]));
		if (verdict_is_pending(&v) != want[i])
			fail_msg("after result %zu", i);
	}
}

static void test_names(void **state)
{
	(void)state;
	assert_string_equal(health_name(HEALTH_UNKNOWN), "unknown");
	assert_string_equal(health_name(HEALTH_UP), "up");
	assert_string_equal(health_name(HEALTH_DOWN), "down");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),  cmocka_unit_test(test_no_overflow),
		cmocka_unit_test(test_quorum), cmocka_unit_test(test_pending),
		cmocka_unit_test(test_names),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
