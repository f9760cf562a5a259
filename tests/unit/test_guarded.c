/* SPDX-License-Identifier: MIT */
/* Input of the guard of the fleet for an app, and the effect of its answer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "agent/app/drains.h"
#include "agent/app/guarded.h"
#include "agent/app/health.h"
#include "lib/log.h"
#include "lib/mem.h"
#include "lib/str.h"
#include "tests/unit/fake_registry.h"

#define SEC     USEC_PER_SEC
#define VIP     "192.0.2.1/32"
#define CHECK   "exec:never run"
#define ANOTHER "exec:not that one either"

struct bench {
	struct fake_registry r;
	bool keeps;     /* the guard's answer to soft evidence */
	bool unguarded; /* it does not guard the app */
	char told[16];
};

/* The evidence of each call, unless it is the one before: g, s, k, d, h; in upper case while it is
 * announced. */
static bool on_update(const struct app *app, enum fleet_evidence evidence, bool announced,
		      mono_t now, void *userdata)
{
	struct bench *b = userdata;
	size_t n = strlen(b->told);
	char c = (announced ? "GSKDH" : "gskdh")[evidence];
	(void)app, (void)now;
	assert_true(n < sizeof(b->told) - 1);
	if (n == 0 || b->told[n - 1] != c)
		b->told[n] = c;
	return b->keeps && evidence == FLEET_SOFT;
}

static void on_gone(const struct app *app, void *userdata)
{
	(void)app, (void)userdata;
}

static bool on_guards(const struct app *app, void *userdata)
{
	const struct bench *b = userdata;
	return app && !b->unguarded;
}

static const struct registry_fleet ops = { .update = on_update,
					   .guards = on_guards,
					   .gone = on_gone };

static int setup(void **state)
{
	static struct bench b;
	sd_event *loop;
	const struct registry_options options = { .drain_time = 5 * SEC, .keep_last_window = SEC };
	memset(&b, 0, sizeof(b));
	log_setup(LOG_ERROR, LOG_TEXT);
	assert_true(sd_event_new(&loop) >= 0);
	fake_registry_init(&b.r, loop);
	registry_set_options(b.r.reg, &options);
	registry_set_fleet(b.r.reg, &ops, &b);
	b.keeps = true;
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

static struct app *registered(struct bench *b, const char *name, const char *monitor)
{
	fake_register(&b->r, APP_FROM_CONFIG, name, VIP, monitor, NULL);
	return (struct app *)registry_find(b->r.reg, name);
}

/* Reports to the guard since the last call. */
static void expect_told(struct bench *b, const char *told)
{
	assert_string_equal(b->told, told);
	memset(b->told, 0, sizeof(b->told));
}

static struct app *kept_app(struct bench *b)
{
	struct app *app = registered(b, "dns", CHECK);
	app_on_verdict(app, HEALTH_UP, "", SEC);
	app_on_verdict(app, HEALTH_DOWN, "fails", 2 * SEC);
	expect_told(b, "hgS");
	assert_int_equal(app->form, ROUTE_KEPT);
	return app;
}

static void drain(struct bench *b, mono_t now)
{
	registry_drain(b->r.reg, "dns", DRAIN_BY_API, NULL, "", USEC_NEVER, now);
}

static void undrain(struct bench *b, mono_t now)
{
	registry_undrain(b->r.reg, "dns", DRAIN_BY_API, NULL, now);
}

static void test_a_drain_of_an_app_that_is_kept(void **state)
{
	struct bench *b = *state;
	struct app *app = kept_app(b);
	drain(b, 3 * SEC);
	expect_told(b, "D");
	assert_int_equal(app->form, ROUTE_DRAIN);
	undrain(b, 4 * SEC);
	expect_told(b, "S");
	assert_int_equal(app->form, ROUTE_KEPT);
	drain(b, 5 * SEC);
	registry_tick(b->r.reg, 10 * SEC);
	expect_told(b, "D");
	assert_int_equal(app->form, ROUTE_NONE);
	undrain(b, 11 * SEC);
	expect_told(b, "s");
}

/* As without a fleet. */
static void test_an_app_that_fails_while_it_drains(void **state)
{
	struct bench *b = *state;
	struct app *app = registered(b, "dns", CHECK);
	app_on_verdict(app, HEALTH_UP, "", SEC);
	drain(b, 2 * SEC);
	assert_int_equal(app->form, ROUTE_DRAIN);
	app_on_verdict(app, HEALTH_DOWN, "fails", 3 * SEC);
	expect_told(b, "hgD");
	assert_int_equal(app->form, ROUTE_NONE);
	/* It was kept, was well, and fails again. */
	undrain(b, 4 * SEC);
	assert_int_equal(app->form, ROUTE_KEPT);
	drain(b, 5 * SEC);
	app_on_verdict(app, HEALTH_UP, "", 6 * SEC);
	app_on_verdict(app, HEALTH_DOWN, "fails", 7 * SEC);
	assert_int_equal(app->form, ROUTE_NONE);
}

static const char *heir(const struct prefix *vip, void *userdata)
{
	(void)vip, (void)userdata;
	return "web";
}

/* Down by a port, it is not soft because something else is checked from now on. */
static void test_what_it_went_down_by_lasts_until_the_next_verdict(void **state)
{
	struct bench *b = *state;
	struct app *app = kept_app(b);
	app->down_hard = true; /* as by a port: no monitor runs here */
	registered(b, "dns", ANOTHER);
	expect_told(b, "H");
	assert_int_equal(app->form, ROUTE_NONE);
	registered(b, "dns", CHECK);
	registry_set_heirs(b->r.reg, heir, NULL);
	assert_int_equal(registered(b, "web", CHECK)->evidence, FLEET_HARD);
	registry_set_heirs(b->r.reg, NULL, NULL);
	expect_told(b, "h");
	app_on_verdict((struct app *)registry_find(b->r.reg, "web"), HEALTH_UP, "", 4 * SEC);
	app_on_verdict((struct app *)registry_find(b->r.reg, "web"), HEALTH_DOWN, "", 5 * SEC);
	expect_told(b, "gS");
}

static void test_an_app_that_is_kept_gets_another_name(void **state)
{
	struct bench *b = *state;
	kept_app(b);
	registry_set_heirs(b->r.reg, heir, NULL);
	struct app *app = registered(b, "web", CHECK);
	registry_unregister(b->r.reg, "dns", 3 * SEC);
	registry_set_heirs(b->r.reg, NULL, NULL);
	assert_int_equal(app->form, ROUTE_KEPT);
	assert_int_equal(app->evidence, FLEET_SOFT);
}

static struct app *grouped(struct bench *b, const char *name, const char *vip)
{
	struct err err = { "" };
	enum register_result result;
	struct app_spec spec = fake_spec(APP_FROM_CONFIG, name, vip, CHECK, NULL);
	spec.group = mem_strdup("site");
	spec.keep_last = true;
	assert_int_equal(registry_register(b->r.reg, &spec, SEC, &result, &err), 0);
	app_spec_done(&spec);
	return (struct app *)registry_find(b->r.reg, name);
}

/* The first of the group is let go; all are announced when all have failed, and the guard is not
 * asked. */
static void test_keep_last_does_not_ask(void **state)
{
	struct bench *b = *state;
	struct app *a = grouped(b, "a", VIP), *other = grouped(b, "b", "192.0.2.2/32");
	b->keeps = false;
	app_on_verdict(a, HEALTH_UP, "", 2 * SEC);
	app_on_verdict(other, HEALTH_UP, "", 2 * SEC);
	app_on_verdict(a, HEALTH_DOWN, "fails", 3 * SEC);
	assert_int_equal(a->evidence, FLEET_SOFT);
	assert_int_equal(a->form, ROUTE_NONE);
	app_on_verdict(other, HEALTH_DOWN, "fails", 3 * SEC);
	assert_true(a->evidence == FLEET_KEPT && other->evidence == FLEET_KEPT);
	assert_true(a->form == ROUTE_KEPT && other->form == ROUTE_KEPT);
	b->keeps = true;
	app_on_verdict(other, HEALTH_UP, "", 4 * SEC);
	assert_int_equal(a->evidence, FLEET_SOFT);
	assert_true(a->guarded && a->form == ROUTE_KEPT);
}

/* The prediction matches the later decision. */
static void expect_kept_if(struct app *app, bool kept, mono_t now)
{
	assert_int_equal(app_guard_keeps_if(app, false, false), kept);
	app_on_verdict(app, HEALTH_DOWN, "fails", now);
	assert_int_equal(app->guarded, kept);
}

static void test_what_it_would_keep(void **state)
{
	struct bench *b = *state;
	struct app *app = registered(b, "dns", CHECK);
	assert_false(app_guard_keeps_if(app, false, false)); /* it was never announced */
	app_on_verdict(app, HEALTH_UP, "", SEC);
	assert_false(app_guard_keeps_if(app, true, false));
	assert_false(app_guard_keeps_if(app, false, true));
	b->unguarded = true;
	assert_false(app_guard_keeps_if(app, false, false));
	b->unguarded = false;
	expect_kept_if(app, true, 2 * SEC);
	drain(b, 3 * SEC);
	assert_true(app_guard_keeps_if(app, false, false));
	assert_false(app_guard_keeps_if(app, true, false));
	undrain(b, 4 * SEC);
	app_on_verdict(app, HEALTH_UP, "", 5 * SEC);
	drain(b, 6 * SEC);
	expect_kept_if(app, false, 7 * SEC);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_drain_of_an_app_that_is_kept),
		TEST(test_an_app_that_fails_while_it_drains),
		TEST(test_what_it_went_down_by_lasts_until_the_next_verdict),
		TEST(test_an_app_that_is_kept_gets_another_name),
		TEST(test_keep_last_does_not_ask),
		TEST(test_what_it_would_keep),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
