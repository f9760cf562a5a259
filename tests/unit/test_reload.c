/* SPDX-License-Identifier: MIT */
/* Reload and what is checked like it, turn by turn of the loop: the parts of an agent without its
 * API. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>

#include "agent/daemon/exec_env.h"
#include "agent/daemon/file_check.h"
#include "agent/daemon/reload_data.h"
#include "tests/unit/agent_bed.h"

#define APPS(list) "apps: [ " list " ]\n"
#define WEB        "{ name: web, vip: 192.0.2.1/32 }, "
#define DNS        "{ name: dns, vip: 192.0.2.2/32 }, "

static int setup(void **state)
{
	static const struct api_callbacks no_requests;
	static struct agent_bed b;
	agent_bed_init(&b);
	agent_bed_write(&b, "", "", APPS(WEB DNS));
	agent_bed_run(&b);
	b.a.api = api_new(b.a.loop, &b.a.config->agent.api, &no_requests, &b.a);
	*state = &b;
	return 0;
}

static int teardown(void **state)
{
	struct agent_bed *b = *state;
	api_free(b->a.api);
	char **env = b->a.exec_env; /* of the runner */
	agent_bed_done(b);
	exec_env_free(env);
	return 0;
}

static uint64_t ask(struct agent_bed *b)
{
	return reload_ask(b->a.reload, &(struct reload_request){ .trigger = "test" });
}

static bool is_over(void *userdata)
{
	const struct agent_bed *b = userdata;
	return !b->a.reload->running && !b->a.reload->asked;
}

static void reload(struct agent_bed *b)
{
	ask(b);
	loop_until(b->a.loop, is_over, b);
}

/* The next turn is the one in which all but the apps changes. */
static bool is_checked(void *userdata)
{
	const struct agent_bed *b = userdata;
	return b->a.reload->running && b->a.reload->phase == RELOAD_CHANGE;
}

static bool has_app(const struct agent_bed *b, const char *name)
{
	return registry_find(b->a.registry, name);
}

static void test_apps_come_and_go(void **state)
{
	struct agent_bed *b = *state;
	agent_bed_write(b, "", "", APPS(DNS "{ name: ntp, vip: 192.0.2.3/32 }"));
	reload(b);
	assert_true(b->a.config_file.reload_ok);
	assert_true(has_app(b, "ntp") && has_app(b, "dns") && !has_app(b, "web"));
	assert_int_equal(reload_count(b->a.reload), 3); /* a beginning, a change and an end */
}

static void test_a_broken_file_changes_nothing(void **state)
{
	struct agent_bed *b = *state;
	agent_bed_write(b, "", "", APPS("{ name: web, vip: nonsense }"));
	reload(b);
	assert_false(b->a.config_file.reload_ok);
	assert_int_equal(json_array_size(b->a.config_file.errors), 1);
	assert_int_equal(b->a.config->n_apps, 2);
	assert_true(has_app(b, "web") && has_app(b, "dns"));
}

/* Two that wait together are one. */
static void test_requests_that_wait_together(void **state)
{
	struct agent_bed *b = *state;
	uint64_t first = ask(b);
	assert_int_equal(ask(b), first);
	loop_until(b->a.loop, is_over, b);
	assert_int_equal(reload_count(b->a.reload), 3);
	assert_int_equal(ask(b), first + 1);
}

/* It is in the file as it was, and not registered. */
static void test_an_app_that_was_unregistered_returns(void **state)
{
	struct agent_bed *b = *state;
	registry_unregister(b->a.registry, "web", loop_now(b->a.loop));
	reload(b);
	assert_true(has_app(b, "web"));
}

/* The check has found it registered as the file has it, and then it goes. */
static void test_an_app_goes_between_the_check_and_the_change(void **state)
{
	struct agent_bed *b = *state;
	ask(b);
	loop_until(b->a.loop, is_checked, b);
	assert_true(reload_check_is_same(&b->a.reload->job.check, 0));
	registry_unregister(b->a.registry, "web", loop_now(b->a.loop));
	assert_false(reload_check_is_same(&b->a.reload->job.check, 0));
	loop_until(b->a.loop, is_over, b);
	assert_true(has_app(b, "web"));
}

/* Names and VIPs of those that come over HTTP are displaced by the file. */
static void test_the_file_takes_the_place_of_an_app_of_http(void **state)
{
	struct agent_bed *b = *state;
	agent_bed_register(b, "other", "192.0.2.7/32");
	agent_bed_write(b, "", "", APPS(WEB DNS "{ name: ntp, vip: 192.0.2.7/32 }"));
	reload(b);
	assert_true(b->a.config_file.reload_ok);
	assert_true(has_app(b, "ntp") && !has_app(b, "other"));
}

static void test_a_stop_ends_it(void **state)
{
	struct agent_bed *b = *state;
	agent_bed_write(b, "", "", APPS(WEB));
	ask(b);
	loop_until(b->a.loop, is_checked, b);
	reload_stop(b->a.reload);
	loop_drain(b->a.loop);
	assert_false(b->a.reload->running);
	assert_true(has_app(b, "dns"));
	ask(b);
	loop_drain(b->a.loop);
	assert_false(b->a.reload->running);
}

/* ---- a file that is only checked ---- */

static int run_check(struct file_check *c)
{
	int rc;
	while ((rc = file_check_step(c)) > 0)
		;
	return rc;
}

static void test_a_check_of_a_file(void **state)
{
	struct agent_bed *b = *state;
	struct file_check c;
	const struct config_source source = { .file = b->file };
	file_check_begin(&c, &b->a, &source);
	assert_int_equal(run_check(&c), 0);
	assert_int_equal(c.next->n_apps, 2);
	file_check_done(&c);
	agent_bed_write(b, "", "", APPS("{ name: web, vip: nonsense }"));
	file_check_begin(&c, &b->a, &source);
	assert_int_equal(run_check(&c), -EINVAL);
	assert_int_equal(c.findings.n_errors, 1);
	file_check_done(&c);
	file_check_done(&c);
}

/* In whatever stage: it begins anew, with what is in effect now. */
static void test_a_reload_during_a_check(void **state)
{
	struct agent_bed *b = *state;
	const struct config_source source = { .file = b->file };
	agent_bed_write(b, "", "", APPS(WEB));
	for (int steps = 0; steps < 8; steps++) {
		struct file_check c;
		file_check_begin(&c, &b->a, &source);
		for (int i = 0; i < steps; i++)
			file_check_step(&c);
		assert_false(file_check_is_stale(&c));
		reload(b);
		assert_true(file_check_is_stale(&c));
		agent_bed_write(b, "", "", APPS(DNS));
		assert_int_equal(run_check(&c), 0);
		assert_false(file_check_is_stale(&c));
		assert_string_equal(c.next->apps[0].name, "dns");
		file_check_done(&c);
		agent_bed_write(b, "", "", APPS(WEB));
	}
}

/* ---- before a restart ---- */

static bool is_refused(void *userdata)
{
	const struct agent_bed *b = userdata;
	return !restart_is_checking(b->a.restart);
}

static void test_a_restart_waits_for_the_check(void **state)
{
	struct agent_bed *b = *state;
	agent_bed_write(b, "", "", APPS("{ name: web, vip: nonsense }"));
	restart_ask(b->a.restart, "SIGUSR2", 815);
	assert_true(restart_is_checking(b->a.restart));
	restart_ask(b->a.restart, "SIGUSR2", 815); /* one check is enough */
	loop_until(b->a.loop, is_refused, b);
	assert_int_equal(shutdown_state(b->a.shutdown), SHUTDOWN_RUNNING);
	assert_true(has_app(b, "web"));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_apps_come_and_go),
		TEST(test_a_broken_file_changes_nothing),
		TEST(test_requests_that_wait_together),
		TEST(test_an_app_that_was_unregistered_returns),
		TEST(test_an_app_goes_between_the_check_and_the_change),
		TEST(test_the_file_takes_the_place_of_an_app_of_http),
		TEST(test_a_stop_ends_it),
		TEST(test_a_check_of_a_file),
		TEST(test_a_reload_during_a_check),
		TEST(test_a_restart_waits_for_the_check),
	};
	log_setup(LOG_ERROR, LOG_TEXT);
	unsetenv("MANAGERPID");
	own_netns_enter();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
