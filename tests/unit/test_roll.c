/* SPDX-License-Identifier: MIT */
/* Rolling work of a host: how it goes on after a start, and when it is stuck. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "agent/model/roll.h"
#include "lib/array.h"
#include "lib/mem.h"
#include "lib/mono.h"

static const struct {
	enum roll_phase before, restarted, rebooted;
	bool drains;
	span_t stuck_after;
} phases[] = {
	{ ROLL_WAITING, ROLL_WAITING, ROLL_RELEASING, false, USEC_NEVER },
	{ ROLL_DRAINING, ROLL_DRAINING, ROLL_RETURNING, true, 3600 * USEC_PER_SEC },
	{ ROLL_DRAINED, ROLL_DRAINED, ROLL_RETURNING, true, 3600 * USEC_PER_SEC },
	{ ROLL_RETURNING, ROLL_RETURNING, ROLL_RETURNING, false, 600 * USEC_PER_SEC },
	{ ROLL_RELEASING, ROLL_RELEASING, ROLL_RELEASING, false, 60 * USEC_PER_SEC },
	{ ROLL_FAILED, ROLL_FAILED, ROLL_FAILED, true, 0 },
};

static void test_phases(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(phases); i++) {
		struct roll r = { .phase = phases[i].before, .since = 5 };
		wall_t at = usec_add(r.since, phases[i].stuck_after);
		enum roll_phase parsed;
		assert_int_equal(roll_phase_after_start(r.phase, false), phases[i].restarted);
		assert_int_equal(roll_phase_after_start(r.phase, true), phases[i].rebooted);
		assert_int_equal(roll_drains(&r), phases[i].drains);
		if (phases[i].stuck_after > 0)
			assert_false(roll_is_stuck(&r, at - 1));
		if (at != USEC_NEVER)
			assert_true(roll_is_stuck(&r, at));
		assert_true(roll_phase_parse(roll_phase_name(r.phase), &parsed));
		assert_int_equal(parsed, r.phase);
	}
}

static void test_names(void **state)
{
	static const char *const names[ROLL_PHASES] = { "waiting",   "draining",  "drained",
							"returning", "releasing", "failed" };
	enum roll_phase phase = ROLL_DRAINED;
	(void)state;
	for (size_t i = 0; i < ROLL_PHASES; i++)
		assert_string_equal(roll_phase_name((enum roll_phase)i), names[i]);
	assert_false(roll_phase_parse("other", &phase));
	assert_int_equal(phase, ROLL_DRAINED);
}

static void test_done(void **state)
{
	struct roll r = { .phase = ROLL_FAILED };
	(void)state;
	for (; r.n_apps < ROLL_APPS_MAX; r.n_apps++)
		r.apps[r.n_apps] = mem_strdup("app");
	roll_done(&r);
	assert_int_equal(r.n_apps, 0);
	assert_int_equal(r.phase, 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = { cmocka_unit_test(test_phases),
						   cmocka_unit_test(test_names),
						   cmocka_unit_test(test_done) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
