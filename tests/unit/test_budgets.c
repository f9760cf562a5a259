/* SPDX-License-Identifier: MIT */
/* Limits of each principal's registrations. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>

#include "agent/app/budgets.h"
#include "lib/log.h"
#include "lib/mem.h"
#include "lib/str.h"

#include "fake_registry.h"

struct bed {
	struct fake_registry apps;
	struct api_budget max;
	struct err err;
	char long_command[3000];
};

static int setup(void **state)
{
	struct bed *b = mem_new(1, sizeof(*b));
	sd_event *loop;
	log_setup(LOG_ERROR, LOG_TEXT);
	assert_true(sd_event_new(&loop) >= 0);
	fake_registry_init(&b->apps, loop);
	b->max = (struct api_budget){ .apps = 3, .vips = 4, .kilobytes = 4, .changes = 30 };
	const struct registry_options options = { .budget = &b->max };
	registry_set_options(b->apps.reg, &options);
	memset(b->long_command, 'x', sizeof(b->long_command) - 1);
	memcpy(b->long_command, "exec:", 5);
	*state = b;
	return 0;
}

static int teardown(void **state)
{
	struct bed *b = *state;
	sd_event *loop = b->apps.loop;
	fake_registry_done(&b->apps);
	sd_event_unref(loop);
	free(b);
	return 0;
}

/* `n` VIPs from 192.0.2.FIRST on. */
static int add(struct bed *b, enum app_source source, const char *by, const char *name, int first,
	       int n, const char *monitor)
{
	struct app_spec spec = { .source = source };
	struct err err;
	enum register_result result;
	char vip[32];
	assert_int_equal(app_spec_set_name(&spec, name, &err), 0);
	for (int i = 0; i < n; i++) {
		snprintf(vip, sizeof(vip), "192.0.2.%d/32", first + i);
		assert_int_equal(app_spec_add_vip(&spec, vip, &err), 0);
	}
	if (monitor)
		assert_int_equal(app_spec_add_monitor(&spec, monitor, &err), 0);
	spec.by = by ? mem_strdup(by) : NULL;
	b->err.text[0] = 0;
	int rc = registry_register(b->apps.reg, &spec, loop_now(b->apps.loop), &result, &b->err);
	app_spec_done(&spec);
	return rc;
}

static int reg(struct bed *b, const char *by, const char *name, int first, int n)
{
	return add(b, APP_FROM_HTTP, by, name, first, n, NULL);
}

static void expect_refusal(const struct bed *b, int rc, const char *text)
{
	assert_int_equal(rc, -EDQUOT);
	if (!strstr(b->err.text, text))
		fail_msg("'%s' does not say '%s'", b->err.text, text);
}

static void unregister(struct bed *b, const char *name)
{
	assert_true(registry_unregister(b->apps.reg, name, loop_now(b->apps.loop)));
}

static void test_apps(void **state)
{
	struct bed *b = *state;
	assert_int_equal(reg(b, "token a", "1", 1, 1), 0);
	assert_int_equal(reg(b, "token a", "2", 2, 1), 0);
	assert_int_equal(reg(b, "token a", "3", 3, 1), 0);
	expect_refusal(b, reg(b, "token a", "4", 4, 1),
		       "token a would have 4 apps, and agent.api.max_apps is 3");
	assert_null(registry_find(b->apps.reg, "4"));
	assert_int_equal(reg(b, "token b", "4", 4, 1), 0); /* another one's */
	/* It may register its own apps again and change them. */
	assert_int_equal(reg(b, "token a", "3", 3, 1), 0);
	assert_int_equal(reg(b, "token a", "3", 5, 1), 0);
	unregister(b, "1");
	assert_int_equal(reg(b, "token a", "5", 6, 1), 0);
	expect_refusal(b, reg(b, "token a", "6", 7, 1), "max_apps");
}

static void test_vips(void **state)
{
	struct bed *b = *state;
	assert_int_equal(reg(b, "local", "1", 1, 3), 0);
	expect_refusal(b, reg(b, "local", "2", 4, 2),
		       "local would have 5 VIPs, and agent.api.max_vips is 4");
	assert_int_equal(reg(b, "local", "2", 4, 1), 0);
	expect_refusal(b, reg(b, "local", "2", 4, 2), "max_vips");
	assert_int_equal(registry_find(b->apps.reg, "2")->spec->n_vips, 1);
	assert_int_equal(reg(b, "local", "1", 1, 1), 0);
	assert_int_equal(reg(b, "local", "2", 4, 3), 0);
}

static void test_bytes(void **state)
{
	struct bed *b = *state;
	assert_int_equal(add(b, APP_FROM_HTTP, "local", "1", 1, 1, b->long_command), 0);
	expect_refusal(b, add(b, APP_FROM_HTTP, "local", "2", 2, 1, b->long_command),
		       "kB of definitions, and agent.api.max_kilobytes is 4");
	assert_int_equal(reg(b, "local", "2", 2, 1), 0);
	expect_refusal(b, add(b, APP_FROM_HTTP, "local", "2", 2, 1, b->long_command),
		       "max_kilobytes");
}

/* The limits of the one whose it becomes count, and it is no longer the other's. */
static void test_an_app_of_another_principal(void **state)
{
	struct bed *b = *state;
	assert_int_equal(reg(b, "token a", "1", 1, 4), 0);
	assert_int_equal(reg(b, "token b", "2", 10, 1), 0);
	expect_refusal(b, add(b, APP_FROM_HTTP, "token b", "1", 1, 4, "port:tcp:53"), "token b");
	assert_int_equal(reg(b, "token b", "1", 1, 3), 0);
	assert_int_equal(reg(b, "token a", "3", 20, 4), 0);
	/* The same definition again, by another one. */
	assert_int_equal(reg(b, "token c", "3", 20, 4), 0);
	assert_int_equal(reg(b, "token a", "4", 30, 4), 0);
}

static void test_other_sources_have_no_budget(void **state)
{
	struct bed *b = *state;
	for (int i = 0; i < 5; i++) {
		const char name[] = { (char)('a' + i), 0 };
		assert_int_equal(add(b, APP_FROM_CONSUL, NULL, name, 1 + i, 1, NULL), 0);
	}
	assert_int_equal(registry_requested_vips(b->apps.reg, NULL), 5);
	assert_int_equal(reg(b, "local", "h", 10, 4), 0);
	assert_int_equal(add(b, APP_FROM_CONFIG, NULL, "file", 100, 1, NULL), 0);
	assert_int_equal(registry_requested_vips(b->apps.reg, NULL), 9);
	assert_int_equal(registry_requested_vips(b->apps.reg, registry_find(b->apps.reg, "h")), 5);
	/* The file takes one over: the budget is free again. */
	assert_int_equal(add(b, APP_FROM_CONFIG, NULL, "h", 10, 4, NULL), 0);
	assert_int_equal(registry_requested_vips(b->apps.reg, NULL), 5);
	assert_int_equal(reg(b, "local", "i", 20, 4), 0);
}

static bool may_change(struct bed *b, const char *by, mono_t now)
{
	const struct app_spec spec = { .source = APP_FROM_HTTP, .by = (char *)by };
	int rc = budget_check_rate(b->apps.reg, &spec, now, &b->err);
	assert_true(rc == 0 || rc == -EAGAIN);
	if (rc == 0)
		budget_count_change(b->apps.reg, &spec, now);
	return rc == 0;
}

static size_t changes(struct bed *b, const char *by, mono_t now)
{
	size_t n = 0;
	while (may_change(b, by, now))
		n++;
	return n;
}

static void test_rates(void **state)
{
	struct bed *b = *state;
	mono_t now = 1000 * USEC_PER_SEC;
	assert_int_equal(changes(b, "local", now), 6); /* twice max_apps */
	assert_non_null(strstr(b->err.text, "local has changed 6 apps in a row, and "
					    "agent.api.max_changes is 30 a minute; wait for 3 s"));
	assert_int_equal(changes(b, "token a", now), 6);
	now += 2 * USEC_PER_SEC;
	assert_int_equal(changes(b, "local", now), 1);
	now += 60 * USEC_PER_SEC;
	assert_int_equal(changes(b, "local", now), 6);
	/* Those that are idle are forgotten, with the next that is new. */
	now += 60 * USEC_PER_SEC;
	assert_true(may_change(b, "uid 7", now));
	/* Without limits. */
	const struct registry_options none = { 0 };
	registry_set_options(b->apps.reg, &none);
	for (int i = 0; i < 100; i++)
		assert_true(may_change(b, "uid 7", now));
}

static void test_lowered_limits_take_nothing_away(void **state)
{
	struct bed *b = *state;
	assert_int_equal(reg(b, "local", "1", 1, 3), 0);
	b->max = (struct api_budget){ .apps = 1, .vips = 1, .kilobytes = 1 };
	assert_int_equal(reg(b, "local", "1", 1, 3), 0);
	assert_int_equal(reg(b, "local", "1", 1, 2), 0);
	expect_refusal(b, reg(b, "local", "1", 1, 3), "max_vips");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_apps),
		TEST(test_vips),
		TEST(test_bytes),
		TEST(test_an_app_of_another_principal),
		TEST(test_other_sources_have_no_budget),
		TEST(test_rates),
		TEST(test_lowered_limits_take_nothing_away),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
