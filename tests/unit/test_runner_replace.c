/* SPDX-License-Identifier: MIT */
/* monitor_watch_replace(): monitors that stay go on. */
#include "monitors/runner.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "monitors/watch.h"
#include "tests/unit/runner_bed.h"

struct spec_list {
	struct monitor_spec specs[4];
	size_t n;
};

/* Separated by '|'. */
static struct spec_list list_of(const char *texts)
{
	struct spec_list list = { .n = 0 };
	char copy[512], *rest = copy;
	struct err err;
	snprintf(copy, sizeof(copy), "%s", texts);
	for (char *text; (text = strsep(&rest, "|"));)
		if (monitor_spec_parse(text, &list.specs[list.n++], &err) < 0)
			fail_msg("%s", err.text);
	return list;
}

static void spec_list_done(struct spec_list *list)
{
	for (size_t i = 0; i < list->n; i++)
		monitor_spec_done(&list->specs[i]);
}

/* The watch of `former` becomes one of `texts`. */
static void replace(struct seen *s, const char *former, const char *texts, size_t quorum)
{
	struct spec_list from = list_of(former), to = list_of(texts);
	monitor_watch_replace(s->watch, "app", from.specs, to.specs, to.n, quorum);
	s->health = monitor_watch_health(s->watch);
	spec_list_done(&from);
	spec_list_done(&to);
}

static struct runner_config hourly(void)
{
	return (struct runner_config){ .timing.interval = HOUR,
				       .timing.fast_interval = HOUR,
				       .timing.timeout = HOUR,
				       .timing.fall = 3 };
}

struct awaited {
	const struct seen *s;
	size_t i;
	uint64_t checks; /* 0: that one runs */
};

static bool has_come(void *userdata)
{
	const struct awaited *a = userdata;
	const struct monitor_status st = status_of(a->s, a->i);
	return a->checks ? st.checks >= a->checks : st.running;
}

static void await_checks(struct fixture *f, const struct seen *s, size_t i, uint64_t checks)
{
	struct awaited awaited = { .s = s, .i = i, .checks = checks };
	loop_until(f->loop, has_come, &awaited);
}

static void test_monitors_that_stay_keep_their_streaks(void **state)
{
	struct fixture *f = *state;
	struct seen s = { 0 };
	const struct runner_config config = hourly();
	new_runner(f, &config);
	watch(f, &s, "file:/nowhere|exec:true|file:/nowhere/else");
	await_checks(f, &s, 1, 1);
	monitor_watch_check_now(s.watch);
	await_checks(f, &s, 0, 2);
	await_checks(f, &s, 1, 2);
	const struct monitor_status before = status_of(&s, 0), passed = status_of(&s, 1);
	replace(&s, "file:/nowhere|exec:true|file:/nowhere/else",
		"exec:echo new|exec:true|file:/nowhere", 0);
	assert_int_equal(monitor_watch_n(s.watch), 3);
	await_checks(f, &s, 0, 1);
	assert_int_equal(status_of(&s, 1).checks, 2);
	assert_int_equal(status_of(&s, 1).health, HEALTH_UP);
	assert_true(status_of(&s, 1).since == passed.since);
	assert_int_equal(status_of(&s, 2).streak, 2);
	assert_int_equal(status_of(&s, 2).checks, before.checks);
	assert_true(status_of(&s, 2).last_check == before.last_check);
	assert_int_equal(s.n, 0);
	/* The third one in a row decides. */
	monitor_watch_check_now(s.watch);
	loop_until(f->loop, is_down, &s);
	assert_non_null(strstr(s.reason, "file:/nowhere: "));
	monitor_watch_free(s.watch);
}

static void test_a_check_goes_on_while_others_change(void **state)
{
	struct fixture *f = *state;
	struct seen s = { 0 };
	struct monitor_runner_status now;
	const struct runner_config config = hourly();
	char dir[] = "/tmp/vipherald-test-XXXXXX", fifo[64], slow[128], more[256];
	assert_non_null(mkdtemp(dir));
	snprintf(fifo, sizeof(fifo), "%s/fifo", dir);
	assert_int_equal(mkfifo(fifo, 0600), 0);
	snprintf(slow, sizeof(slow), "exec:read -r line <%s", fifo);
	snprintf(more, sizeof(more), "file:/|%s", slow);
	new_runner(f, &config);
	watch(f, &s, slow);
	await_checks(f, &s, 0, 0);
	replace(&s, slow, more, 0);
	assert_true(status_of(&s, 1).running);
	assert_int_equal(s.health, HEALTH_UNKNOWN);
	int fd = open(fifo, O_WRONLY | O_CLOEXEC);
	assert_int_equal(write(fd, "\n", 1), 1);
	loop_until(f->loop, is_up, &s);
	assert_int_equal(status_of(&s, 1).checks, 1);
	/* One that runs ends with its monitor. */
	monitor_watch_check_now(s.watch);
	await_checks(f, &s, 1, 0);
	replace(&s, more, "file:/", 0);
	monitor_runner_status(f->runner, &now);
	assert_int_equal(now.running, 0);
	assert_int_equal(now.present_checks, status_of(&s, 0).checks);
	assert_int_equal(s.health, HEALTH_UP);
	monitor_watch_free(s.watch);
	close(fd);
	unlink(fifo);
	rmdir(dir);
}

static void test_another_quorum_is_judged_at_once(void **state)
{
	struct fixture *f = *state;
	struct seen s = { 0 };
	struct runner_config config = hourly();
	config.timing.fall = 1;
	new_runner(f, &config);
	watch(f, &s, "exec:true|exec:false");
	loop_until(f->loop, is_down, &s);
	await_checks(f, &s, 0, 1);
	mono_t before = monitor_watch_since(s.watch);
	replace(&s, "exec:true|exec:false", "exec:true|exec:false", 1);
	assert_int_equal(s.health, HEALTH_UP);
	assert_true(monitor_watch_since(s.watch) > before);
	replace(&s, "exec:true|exec:false", "exec:false|exec:true", 2);
	assert_int_equal(s.health, HEALTH_DOWN);
	assert_int_equal(status_of(&s, 0).health, HEALTH_DOWN);
	replace(&s, "exec:false|exec:true", "exec:true", 0);
	assert_int_equal(s.health, HEALTH_UP);
	assert_int_equal(status_of(&s, 0).checks, 1);
	monitor_watch_free(s.watch);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_monitors_that_stay_keep_their_streaks),
		TEST(test_a_check_goes_on_while_others_change),
		TEST(test_another_quorum_is_judged_at_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
