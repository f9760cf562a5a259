/* SPDX-License-Identifier: MIT */
/* Counts of an agent in the views that it gets, and when it reads one with a report. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "agent/fleet/fleet_seen.h"
#include "lib/array.h"

#define REFRESH (200 * USEC_PER_SEC)
#define HALF    ((struct fleet_min_up){ true, 50 })

static struct fleet_up nodes[] = {
	{ .node = "a", .session = "sa", .form = FLEET_NORMAL },
	{ .node = "b", .session = "sb", .form = FLEET_DEGRADED },
	{ .node = "c", .session = "sc", .form = FLEET_DEGRADED },
	{ .node = "d", .session = "sd", .form = FLEET_JOINING },
	{ .node = "e", .session = "se", .form = FLEET_NORMAL },
	{ .node = "f", .session = "sf", .form = FLEET_WITHDRAWN },
};

/* b has a slot and leaves, c waits; g did, and its session has ended; e does rolling work. */
static void test_what_is_counted(void **state)
{
	struct fleet_claim claims[] = { { "b", "sb", 1 }, { "c", "sc", 1 }, { "g", "sg", 1 } };
	struct fleet_slot rolls[] = { { .node = "e", .id = "1" } };
	struct fleet_has has[] = { { .node = "g", .seen = 5 } };
	const struct fleet_view view = {
		.up = nodes,
		.n_up = ARRAY_SIZE(nodes),
		.has = has,
		.n_has = 1,
		.leave = { .index = 1, .claims = claims, .n = 3, .n_slots = 1 },
		.roll = { .index = 1, .items = rolls, .n = 1 },
	};
	const struct fleet_rule rule = { .min_up = HALF, .window = 10 };
	struct fleet_tally t;
	(void)state;
	fleet_tally(&view, &rule, 10, &t);
	assert_int_equal(t.agents, 6);
	assert_int_equal(t.up, 2);     /* a and c */
	assert_int_equal(t.min_up, 4); /* of seven */
	assert_int_equal(t.waiting, 1);
	assert_int_equal(t.joining, 1);
	assert_int_equal(t.rolling, 1);
	assert_string_equal(t.roller, "e");
}

static void test_an_empty_view(void **state)
{
	const struct fleet_view view = { 0 };
	const struct fleet_rule rule = { .min_up = HALF, .window = 10 };
	struct fleet_tally t;
	(void)state;
	fleet_tally(&view, &rule, 10, &t);
	assert_int_equal(t.up, 0);
	assert_int_equal(t.min_up, 1);
	assert_string_equal(t.roller, "");
}

static void test_when_it_is_known(void **state)
{
	struct fleet_seen *seen = fleet_seen_new(2);
	const struct fleet_view views[2] = { { .up = nodes, .n_up = 2 }, { 0 } };
	const struct fleet_rule rules[2] = { { .min_up = HALF }, { .min_up = { false, 3 } } };
	const mono_t now = 1000 * USEC_PER_SEC;
	(void)state;
	assert_true(seen[0].at == USEC_NEVER && seen[1].at == USEC_NEVER);
	assert_true(fleet_seen_is_due(seen, 2, REFRESH, 77, now));
	fleet_seen_note(seen, 2, views, rules, 10, now);
	assert_int_equal(seen[0].tally.up, 2);
	assert_int_equal(seen[1].tally.min_up, 3);
	assert_int_equal(seen[1].at, now);
	assert_false(fleet_seen_is_due(seen, 2, REFRESH, 77, now));
	assert_false(fleet_seen_is_due(seen, 2, REFRESH, 77, now + REFRESH / 3));
	/* A report is due after three quarters of it at the earliest. */
	assert_true(fleet_seen_is_due(seen, 2, REFRESH, 77, now + REFRESH * 3 / 4));
	free(seen);
}

/* The total number of reads does not grow with the square of the fleet. */
static void test_some_of_a_large_fleet_read(void **state)
{
	struct fleet_seen *seen = fleet_seen_new(1);
	size_t n = 0;
	(void)state;
	seen[0] = (struct fleet_seen){ .tally = { .agents = 1000 }, .at = 0 };
	for (uint32_t random = 0; random < 1000; random++)
		n += fleet_seen_is_due(seen, 1, REFRESH, random, REFRESH);
	assert_int_equal(n, FLEET_READERS);
	free(seen);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_counted),
		cmocka_unit_test(test_an_empty_view),
		cmocka_unit_test(test_when_it_is_known),
		cmocka_unit_test(test_some_of_a_large_fleet_read),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
