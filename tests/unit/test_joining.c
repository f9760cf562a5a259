/* SPDX-License-Identifier: MIT */
/* New definitions of apps with states.join, until they are promoted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "agent/app/drains.h"
#include "agent/app/health.h"
#include "agent/app/joins.h"
#include "agent/config/app_hash.h"
#include "lib/log.h"
#include "lib/mem.h"
#include "tests/unit/fake_registry.h"

#define SEC   USEC_PER_SEC
#define TIME  (10 * SEC)
#define VIP   "192.0.2.1/32"
#define CHECK "exec:never run"
#define OTHER "exec:not that one either"

/* ---- the pure part ---- */

static void test_time_begins_anew_with_each_failure(void **state)
{
	struct joining j = { 0 };
	(void)state;
	joining_define(&j, "a", false, SEC);
	assert_true(j.on);
	assert_int_equal(joining_step(&j, true, TIME, 2 * SEC),
			 USEC_NEVER); /* by the former monitors */
	j.is_judged = true;
	assert_int_equal(joining_step(&j, true, TIME, 3 * SEC), 13 * SEC);
	assert_int_equal(joining_step(&j, true, TIME, 12 * SEC), 13 * SEC);
	assert_int_equal(joining_step(&j, false, TIME, 12 * SEC), USEC_NEVER);
	assert_int_equal(joining_step(&j, true, TIME, 13 * SEC), 23 * SEC);
	assert_false(j.is_due);
	assert_int_equal(joining_step(&j, true, TIME, 23 * SEC), USEC_NEVER);
	assert_true(j.is_due && j.on);
	joining_promote(&j);
	assert_false(j.on || j.is_due || j.is_judged);
	assert_true(j.since == USEC_NEVER && j.passes_since == USEC_NEVER);
	assert_string_equal(j.promoted, "a");
}

static void test_which_definitions_join(void **state)
{
	struct joining j = { 0 };
	(void)state;
	joining_define(&j, "a", false, SEC);
	joining_promote(&j);
	joining_define(&j, "a", false, 2 * SEC);
	assert_false(j.on);
	joining_define(&j, "b", false, 3 * SEC);
	assert_true(j.on);
	joining_define(&j, "b", false, 4 * SEC);
	assert_int_equal(j.since, 3 * SEC); /* the same, perhaps with another join_time */
	joining_define(&j, "a", false, 5 * SEC);
	assert_false(j.on); /* back */
	joining_define(&j, NULL, false, 6 * SEC);
	assert_string_equal(j.promoted, "");
	joining_define(&j, "c", true, 7 * SEC);
	assert_false(j.on); /* it was announced by that before joining was turned on */
	assert_string_equal(j.promoted, "c");
}

/* ---- in the registry ---- */

struct bench {
	struct fake_registry r;
	bool fleet_agrees;
	unsigned told; /* that persistent state has changed */
};

static bool on_update(const struct app *app, enum fleet_evidence evidence, bool announced,
		      mono_t now, void *userdata)
{
	(void)app, (void)evidence, (void)announced, (void)now, (void)userdata;
	return false;
}

static bool on_guards(const struct app *app, void *userdata)
{
	(void)app, (void)userdata;
	return false;
}

static bool on_promote(const struct app *app, void *userdata)
{
	const struct bench *b = userdata;
	(void)app;
	return b->fleet_agrees;
}

static void on_gone(const struct app *app, void *userdata)
{
	(void)app, (void)userdata;
}

static const struct registry_fleet ops = {
	.update = on_update, .guards = on_guards, .promotes = on_promote, .gone = on_gone
};

static void on_changed(const char *name, const struct app *app, bool renewed, void *userdata)
{
	struct bench *b = userdata;
	(void)name, (void)app, (void)renewed;
	b->told++;
}

static int setup(void **state)
{
	static struct bench b;
	sd_event *loop;
	const struct registry_options options = { .drain_time = 5 * SEC, .join_time = TIME };
	memset(&b, 0, sizeof(b));
	log_setup(LOG_ERROR, LOG_TEXT);
	assert_true(sd_event_new(&loop) >= 0);
	fake_registry_init(&b.r, loop);
	registry_set_options(b.r.reg, &options);
	registry_on_changed(b.r.reg, on_changed, &b);
	*state = &b;
	return 0;
}

static int teardown(void **state)
{
	struct bench *b = *state;
	fake_registry_done(&b->r);
	sd_event_unref(b->r.loop);
	return 0;
}

static struct app_spec spec_of(const char *monitor, bool joins)
{
	struct app_spec spec = fake_spec(APP_FROM_CONFIG, "dns", VIP, monitor, NULL);
	if (joins)
		app_spec_announce(&spec)->of[ANNOUNCE_JOIN].announce = true;
	return spec;
}

static struct app *registered(struct bench *b, const char *monitor, bool joins, mono_t now)
{
	struct err err = { "" };
	enum register_result result;
	struct app_spec spec = spec_of(monitor, joins);
	assert_int_equal(registry_register(b->r.reg, &spec, now, &result, &err), 0);
	app_spec_done(&spec);
	return (struct app *)registry_find(b->r.reg, "dns");
}

static struct app *promoted(struct bench *b)
{
	struct app *app = registered(b, CHECK, true, SEC);
	app_on_verdict(app, HEALTH_UP, "", SEC);
	assert_int_equal(app->form, ROUTE_JOIN);
	assert_int_equal(app->state, APP_JOINING);
	registry_tick(b->r.reg, SEC + TIME);
	assert_int_equal(app->form, ROUTE_UP);
	return app;
}

static void test_a_new_app_and_another_definition_join(void **state)
{
	struct bench *b = *state;
	struct app *app = promoted(b);
	unsigned told = b->told;
	registered(b, CHECK, true, 20 * SEC); /* the same */
	assert_int_equal(app->form, ROUTE_UP);
	assert_int_equal(b->told, told);
	registered(b, OTHER, true, 21 * SEC);
	assert_int_equal(app->form, ROUTE_JOIN);
	registry_tick(b->r.reg, 60 * SEC);
	assert_int_equal(app->form, ROUTE_JOIN); /* its own monitor has said nothing yet */
	app_on_verdict(app, HEALTH_UP, "", 60 * SEC);
	registry_tick(b->r.reg, 60 * SEC + TIME);
	assert_int_equal(app->form, ROUTE_UP);
}

static void test_joining_is_turned_on(void **state)
{
	struct bench *b = *state;
	struct app *app = registered(b, CHECK, false, SEC);
	app_on_verdict(app, HEALTH_UP, "", SEC);
	registered(b, CHECK, true, 2 * SEC);
	assert_int_equal(app->form, ROUTE_UP);
	registered(b, OTHER, true, 3 * SEC);
	assert_int_equal(app->form, ROUTE_JOIN);
	registered(b, OTHER, false, 4 * SEC);
	assert_int_equal(app->form, ROUTE_UP);
	assert_null(app->joining);
}

static void test_a_failure_and_a_drain_begin_the_time_anew(void **state)
{
	struct bench *b = *state;
	struct app *app = registered(b, CHECK, true, SEC);
	app_on_verdict(app, HEALTH_UP, "", SEC);
	app_on_verdict(app, HEALTH_DOWN, "fails", 5 * SEC);
	assert_int_equal(app->form, ROUTE_NONE);
	app_on_verdict(app, HEALTH_UP, "", 6 * SEC);
	registry_tick(b->r.reg, SEC + TIME);
	assert_int_equal(app->form, ROUTE_JOIN);
	registry_drain(b->r.reg, "dns", DRAIN_BY_API, NULL, "", USEC_NEVER, 12 * SEC);
	assert_int_equal(app->form, ROUTE_DRAIN);
	assert_true(app->vips[0]->want.joins);
	registry_undrain(b->r.reg, "dns", DRAIN_BY_API, NULL, 13 * SEC);
	assert_int_equal(app->form, ROUTE_JOIN);
	registry_tick(b->r.reg, 13 * SEC + TIME - 1);
	assert_int_equal(app->form, ROUTE_JOIN);
	registry_tick(b->r.reg, 13 * SEC + TIME);
	assert_int_equal(app->form, ROUTE_UP);
}

static void test_what_an_instance_before_promoted(void **state)
{
	struct bench *b = *state;
	char hash[SHA256_TEXT_MAX];
	struct app_spec spec = spec_of(CHECK, true);
	registry_restore_promotion(b->r.reg, "dns", config_app_hash(&spec, hash));
	app_spec_done(&spec);
	struct app *app = registered(b, CHECK, true, SEC);
	app_on_verdict(app, HEALTH_UP, "", SEC);
	assert_int_equal(app->form, ROUTE_UP);
	registry_unregister(b->r.reg, "dns", 2 * SEC);
	app = registered(b, CHECK, true, 3 * SEC); /* anew */
	app_on_verdict(app, HEALTH_UP, "", 3 * SEC);
	assert_int_equal(app->form, ROUTE_JOIN);
}

static void test_the_fleet_has_the_last_word(void **state)
{
	struct bench *b = *state;
	registry_set_fleet(b->r.reg, &ops, b);
	struct app *app = registered(b, CHECK, true, SEC);
	app_on_verdict(app, HEALTH_UP, "", SEC);
	registry_tick(b->r.reg, SEC + TIME);
	assert_int_equal(app->form, ROUTE_JOIN);
	assert_true(app->joining->is_due);
	app_on_verdict(app, HEALTH_DOWN, "fails", 12 * SEC);
	b->fleet_agrees = true;
	registry_guard_changed(b->r.reg, "dns", 12 * SEC);
	assert_true(app_joins(app)); /* too late */
	app_on_verdict(app, HEALTH_UP, "", 13 * SEC);
	b->fleet_agrees = false;
	registry_tick(b->r.reg, 13 * SEC + TIME);
	assert_int_equal(app->form, ROUTE_JOIN);
	b->fleet_agrees = true;
	registry_guard_changed(b->r.reg, "dns", 30 * SEC);
	assert_int_equal(app->form, ROUTE_UP);
}

/* ---- the fingerprint ---- */

static void test_the_order_of_lists_does_not_matter(void **state)
{
	char first[SHA256_TEXT_MAX], second[SHA256_TEXT_MAX];
	struct app_spec a = spec_of(CHECK, true), b = spec_of(OTHER, false);
	struct err err = { "" };
	(void)state;
	config_app_hash(&a, first);
	assert_string_not_equal(first, config_app_hash(&b, second));
	assert_int_equal(app_spec_add_monitor(&a, OTHER, &err), 0);
	assert_int_equal(app_spec_add_monitor(&b, CHECK, &err), 0);
	b.join_time = SEC;
	b.source = APP_FROM_HTTP;
	b.lease = SEC;
	b.agent_bind = BIND_ROUTE;
	config_app_hash(&a, first);
	assert_string_equal(first, config_app_hash(&b, second));
	b.hold_down = SEC;
	assert_string_not_equal(first, config_app_hash(&b, second));
	app_spec_done(&a);
	app_spec_done(&b);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_time_begins_anew_with_each_failure),
		cmocka_unit_test(test_which_definitions_join),
		TEST(test_a_new_app_and_another_definition_join),
		TEST(test_joining_is_turned_on),
		TEST(test_a_failure_and_a_drain_begin_the_time_anew),
		TEST(test_what_an_instance_before_promoted),
		TEST(test_the_fleet_has_the_last_word),
		cmocka_unit_test(test_the_order_of_lists_does_not_matter),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
