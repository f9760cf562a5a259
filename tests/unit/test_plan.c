/* SPDX-License-Identifier: MIT */
/* Plan of a reload for the apps, compared with its actual effect: apps are registered in the order
 * of the file, then those that go are unregistered. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "agent/app/drains.h"
#include "agent/app/health.h"
#include "agent/app/joins.h"
#include "agent/app/plan.h"
#include "agent/config/config.h"
#include "lib/array.h"
#include "lib/log.h"
#include "lib/mem.h"
#include "tests/unit/fake_registry.h"

#define SEC   USEC_PER_SEC
#define CHECK "exec:never run"

struct bench {
	struct fake_registry r;
	struct app_spec specs[4];
	struct program_spec program;
	struct config next;
	struct plan *plan;
};

static int setup(void **state)
{
	static struct bench b;
	sd_event *loop;
	memset(&b, 0, sizeof(b));
	log_setup(LOG_ERROR, LOG_TEXT);
	assert_true(sd_event_new(&loop) >= 0);
	fake_registry_init(&b.r, loop);
	b.next.apps = b.specs;
	b.next.agent.bind = BIND_ROUTE;
	*state = &b;
	return 0;
}

static int teardown(void **state)
{
	struct bench *b = *state;
	plan_free(b->plan);
	for (size_t i = 0; i < b->next.n_apps; i++)
		app_spec_done(&b->specs[i]);
	fake_registry_done(&b->r);
	sd_event_unref(b->r.loop);
	return 0;
}

static void define(struct bench *b, const char *name, const char *vip, const char *monitor)
{
	b->specs[b->next.n_apps++] = fake_spec(APP_FROM_CONFIG, name, vip, monitor, NULL);
}

static const struct app *registered(struct bench *b, enum app_source source, const char *name,
				    const char *vip)
{
	fake_register(&b->r, source, name, vip, CHECK, NULL);
	return registry_find(b->r.reg, name);
}

static void make(struct bench *b)
{
	b->plan = plan_new(b->r.reg, &b->next);
}

static enum plan_fate fate_of(struct bench *b, const char *name)
{
	const struct app_spec *spec;
	const struct app *app = registry_find(b->r.reg, name);
	enum plan_fate fate = plan_fate_of(b->plan, app, &spec);
	assert_true((spec == NULL) == (fate == PLAN_GOES));
	assert_true((spec == app->spec) == (fate == PLAN_STAYS));
	return fate;
}

static void test_fates(void **state)
{
	struct bench *b = *state;
	registered(b, APP_FROM_CONFIG, "same", "192.0.2.1/32");
	registered(b, APP_FROM_CONFIG, "other", "192.0.2.2/32");
	registered(b, APP_FROM_CONFIG, "gone", "192.0.2.3/32");
	registered(b, APP_FROM_HTTP, "displaced", "192.0.2.4/32");
	registered(b, APP_FROM_HTTP, "stays", "192.0.2.5/32");
	registered(b, APP_FROM_HTTP, "named", "192.0.2.6/32");
	registered(b, APP_FROM_PROCESS, "program", "192.0.2.7/32");
	define(b, "same", "192.0.2.1/32", CHECK);
	define(b, "other", "192.0.2.4/32", CHECK);
	define(b, "named", "192.0.2.6/32", CHECK);
	define(b, "new", "192.0.2.7/32", CHECK);
	make(b);
	assert_int_equal(fate_of(b, "same"), PLAN_STAYS);
	assert_int_equal(fate_of(b, "other"), PLAN_CHANGES);
	assert_int_equal(fate_of(b, "gone"), PLAN_GOES);
	assert_int_equal(fate_of(b, "displaced"), PLAN_GOES);
	assert_int_equal(fate_of(b, "stays"), PLAN_STAYS);
	assert_int_equal(fate_of(b, "named"), PLAN_CHANGES); /* it is the file's */
	assert_int_equal(fate_of(b, "program"), PLAN_GOES);  /* there is no such process */
	b->program.name = (char *)"program";
	b->next.programs = (struct program_list){ .items = &b->program, .n = 1 };
	assert_int_equal(fate_of(b, "program"), PLAN_STAYS); /* it loses a route */
	for (size_t i = 0; i < plan_n(b->plan); i++)
		assert_int_equal(plan_coming(b->plan, i) != NULL, i == 3);
}

static const struct app *as_planned(struct bench *b, size_t i, struct planned *ret)
{
	plan_app(b->plan, NULL, &b->specs[i], 5 * SEC, ret);
	return &ret->app;
}

/* As inherit_health() of the registry. */
static void test_health_of_the_one_before(void **state)
{
	struct bench *b = *state;
	struct planned then;
	registered(b, APP_FROM_CONFIG, "a", "192.0.2.1/32");
	app_on_verdict((struct app *)registry_find(b->r.reg, "a"), HEALTH_UP, "", SEC);
	define(b, "alike", "192.0.2.1/32", CHECK);
	define(b, "otherwise", "192.0.2.1/32", "exec:another");
	define(b, "elsewhere", "192.0.2.2/32", CHECK);
	make(b);
	assert_int_equal(as_planned(b, 0, &then)->health, HEALTH_UP);
	assert_int_equal(as_planned(b, 1, &then)->health, HEALTH_UNKNOWN);
	assert_int_equal(as_planned(b, 2, &then)->health, HEALTH_UNKNOWN);
	assert_int_equal(then.app.drained_since, USEC_NEVER);
	registry_drain(b->r.reg, NULL, DRAIN_BY_API, NULL, "", USEC_NEVER, 2 * SEC);
	assert_int_equal(as_planned(b, 2, &then)->drained_since, 5 * SEC);
}

/* The defaults of the agent are those of the configuration, and what is registered keeps its
 * own. */
static void test_defaults(void **state)
{
	struct bench *b = *state;
	struct planned then;
	const struct app *app = registered(b, APP_FROM_HTTP, "a", "192.0.2.1/32");
	make(b);
	plan_app(b->plan, app, app->spec, SEC, &then);
	assert_int_equal(app_spec_bind(&then.spec), BIND_ROUTE);
	assert_int_equal(app_spec_bind(app->spec), BIND_ADDRESS);
	plan_app(NULL, app, app->spec, SEC, &then);
	assert_int_equal(app_spec_bind(&then.spec), BIND_ADDRESS);
	assert_ptr_equal(then.app.registry, b->r.reg);
}

/* ---- joining ---- */

#define OTHER "exec:not that one either"
#define TIME  (10 * SEC)

struct join_case {
	const char *name;
	const char *before; /* its monitor; NULL: it is new */
	bool joined, promoted;
	const char *next;
	bool joins;
	span_t join_time;
	bool expected;
};

static const struct join_case join_cases[] = {
	{ "new", NULL, false, false, CHECK, true, TIME, true },
	{ "new, without states.join", NULL, false, false, CHECK, false, TIME, false },
	{ "promoted, another definition", CHECK, true, true, OTHER, true, TIME, true },
	{ "promoted, the same", CHECK, true, true, CHECK, true, TIME, false },
	{ "promoted, another time", CHECK, true, true, CHECK, true, 2 * TIME, false },
	{ "joining, the same", CHECK, true, false, CHECK, true, TIME, true },
	{ "joining, another definition", CHECK, true, false, OTHER, true, TIME, true },
	{ "joining, a time that is over", CHECK, true, false, CHECK, true, 2 * SEC, false },
	{ "joining, states.join removed", CHECK, true, false, CHECK, false, TIME, false },
	{ "states.join added", CHECK, false, false, CHECK, true, TIME, false },
	{ "states.join added to another definition", CHECK, false, false, OTHER, true, TIME, true },
};

static struct app_spec spec_that(bool joins, const char *monitor)
{
	struct app_spec spec = fake_spec(APP_FROM_CONFIG, "a", "192.0.2.1/32", monitor, NULL);
	if (joins)
		app_spec_announce(&spec)->of[ANNOUNCE_JOIN].announce = true;
	return spec;
}

static void set_join_time(struct bench *b, span_t join_time)
{
	const struct registry_options options = { .join_time = join_time };
	registry_set_options(b->r.reg, &options);
}

static const struct app *defined(struct bench *b, const struct app_spec *spec, mono_t now)
{
	struct err err = { "" };
	enum register_result result;
	assert_int_equal(registry_register(b->r.reg, spec, now, &result, &err), 0);
	return registry_find(b->r.reg, spec->name);
}

/* Up since 1 s, by the definition before. */
static const struct app *begin(struct bench *b, const struct join_case *of)
{
	struct app_spec spec;
	set_join_time(b, TIME);
	if (!of->before)
		return NULL;
	spec = spec_that(of->joined, of->before);
	const struct app *app = defined(b, &spec, SEC);
	app_on_verdict((struct app *)app, HEALTH_UP, "", SEC);
	if (of->promoted)
		registry_tick(b->r.reg, SEC + TIME);
	app_spec_done(&spec);
	assert_int_equal(app_joins(app), of->joined && !of->promoted);
	return app;
}

/* As the registry then has it. */
static void test_which_apps_join(void **state)
{
	struct bench *b = *state;
	for (size_t i = 0; i < ARRAY_SIZE(join_cases); i++) {
		const struct join_case *of = &join_cases[i];
		mono_t now = of->promoted ? 20 * SEC : 5 * SEC;
		const struct app_spec *next;
		const struct app *app = begin(b, of);
		b->specs[0] = spec_that(of->joins, of->next);
		b->next.n_apps = 1;
		b->next.agent.join_time = of->join_time;
		make(b);
		next = &b->specs[0];
		if (app)
			plan_fate_of(b->plan, app, &next);
		if (plan_joins(b->plan, app, next, now) != of->expected)
			fail_msg("%s: foretold otherwise", of->name);
		set_join_time(b, of->join_time);
		app = defined(b, &b->specs[0], now);
		registry_refresh(b->r.reg, app, now);
		if (app_joins(app) != of->expected)
			fail_msg("%s: found otherwise", of->name);
		plan_free(b->plan);
		b->plan = NULL;
		b->next.n_apps = 0;
		app_spec_done(&b->specs[0]);
		registry_unregister(b->r.reg, "a", now);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_fates),
		TEST(test_health_of_the_one_before),
		TEST(test_defaults),
		TEST(test_which_apps_join),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
