/* SPDX-License-Identifier: MIT */
/* Leases: ended, renewed, lifted, and what the store is told of them. */
#include "agent/app/leases.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "process/loop.h"
#include "tests/unit/registry_bed.h"

static const struct definition leased = {
	.name = "dns", .vip = VIP1, .source = APP_FROM_HTTP, .lease = 10 * SEC
};

static void test_lease_ends_and_is_renewed(void **state)
{
	struct bench *b = *state;
	enum register_result result;
	struct told told = { 0 };
	registry_on_changed(b->reg, on_changed, &told);
	const struct app *app = registered(b, &leased, REGISTER_NEW);
	assert_int_equal(app_lease_end(app), 11 * SEC);
	assert_false(told.renewed);
	assert_int_equal(reg_at(b, &leased, 5 * SEC, &result, NULL), 0);
	assert_int_equal(result, REGISTER_RENEWED);
	assert_true(told.renewed);
	assert_int_equal(app_lease_end(app), 15 * SEC);
	expect(b, "add 192.0.2.1/32\nannounce 192.0.2.1/32\n");
	registry_tick(b->reg, 15 * SEC - 1);
	assert_non_null(registry_find(b->reg, "dns"));
	registry_tick(b->reg, 15 * SEC);
	assert_null(registry_find(b->reg, "dns"));
	assert_true(told.gone);
	assert_int_equal(registry_count(b->reg).leases, 0);
	assert_int_equal(registry_count(b->reg).leases_expired, 1);
	expect(b, "withdraw 192.0.2.1/32\nawait acks\n");
}

static void test_pauses_do_not_count_for_a_lease(void **state)
{
	struct bench *b = *state;
	const mono_t began = loop_clock();
	enum register_result result;
	assert_int_equal(reg_at(b, &leased, began, &result, NULL), 0);
	struct app *app = (struct app *)registry_find(b->reg, "dns");
	gap_expect(&b->reg->pauses.gap, began + 4 * SEC);
	registry_tick(b->reg, began + 19 * SEC); /* paused from 4 to 19 */
	assert_non_null(registry_find(b->reg, "dns"));
	assert_int_equal(app_lease_end(app), began + 25 * SEC);
	gap_expect(&b->reg->pauses.gap, began + 30 * SEC);
	registry_tick(b->reg, began + 25 * SEC - 1);
	assert_non_null(registry_find(b->reg, "dns"));
	registry_tick(b->reg, began + 25 * SEC);
	assert_null(registry_find(b->reg, "dns"));
}

static void test_a_pause_before_a_lease_was_renewed(void **state)
{
	struct bench *b = *state;
	const mono_t began = loop_clock();
	enum register_result result;
	assert_int_equal(reg_at(b, &leased, began, &result, NULL), 0);
	gap_expect(&b->reg->pauses.gap, began + 4 * SEC);
	assert_int_equal(reg_at(b, &leased, began + 9 * SEC, &result, NULL), 0);
	gap_expect(&b->reg->pauses.gap, began + 30 * SEC);
	registry_tick(b->reg, began + 19 * SEC);
	assert_null(registry_find(b->reg, "dns"));
}

static void test_lease_is_lifted_by_who_wants_none(void **state)
{
	struct bench *b = *state;
	struct told told = { 0 };
	const struct definition config = { .name = "dns", .vip = VIP1, .source = APP_FROM_CONFIG };
	const struct app *app = registered(b, &leased, REGISTER_NEW);
	registered(b, &dns, REGISTER_RENEWED);
	assert_int_equal(app_lease_end(app), USEC_NEVER);
	registered(b, &dns, REGISTER_SAME);
	registry_on_changed(b->reg, on_changed, &told);
	registered(b, &leased, REGISTER_RENEWED);
	assert_false(told.renewed); /* this one cannot wait */
	registered(b, &config, REGISTER_RENEWED);
	assert_int_equal(app_lease_end(app), USEC_NEVER);
	registered(b, &leased, REGISTER_SAME);
	assert_int_equal(app_lease_end(app), USEC_NEVER);
	assert_int_equal(app->spec->source, APP_FROM_CONFIG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_lease_ends_and_is_renewed),
		TEST(test_pauses_do_not_count_for_a_lease),
		TEST(test_a_pause_before_a_lease_was_renewed),
		TEST(test_lease_is_lifted_by_who_wants_none),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
