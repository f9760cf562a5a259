/* SPDX-License-Identifier: MIT */
/* Registration: who may have which name and VIP, and what is told of it. */
#include "agent/app/registry.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "agent/app/drains.h"
#include "agent/vip/acks.h"
#include "tests/unit/registry_bed.h"

static void test_without_monitors_it_is_up_at_once(void **state)
{
	struct bench *b = *state;
	const struct app *app = registered(b, &dns, REGISTER_NEW);
	assert_string_equal(b->did, "add 192.0.2.1/32\nannounce 192.0.2.1/32\n");
	assert_int_equal(app->health, HEALTH_UP);
	assert_int_equal(registry_n(b->reg, HEALTH_UP), 1);
}

static void test_the_same_again_changes_nothing(void **state)
{
	struct bench *b = *state;
	registered(b, &dns, REGISTER_NEW);
	expect(b, "add 192.0.2.1/32\nannounce 192.0.2.1/32\n");
	registered(b, &dns, REGISTER_SAME);
	expect(b, "");
}

/* Before anything else is asked, also of the same definition again. */
static void test_monitors_are_accepted_by_source(void **state)
{
	struct bench *b = *state;
	const struct monitor_admission admission = { 0 };
	const struct registry_options options = { .admission = &admission };
	struct definition local = checked;
	enum register_result result;
	struct err err = { "" };
	registry_set_options(b->reg, &options);
	assert_int_equal(reg_at(b, &checked, SEC, &result, &err), -EACCES);
	assert_non_null(strstr(err.text, "agent.exec.allow_from"));
	assert_null(registry_find(b->reg, "dns"));
	local.local = true;
	assert_int_equal(reg_at(b, &local, SEC, &result, &err), -EACCES);
	local.admin = true;
	registered(b, &local, REGISTER_NEW);
	assert_int_equal(reg_at(b, &checked, SEC, &result, &err), -EACCES);
	registered(b, &local, REGISTER_SAME);
}

static void test_every_change_of_http_is_told(void **state)
{
	struct bench *b = *state;
	struct told told = { 0 };
	const struct definition other = { .name = "dns", .vip = VIP2, .source = APP_FROM_HTTP };
	registry_on_changed(b->reg, on_changed, &told);
	registered(b, &dns, REGISTER_NEW);
	assert_int_equal(told.n, 1);
	registered(b, &dns, REGISTER_SAME);
	assert_int_equal(told.n, 1);
	registered(b, &other, REGISTER_REPLACED);
	assert_int_equal(told.n, 2);
	registry_drain(b->reg, "dns", DRAIN_BY_FILE, NULL, "", USEC_NEVER, SEC);
	assert_int_equal(told.n, 2);
	registry_drain(b->reg, "dns", DRAIN_BY_API, NULL, "", USEC_NEVER, SEC);
	registry_drain(b->reg, "dns", DRAIN_BY_API, NULL, "new reason", USEC_NEVER, SEC);
	registry_undrain(b->reg, "dns", DRAIN_BY_API, NULL, SEC);
	assert_int_equal(told.n, 5);
	registry_drain(b->reg, NULL, DRAIN_BY_API, NULL, "", USEC_NEVER, SEC);
	assert_string_equal(told.name, "(agent)");
	registry_unregister(b->reg, "dns", SEC);
	assert_int_equal(told.n, 7);
	assert_true(told.gone);
	assert_string_equal(told.name, "dns");
	registered(b, &dns, REGISTER_NEW);
	told.n = 0;
	registry_unregister_all(b->reg, SEC); /* the stop of the agent */
	assert_int_equal(told.n, 0);
}

static void test_drains_of_a_previous_instance_wait_for_their_apps(void **state)
{
	struct bench *b = *state;
	registry_restore_drain(b->reg, "dns", "why", USEC_NEVER, 100 * SEC, SEC);
	registry_restore_drain(b->reg, "ended", "", SEC, SEC, SEC);
	const struct app *app = registered(b, &dns, REGISTER_NEW);
	expect(b, ""); /* not announced for a moment */
	assert_string_equal(app->drain->requests[DRAIN_BY_API].reason, "why");
	assert_int_equal(app->drain->requests[DRAIN_BY_API].earlier, 100 * SEC);
	const struct definition ended = { .name = "ended", .vip = VIP2, .source = APP_FROM_HTTP };
	registered(b, &ended, REGISTER_NEW);
	expect(b, "add 192.0.2.2/32\nannounce 192.0.2.2/32\n");
	registry_undrain(b->reg, "dns", DRAIN_BY_API, NULL, SEC);
	expect(b, "add 192.0.2.1/32\nannounce 192.0.2.1/32\n");
	registry_drain(b->reg, "dns", DRAIN_BY_API, NULL, "again", USEC_NEVER, 2 * SEC);
	assert_int_equal(app->drain->requests[DRAIN_BY_API].earlier, 0);
}

static void test_conflict_names_the_owner_and_changes_nothing(void **state)
{
	struct bench *b = *state;
	const struct definition thief = {
		.name = "thief", .vip = VIP2, .vip2 = VIP1, .source = APP_FROM_HTTP
	};
	enum register_result result;
	struct err err;
	registered(b, &dns, REGISTER_NEW);
	expect(b, b->did);
	assert_int_equal(reg_at(b, &thief, SEC, &result, &err), -EEXIST);
	assert_non_null(strstr(err.text, "dns"));
	assert_non_null(strstr(err.text, VIP1));
	assert_null(registry_find(b->reg, "thief"));
	expect(b, "");
	assert_int_equal(reconcile_counts(b->reconcile).vips, 1);
}

static void test_the_file_owns_its_names(void **state)
{
	struct bench *b = *state;
	const struct definition file = { .name = "dns", .vip = VIP1, .source = APP_FROM_CONFIG };
	const struct definition other = { .name = "dns", .vip = VIP2, .source = APP_FROM_HTTP };
	enum register_result result;
	struct err err;
	registered(b, &file, REGISTER_NEW);
	assert_int_equal(reg_at(b, &other, SEC, &result, &err), -EBUSY);
	registered(b, &dns, REGISTER_SAME);
}

static void count_freed(void *userdata)
{
	++*(int *)userdata;
}

static void test_consul_comes_before_nomad(void **state)
{
	struct bench *b = *state;
	const struct definition consul = { .name = "a", .vip = VIP1, .source = APP_FROM_CONSUL };
	const struct definition late = { .name = "a", .vip = VIP2, .source = APP_FROM_NOMAD };
	const struct definition nomad = { .name = "b", .vip = VIP2, .source = APP_FROM_NOMAD };
	const struct definition both = { .name = "c", .vip = VIP2, .source = APP_FROM_CONSUL };
	enum register_result result;
	struct err err;
	registered(b, &consul, REGISTER_NEW);
	assert_int_equal(reg_at(b, &late, SEC, &result, &err), -EBUSY);
	assert_string_equal(err.text, "app 'a' is from consul, which comes before nomad");
	registered(b, &nomad, REGISTER_NEW);
	registered(b, &both, REGISTER_NEW);
	assert_null(registry_find(b->reg, "b"));
}

/* The configuration file comes before HTTP, and HTTP before Consul. */
static void test_who_comes_first_takes_names_and_vips(void **state)
{
	struct bench *b = *state;
	const struct definition consul = { .name = "a", .vip = VIP1, .source = APP_FROM_CONSUL };
	const struct definition same = { .name = "a", .vip = VIP1, .source = APP_FROM_HTTP };
	const struct definition late = { .name = "a", .vip = VIP2, .source = APP_FROM_CONSUL };
	const struct definition vip = { .name = "b", .vip = VIP1, .source = APP_FROM_CONSUL };
	const struct definition file = { .name = "c", .vip = VIP1, .source = APP_FROM_CONFIG };
	enum register_result result;
	struct err err;
	int freed = 0;
	registry_on_freed(b->reg, count_freed, &freed);
	registered(b, &consul, REGISTER_NEW);
	registered(b, &same, REGISTER_SAME);
	assert_int_equal(registry_find(b->reg, "a")->spec->source, APP_FROM_HTTP);
	assert_int_equal(freed, 1); /* Consul's watcher has to compare again */
	assert_int_equal(reg_at(b, &late, SEC, &result, &err), -EBUSY);
	assert_string_equal(err.text, "app 'a' is from http, which comes before consul");
	assert_int_equal(reg_at(b, &vip, SEC, &result, &err), -EEXIST);
	registered(b, &file, REGISTER_NEW);
	assert_null(registry_find(b->reg, "a"));
	assert_int_equal(freed, 2);
	struct prefix prefix;
	assert_int_equal(prefix_parse(VIP1, &prefix, NULL), 0);
	assert_ptr_equal(registry_owner(b->reg, &prefix), registry_find(b->reg, "c"));
	assert_int_equal(reg_at(b, &same, SEC, &result, &err), -EEXIST);
}

static void test_stop_withdraws_all(void **state)
{
	struct bench *b = *state;
	const struct definition ntp = { .name = "ntp", .vip = VIP2 };
	registered(b, &dns, REGISTER_NEW);
	registered(b, &ntp, REGISTER_NEW);
	expect(b, b->did);
	registry_unregister_all(b->reg, SEC);
	assert_string_equal(b->did, "withdraw 192.0.2.1/32\nwithdraw 192.0.2.2/32\n");
	assert_int_equal(registry_n(b->reg, HEALTH_UP), 0);
	expect(b, "withdraw 192.0.2.1/32\nwithdraw 192.0.2.2/32\nawait acks\n");
	reconcile_acked(b->reconcile);
	expect(b, "del 192.0.2.1/32\ndel 192.0.2.2/32\n");
	assert_true(reconcile_settled(b->reconcile));
}

static void test_cursor_survives_removal(void **state)
{
	struct bench *b = *state;
	const struct definition ntp = { .name = "ntp", .vip = VIP2 };
	struct app_cursor c;
	registered(b, &dns, REGISTER_NEW);
	registered(b, &ntp, REGISTER_NEW);
	app_cursor_init(b->reg, &c);
	registry_unregister(b->reg, "dns", SEC);
	const struct app *app = app_cursor_next(&c);
	assert_non_null(app);
	assert_string_equal(app->spec->name, "ntp");
	assert_null(app_cursor_next(&c));
	app_cursor_done(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_without_monitors_it_is_up_at_once),
		TEST(test_the_same_again_changes_nothing),
		TEST(test_monitors_are_accepted_by_source),
		TEST(test_every_change_of_http_is_told),
		TEST(test_drains_of_a_previous_instance_wait_for_their_apps),
		TEST(test_conflict_names_the_owner_and_changes_nothing),
		TEST(test_the_file_owns_its_names),
		TEST(test_consul_comes_before_nomad),
		TEST(test_who_comes_first_takes_names_and_vips),
		TEST(test_stop_withdraws_all),
		TEST(test_cursor_survives_removal),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
