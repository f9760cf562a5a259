/* SPDX-License-Identifier: MIT */
/* An app that is registered anew: VIPs and monitors that stay go on. */
#include "agent/app/registry.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "agent/app/health.h"
#include "agent/model/app_spec_parse.h"
#include "agent/vip/acks.h"
#include "tests/unit/registry_bed.h"

static void test_replacing_keeps_the_vips_that_stay(void **state)
{
	struct bench *b = *state;
	const struct definition more = { .name = "dns", .vip = VIP2, .vip2 = VIP1 };
	const struct definition less = { .name = "dns", .vip = VIP2, .communities = "1:1" };
	registered(b, &dns, REGISTER_NEW);
	expect(b, b->did);
	registered(b, &more, REGISTER_REPLACED);
	expect(b, "add 192.0.2.2/32\nannounce 192.0.2.2/32\n");
	registered(b, &less, REGISTER_REPLACED);
	expect(b, "withdraw 192.0.2.1/32\nannounce 192.0.2.2/32\nawait acks\n");
	reconcile_acked(b->reconcile);
	expect(b, "del 192.0.2.1/32\n");
}

static void test_new_monitors_start_from_the_health_that_was(void **state)
{
	struct bench *b = *state;
	struct app *app = registered(b, &dns, REGISTER_NEW);
	expect(b, b->did);
	assert_ptr_equal(registered(b, &checked, REGISTER_REPLACED), app);
	assert_int_equal(app->health, HEALTH_UP);
	expect(b, "");
	app_on_verdict(app, HEALTH_DOWN, "dead", 2 * SEC);
	expect(b, "withdraw 192.0.2.1/32\n");
	/* Without monitors it is up, whatever was before. */
	registered(b, &dns, REGISTER_REPLACED);
	expect(b, "announce 192.0.2.1/32\n");
}

static void set_monitors(struct app_spec *s, const char *first, const char *second)
{
	spec_make(s, &checked);
	monitor_spec_done(&s->monitors[--s->n_monitors]);
	assert_int_equal(app_spec_add_monitor(s, first, NULL), 0);
	if (second)
		assert_int_equal(app_spec_add_monitor(s, second, NULL), 0);
}

/* The results so far count for the new definition, at once. */
static void test_monitors_that_did_not_change_go_on(void **state)
{
	struct bench *b = *state;
	struct app_spec s;
	enum register_result result;
	struct monitor_runner_status status;
	set_monitors(&s, "file:/", "file:/nowhere");
	assert_int_equal(registry_register(b->reg, &s, SEC, &result, NULL), 0);
	const struct app *app = registry_find(b->reg, "dns");
	assert_int_equal(app->health, HEALTH_DOWN);
	s.quorum = 1;
	assert_int_equal(registry_register(b->reg, &s, SEC, &result, NULL), 0);
	app_spec_done(&s);
	assert_int_equal(result, REGISTER_REPLACED);
	assert_int_equal(app->health, HEALTH_UP);
	expect(b, "add 192.0.2.1/32\nannounce 192.0.2.1/32\n");
	set_monitors(&s, CHECK, "file:/nowhere");
	assert_int_equal(registry_register(b->reg, &s, SEC, &result, NULL), 0);
	app_spec_done(&s);
	monitor_runner_status(b->runner, &status);
	assert_int_equal(status.checks, 2); /* each at the first registration, and never again */
	/* The failure is known; CHECK has no result yet, but two have to pass. */
	assert_int_equal(app->health, HEALTH_DOWN);
	assert_non_null(strstr(app->reason, "file:/nowhere"));
	expect(b, "withdraw 192.0.2.1/32\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_replacing_keeps_the_vips_that_stay),
		TEST(test_new_monitors_start_from_the_health_that_was),
		TEST(test_monitors_that_did_not_change_go_on),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
