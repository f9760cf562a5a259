/* SPDX-License-Identifier: MIT */
/* agent.disable_file: a real file, a real registry. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "agent/app/drains.h"
#include "agent/daemon/disable_file.h"
#include "lib/log.h"
#include "tests/unit/fake_registry.h"
#include "tests/unit/loop_until.h"

#define NO_RESYNC (3600 * USEC_PER_SEC)

struct bed {
	sd_event *loop;
	struct fake_registry apps;
	struct file_watcher *watcher;
	struct disable_file *file;
	char dir[64], path[96];
};

static int setup(void **state)
{
	static struct bed b;
	struct err err = { "" };
	b = (struct bed){ .dir = "/tmp/vipherald-disable-XXXXXX" };
	log_setup(LOG_ERROR, LOG_TEXT);
	assert_non_null(mkdtemp(b.dir));
	snprintf(b.path, sizeof(b.path), "%s/disabled", b.dir);
	assert_true(sd_event_new(&b.loop) >= 0);
	fake_registry_init(&b.apps, b.loop);
	assert_int_equal(file_watcher_new(b.loop, NO_RESYNC, &b.watcher, &err), 0);
	*state = &b;
	return 0;
}

static int teardown(void **state)
{
	struct bed *b = *state;
	disable_file_free(b->file);
	fake_registry_done(&b->apps);
	file_watcher_free(b->watcher);
	sd_event_unref(b->loop);
	unlink(b->path);
	rmdir(b->dir);
	return 0;
}

static void make(struct bed *b)
{
	FILE *f = fopen(b->path, "w");
	assert_non_null(f);
	fclose(f);
}

static void watch(struct bed *b)
{
	b->file = disable_file_new(b->loop, b->watcher, b->apps.reg, b->path);
}

static const struct drain_request *request(struct bed *b)
{
	return &registry_agent_drain(b->apps.reg)->requests[DRAIN_BY_FILE];
}

static bool drained(void *userdata)
{
	return drain_is_on(registry_agent_drain(((struct bed *)userdata)->apps.reg));
}

static bool not_drained(void *userdata)
{
	return !drained(userdata);
}

static void test_a_file_that_is_there_drains_at_once(void **state)
{
	struct bed *b = *state;
	make(b);
	watch(b);
	assert_true(drained(b));
	assert_string_equal(request(b)->reason, b->path);
}

static void test_a_file_that_comes_and_goes(void **state)
{
	struct bed *b = *state;
	watch(b);
	assert_false(drained(b));
	make(b);
	loop_until(b->loop, drained, b);
	assert_string_equal(request(b)->reason, b->path);
	assert_true(request(b)->until == USEC_NEVER);
	unlink(b->path);
	loop_until(b->loop, not_drained, b);
}

/* The operator's own drain is not lifted with the file. */
static void test_other_drains_stay(void **state)
{
	struct bed *b = *state;
	make(b);
	watch(b);
	registry_drain(b->apps.reg, NULL, DRAIN_BY_API, NULL, "maintenance", USEC_NEVER,
		       loop_now(b->loop));
	unlink(b->path);
	loop_drain(b->loop);
	assert_true(drained(b));
	assert_int_equal(
		registry_undrain(b->apps.reg, NULL, DRAIN_BY_FILE, NULL, loop_now(b->loop)),
		DRAIN_UNCHANGED);
}

static void test_a_file_that_is_no_longer_watched_changes_nothing(void **state)
{
	struct bed *b = *state;
	watch(b);
	disable_file_free(b->file);
	b->file = NULL;
	make(b);
	loop_drain(b->loop);
	assert_false(drained(b));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_file_that_is_there_drains_at_once),
		TEST(test_a_file_that_comes_and_goes),
		TEST(test_other_drains_stay),
		TEST(test_a_file_that_is_no_longer_watched_changes_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
