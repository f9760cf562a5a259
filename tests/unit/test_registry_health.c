/* SPDX-License-Identifier: MIT */
/* Effect of verdicts on an app: its route, its cleanup, flap damping, and since when. */
#include "agent/app/health.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "agent/app/drains.h"
#include "agent/vip/acks.h"
#include "lib/array.h"
#include "tests/unit/registry_bed.h"

static void test_health_decides(void **state)
{
	struct bench *b = *state;
	struct app *app = registered(b, &checked, REGISTER_NEW);
	expect(b, "");
	app_on_verdict(app, HEALTH_UP, "passes", SEC);
	expect(b, "add 192.0.2.1/32\nannounce 192.0.2.1/32\n");
	app_on_verdict(app, HEALTH_DOWN, "exit status 1", 2 * SEC);
	expect(b, "withdraw 192.0.2.1/32\n");
	assert_string_equal(app->reason, "exit status 1");
	assert_int_equal(app_cleanup_at(app), 2 * SEC + CLEANUP);
	/* A check that cannot run says nothing. */
	app_on_verdict(app, HEALTH_UNKNOWN, "no bash", 3 * SEC);
	assert_int_equal(app->health, HEALTH_DOWN);
	app_on_verdict(app, HEALTH_UP, "passes", 4 * SEC);
	expect(b, "announce 192.0.2.1/32\n");
	assert_int_equal(app->went_down, 1);
	assert_int_equal(app->went_up, 2);
	assert_int_equal(app_cleanup_at(app), USEC_NEVER);
}

static void test_cleanup_forgets_what_http_registered(void **state)
{
	struct bench *b = *state;
	const struct definition other = {
		.name = "ntp", .vip = VIP2, .monitor = CHECK, .source = APP_FROM_CONFIG
	};
	struct app *http = registered(b, &checked, REGISTER_NEW);
	struct app *config = registered(b, &other, REGISTER_NEW);
	app_on_verdict(http, HEALTH_UP, "", SEC);
	app_on_verdict(config, HEALTH_UP, "", SEC);
	expect(b, "add 192.0.2.1/32\nannounce 192.0.2.1/32\n"
		  "add 192.0.2.2/32\nannounce 192.0.2.2/32\n");
	app_on_verdict(http, HEALTH_DOWN, "dead", 2 * SEC);
	app_on_verdict(config, HEALTH_DOWN, "dead", 3 * SEC);
	expect(b, b->did);
	registry_tick(b->reg, 2 * SEC + CLEANUP - 1);
	assert_non_null(registry_find(b->reg, "dns"));
	registry_tick(b->reg, 2 * SEC + CLEANUP);
	assert_null(registry_find(b->reg, "dns"));
	expect(b, "await acks\n");
	registry_tick(b->reg, 3 * SEC + CLEANUP);
	assert_non_null(registry_find(b->reg, "ntp"));
	reconcile_acked(b->reconcile);
	expect(b, "del 192.0.2.1/32\nawait acks\n");
	reconcile_acked(b->reconcile);
	expect(b, "del 192.0.2.2/32\n");
	app_on_verdict(config, HEALTH_UP, "", 2 * CLEANUP);
	expect(b, "add 192.0.2.2/32\nannounce 192.0.2.2/32\n");
}

/* An app that flaps: falls at once, returns when the hold is over, each time twice as long. */
static void test_a_flapping_app_is_held_down(void **state)
{
	static const struct definition passes = {
		.name = "dns", .vip = VIP1, .monitor = "file:/", .source = APP_FROM_HTTP
	};
	const struct damping_config config = { .first = 10 * SEC, .max = 25 * SEC };
	const span_t holds[] = { 0, 10 * SEC, 20 * SEC, 25 * SEC, 25 * SEC };
	struct bench *b = *state;
	registry_set_damping(b->reg, &config);
	struct app *app = registered(b, &passes, REGISTER_NEW);
	expect(b, "add 192.0.2.1/32\nannounce 192.0.2.1/32\n");
	mono_t now = SEC;
	for (size_t i = 0; i < ARRAY_SIZE(holds); i++) {
		mono_t fell = now += SEC;
		app_on_verdict(app, HEALTH_DOWN, "refused", now);
		expect(b, "withdraw 192.0.2.1/32\n");
		assert_int_equal(app->damping.flaps, i);
		assert_int_equal(app->damping.until, holds[i] ? fell + holds[i] : 0);
		if (holds[i] > 0) {
			app_on_verdict(app, HEALTH_UP, "", fell + SEC);
			registry_tick(b->reg, fell + holds[i] - 1);
			expect(b, "");
			assert_int_equal(app->health, HEALTH_DOWN);
			now = fell + holds[i];
			registry_tick(b->reg, now);
		} else {
			app_on_verdict(app, HEALTH_UP, "", now += SEC);
		}
		expect(b, "announce 192.0.2.1/32\n");
		assert_int_equal(app->health, HEALTH_UP);
	}
	/* It was up for long enough. */
	app_on_verdict(app, HEALTH_DOWN, "refused", now += config.max);
	assert_int_equal(app->damping.flaps, 0);
	app_on_verdict(app, HEALTH_UP, "", now + SEC);
	expect(b, "withdraw 192.0.2.1/32\nannounce 192.0.2.1/32\n");
}

/* It goes while it is held, or is down itself when the hold is over. */
static void test_a_hold_ends_with_its_app(void **state)
{
	const struct damping_config config = { .first = 10 * SEC, .max = 25 * SEC };
	struct bench *b = *state;
	registry_set_damping(b->reg, &config);
	struct app *app = registered(b, &checked, REGISTER_NEW);
	for (mono_t now = SEC; now <= 3 * SEC; now += SEC) {
		app_on_verdict(app, HEALTH_UP, "", now);
		expect(b, b->did);
		app_on_verdict(app, HEALTH_DOWN, "refused", now);
	}
	app_on_verdict(app, HEALTH_UP, "", 4 * SEC);
	expect(b, b->did);
	/* The monitors know nothing yet: the next verdict decides. */
	registry_tick(b->reg, 100 * SEC);
	expect(b, "");
	app_on_verdict(app, HEALTH_UP, "", 101 * SEC);
	expect(b, "announce 192.0.2.1/32\n");
	app_on_verdict(app, HEALTH_DOWN, "refused", 102 * SEC);
	assert_true(damping_is_on(&app->damping, 103 * SEC));
	registry_unregister(b->reg, "dns", 103 * SEC);
	registry_tick(b->reg, 200 * SEC);
	assert_null(registry_find(b->reg, "dns"));
}

/* Of health, of a drain, and of what a drain makes of the route. */
static void test_since_when_it_is_in_its_state(void **state)
{
	struct bench *b = *state;
	const struct registry_options options = { .drain_time = 5 * SEC };
	struct app *app = registered(b, &checked, REGISTER_NEW);
	registry_set_options(b->reg, &options);
	assert_true(app->state == APP_UNKNOWN && app->state_since == SEC);
	app_on_verdict(app, HEALTH_UP, "passes", 2 * SEC);
	assert_true(app->state == APP_UP && app->state_since == 2 * SEC);
	registry_drain(b->reg, "dns", DRAIN_BY_API, NULL, "", USEC_NEVER, 3 * SEC);
	assert_true(app->state == APP_DRAINING && app->state_since == 3 * SEC);
	registry_tick(b->reg, 8 * SEC);
	assert_true(app->state == APP_DRAINED && app->state_since == 8 * SEC);
	app_on_verdict(app, HEALTH_DOWN, "fails", 9 * SEC);
	assert_true(app->state == APP_DRAINED && app->state_since == 8 * SEC);
	registry_undrain(b->reg, "dns", DRAIN_BY_API, NULL, 10 * SEC);
	assert_true(app->state == APP_DOWN && app->state_since == 10 * SEC);
	assert_int_equal(app->health_since, 9 * SEC);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_health_decides),
		TEST(test_cleanup_forgets_what_http_registered),
		TEST(test_a_flapping_app_is_held_down),
		TEST(test_a_hold_ends_with_its_app),
		TEST(test_since_when_it_is_in_its_state),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
