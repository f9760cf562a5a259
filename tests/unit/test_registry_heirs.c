/* SPDX-License-Identifier: MIT */
/* VIPs that pass from one app to another, of a reload or while they go down. */
#include "agent/app/registry.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>

#include "agent/app/health.h"
#include "agent/model/community.h"
#include "agent/vip/acks.h"
#include "lib/str.h"
#include "tests/unit/registry_bed.h"

static void test_a_vip_can_move_while_it_goes_down(void **state)
{
	struct bench *b = *state;
	const struct definition heir = { .name = "heir", .vip = VIP1 };
	registered(b, &dns, REGISTER_NEW);
	expect(b, b->did);
	assert_true(registry_unregister(b->reg, "dns", SEC));
	assert_false(registry_unregister(b->reg, "dns", SEC));
	expect(b, "withdraw 192.0.2.1/32\nawait acks\n");
	registered(b, &heir, REGISTER_NEW);
	reconcile_acked(b->reconcile);
	expect(b, "add 192.0.2.1/32\nannounce 192.0.2.1/32\n");
}

/* Of a reload. */
static const char *heir_of_vip1, *heir_of_vip2;

static const char *heir(const struct prefix *vip, void *userdata)
{
	char text[PREFIX_TEXT_MAX];
	(void)userdata;
	return str_equal(prefix_format(vip, text), VIP1) ? heir_of_vip1 : heir_of_vip2;
}

static void test_a_vip_moves_without_a_gap(void **state)
{
	struct bench *b = *state;
	const struct definition both = { .name = "both", .vip = VIP1, .vip2 = VIP2 };
	const struct definition first = { .name = "both", .vip = VIP1 };
	const struct definition second = { .name = "second", .vip = VIP2 };
	heir_of_vip1 = "both";
	heir_of_vip2 = "second";
	enum register_result result;
	registered(b, &both, REGISTER_NEW);
	expect(b, "add 192.0.2.1/32\nannounce 192.0.2.1/32\n"
		  "add 192.0.2.2/32\nannounce 192.0.2.2/32\n");
	assert_int_equal(reg_at(b, &second, SEC, &result, NULL), -EEXIST);
	registry_set_heirs(b->reg, heir, NULL);
	registered(b, &second, REGISTER_NEW);
	registered(b, &first, REGISTER_SAME);
	expect(b, "");
	registry_set_heirs(b->reg, NULL, NULL);
	assert_int_equal(reg_at(b, &both, SEC, &result, NULL), -EEXIST);
	registry_unregister(b->reg, "both", SEC);
	expect(b, "withdraw 192.0.2.1/32\nawait acks\n");
}

static const char *community_of(const struct bench *b, const struct prefix *vip,
				char buf[static COMMUNITY_TEXT_MAX])
{
	const struct app_spec *spec = vip_find(b->reconcile, vip)->spec;
	assert_int_equal(spec->communities.n, 1);
	return community_format(spec->communities.values[0], buf);
}

/* Each kept VIP by the definition that had it, however often the app is replaced meanwhile. */
static void test_a_kept_vip_has_its_own_definition(void **state)
{
	struct bench *b = *state;
	char text[COMMUNITY_TEXT_MAX];
	const struct prefix vip2 = PREFIX4(32, 192, 0, 2, 2);
	const struct definition both = {
		.name = "both", .vip = VIP1, .vip2 = VIP2, .communities = "1:1"
	};
	struct definition first = { .name = "both", .vip = VIP1, .communities = "2:2" };
	const struct definition second = { .name = "second", .vip = VIP2, .communities = "4:4" };
	heir_of_vip1 = "both";
	heir_of_vip2 = "second";
	registered(b, &both, REGISTER_NEW);
	registry_set_heirs(b->reg, heir, NULL);
	const struct app *app = registered(b, &first, REGISTER_REPLACED);
	assert_string_equal(community_of(b, &vip2, text), "1:1");
	first.communities = "3:3";
	registered(b, &first, REGISTER_REPLACED);
	assert_string_equal(community_of(b, &vip2, text), "1:1");
	assert_int_equal(app->n_formers, 1);
	registered(b, &second, REGISTER_NEW);
	assert_string_equal(community_of(b, &vip2, text), "4:4");
	registry_set_heirs(b->reg, NULL, NULL);
	assert_int_equal(app->n_formers, 0);
}

static void test_changes_are_counted(void **state)
{
	struct bench *b = *state;
	const struct definition first = { .name = "a", .vip = VIP1, .vip2 = VIP2 };
	const struct definition second = { .name = "b", .vip = VIP2 };
	uint64_t before = registry_changes(b->reg);
	registered(b, &first, REGISTER_NEW);
	uint64_t added = registry_changes(b->reg);
	assert_true(added > before);
	registered(b, &first, REGISTER_SAME);
	assert_int_equal(registry_changes(b->reg), added);
	heir_of_vip1 = "a";
	heir_of_vip2 = "b";
	registry_set_heirs(b->reg, heir, NULL);
	registered(b, &second, REGISTER_NEW); /* takes a VIP of the other */
	uint64_t taken = registry_changes(b->reg);
	assert_true(taken >= added + 2);
	registered(b, &(struct definition){ .name = "b", .vip = VIP2, .monitor = CHECK },
		   REGISTER_REPLACED);
	uint64_t replaced = registry_changes(b->reg);
	assert_true(replaced > taken);
	registry_unregister(b->reg, "b", SEC);
	assert_true(registry_changes(b->reg) > replaced);
	registry_set_heirs(b->reg, NULL, NULL);
}

/* In whichever order they are registered. */
static void test_two_apps_exchange_their_vips(void **state)
{
	struct bench *b = *state;
	static const struct definition before[] = { { .name = "a", .vip = VIP1 },
						    { .name = "b", .vip = VIP2 } };
	static const struct definition after[] = { { .name = "a", .vip = VIP2 },
						   { .name = "b", .vip = VIP1 } };
	for (size_t i = 0; i < 2; i++)
		registered(b, &before[i], REGISTER_NEW);
	expect(b, "add 192.0.2.1/32\nannounce 192.0.2.1/32\n"
		  "add 192.0.2.2/32\nannounce 192.0.2.2/32\n");
	heir_of_vip1 = "b";
	heir_of_vip2 = "a";
	registry_set_heirs(b->reg, heir, NULL);
	registered(b, &after[0], REGISTER_REPLACED);
	registered(b, &after[1], REGISTER_REPLACED);
	registry_set_heirs(b->reg, NULL, NULL);
	expect(b, "");
	registry_unregister(b->reg, "a", SEC);
	expect(b, "withdraw 192.0.2.2/32\nawait acks\n");
	registry_unregister(b->reg, "b", SEC);
	expect(b, "withdraw 192.0.2.1/32\n");
}

static void test_an_app_with_another_name_has_its_health(void **state)
{
	struct bench *b = *state;
	struct definition first = checked;
	first.source = APP_FROM_CONFIG;
	struct definition renamed = first, otherwise = first;
	renamed.name = "renamed";
	otherwise.name = "otherwise";
	otherwise.monitor = "exec:another one";
	app_on_verdict(registered(b, &first, REGISTER_NEW), HEALTH_UP, "passes", SEC);
	expect(b, "add 192.0.2.1/32\nannounce 192.0.2.1/32\n");
	heir_of_vip1 = "renamed";
	registry_set_heirs(b->reg, heir, NULL);
	assert_int_equal(registered(b, &renamed, REGISTER_NEW)->health, HEALTH_UP);
	registry_unregister(b->reg, "dns", SEC);
	expect(b, "");
	assert_int_equal(registry_n(b->reg, HEALTH_UP), 1);
	heir_of_vip1 = "otherwise";
	assert_int_equal(registered(b, &otherwise, REGISTER_NEW)->health, HEALTH_UNKNOWN);
	expect(b, "withdraw 192.0.2.1/32\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_vip_can_move_while_it_goes_down),
		TEST(test_a_vip_moves_without_a_gap),
		TEST(test_a_kept_vip_has_its_own_definition),
		TEST(test_changes_are_counted),
		TEST(test_two_apps_exchange_their_vips),
		TEST(test_an_app_with_another_name_has_its_health),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
