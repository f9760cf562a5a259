/* SPDX-License-Identifier: MIT */
/* Files that come and go, on a real file system with a real loop. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "process/file_watch.h"
#include "process/loop.h"
#include "tests/unit/captured_log.h"

#define NO_RESYNC (3600 * USEC_PER_SEC)

struct bench {
	sd_event *loop;
	struct file_watcher *watcher;
	char dir[64];
	unsigned changes;
	bool exists;
};

static const char *in(struct bench *b, const char *name)
{
	static char path[4][128];
	static unsigned next;
	char *buf = path[next++ % 4];
	snprintf(buf, sizeof(path[0]), "%s/%s", b->dir, name);
	return buf;
}

static void on_change(bool exists, void *userdata)
{
	struct bench *b = userdata;
	b->exists = exists;
	b->changes++;
}

static void make(struct bench *b, const char *name)
{
	FILE *f = fopen(in(b, name), "w");
	assert_non_null(f);
	fclose(f);
}

static void make_dir(struct bench *b, const char *name)
{
	assert_int_equal(mkdir(in(b, name), 0700), 0);
}

/* Reports all pending events. */
static void settle(struct bench *b)
{
	while (sd_event_run(b->loop, 0) > 0)
		;
}

static void expect(struct bench *b, unsigned changes, bool exists)
{
	settle(b);
	assert_int_equal(b->changes, changes);
	assert_int_equal(b->exists, exists);
}

static int setup_with(void **state, span_t resync)
{
	static struct bench b;
	memset(&b, 0, sizeof(b));
	strcpy(b.dir, "/tmp/test_presence.XXXXXX");
	assert_non_null(mkdtemp(b.dir));
	assert_true(sd_event_new(&b.loop) >= 0);
	assert_int_equal(file_watcher_new(b.loop, resync, &b.watcher, NULL), 0);
	*state = &b;
	return 0;
}

static int setup(void **state)
{
	return setup_with(state, NO_RESYNC);
}

static int setup_resync(void **state)
{
	return setup_with(state, 10 * USEC_PER_MSEC);
}

static int teardown(void **state)
{
	struct bench *b = *state;
	char command[128];
	file_watcher_free(b->watcher);
	sd_event_unref(b->loop);
	snprintf(command, sizeof(command), "rm -rf %s", b->dir);
	return system(command);
}

static struct file_watch *watch(struct bench *b, const char *name, bool want)
{
	bool exists = !want;
	struct file_watch *p = file_watch_new(b->watcher, in(b, name), on_change, b, &exists);
	assert_int_equal(exists, want);
	return p;
}

static void a_file_comes_and_goes(void **state)
{
	struct bench *b = *state;
	struct file_watch *p = watch(b, "file", false);
	make(b, "other");
	expect(b, 0, false);
	make(b, "file");
	expect(b, 1, true);
	unlink(in(b, "file"));
	expect(b, 2, false);
	rename(in(b, "other"), in(b, "file"));
	expect(b, 3, true);
	rename(in(b, "file"), in(b, "other"));
	expect(b, 4, false);
	file_watch_free(p);
	make(b, "file");
	expect(b, 4, false);
}

static void one_that_is_there_from_the_start(void **state)
{
	struct bench *b = *state;
	make(b, "file");
	struct file_watch *p = watch(b, "file", true);
	unlink(in(b, "file"));
	expect(b, 1, false);
	file_watch_free(p);
}

static void directories_come_and_go(void **state)
{
	struct bench *b = *state;
	struct file_watch *p = watch(b, "x/y/z/file", false);
	for (unsigned i = 0; i < 3; i++) {
		make_dir(b, "x");
		settle(b);
		make_dir(b, "x/y");
		make_dir(b, "x/y/z");
		settle(b);
		make(b, "x/y/z/file");
		expect(b, 2 * i + 1, true);
		unlink(in(b, "x/y/z/file"));
		rmdir(in(b, "x/y/z"));
		rmdir(in(b, "x/y"));
		rmdir(in(b, "x"));
		expect(b, 2 * i + 2, false);
	}
	/* All at once, before the loop sees any of it. */
	make_dir(b, "x");
	make_dir(b, "x/y");
	make_dir(b, "x/y/z");
	make(b, "x/y/z/file");
	expect(b, 7, true);
	/* The directory itself is moved away, and another takes its place. */
	rename(in(b, "x/y/z"), in(b, "x/y/old"));
	expect(b, 8, false);
	make(b, "x/y/old/file2");
	make_dir(b, "x/y/z");
	settle(b);
	make(b, "x/y/z/file");
	expect(b, 9, true);
	file_watch_free(p);
}

static void a_file_where_a_directory_should_be(void **state)
{
	struct bench *b = *state;
	make(b, "x");
	struct file_watch *p = watch(b, "x/file", false);
	unlink(in(b, "x"));
	make_dir(b, "x");
	settle(b);
	make(b, "x/file");
	expect(b, 1, true);
	file_watch_free(p);
}

static void many_in_one_directory(void **state)
{
	struct bench *b = *state;
	struct file_watch *p[200];
	char name[32];
	make_dir(b, "d");
	for (unsigned i = 0; i < 200; i++) {
		snprintf(name, sizeof(name), "d/%u", i);
		p[i] = watch(b, name, false);
	}
	for (unsigned i = 0; i < 200; i += 2) {
		snprintf(name, sizeof(name), "d/%u", i);
		make(b, name);
	}
	expect(b, 100, true);
	/* They all lose their directory, and move to the one above it together. */
	for (unsigned i = 0; i < 200; i += 2) {
		snprintf(name, sizeof(name), "d/%u", i);
		unlink(in(b, name));
	}
	rmdir(in(b, "d"));
	expect(b, 200, false);
	make_dir(b, "d");
	settle(b);
	make(b, "d/7");
	expect(b, 201, true);
	for (unsigned i = 0; i < 200; i++)
		file_watch_free(p[i]);
}

/* A link's target gives no event where it is looked for. */
static void the_resync_finds_missed_events(void **state)
{
	struct bench *b = *state;
	make_dir(b, "d");
	make_dir(b, "elsewhere");
	assert_int_equal(symlink("../elsewhere/target", in(b, "d/link")), 0);
	struct file_watch *p = watch(b, "d/link", false);
	make(b, "elsewhere/target");
	while (b->changes == 0)
		assert_true(sd_event_run(b->loop, UINT64_MAX) >= 0);
	assert_true(b->exists);
	file_watch_free(p);
}

static bool is_watching(void)
{
	char path[32], target[64];
	for (int fd = 0; fd < 64; fd++) {
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		ssize_t n = readlink(path, target, sizeof(target) - 1);
		target[n > 0 ? n : 0] = 0;
		if (strcmp(target, "anon_inode:inotify") == 0)
			return true;
	}
	return false;
}

/* As on a host whose containers have taken all instances; until one is given back. */
static void files_are_polled_where_inotify_is_at_its_limit(void **state)
{
	static struct captured_log log;
	struct bench *b = *state;
	struct rlimit before, none;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	none = (struct rlimit){ .rlim_cur = 3, .rlim_max = before.rlim_max };
	make_dir(b, "d");
	captured_log_begin(&log);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	struct file_watch *p = watch(b, "d/file", false);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	captured_log_expect(&log, "WARN  agent: cannot watch for files (inotify): Too many open "
				  "files: they are looked at every 0.01 s; raise "
				  "fs.inotify.max_user_instances\n");
	captured_log_end(&log);
	assert_false(is_watching());
	make(b, "d/file");
	while (b->changes == 0)
		assert_true(sd_event_run(b->loop, UINT64_MAX) >= 0);
	assert_true(b->exists);
	assert_true(is_watching());
	file_watch_free(p);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_file_comes_and_goes),
		TEST(one_that_is_there_from_the_start),
		TEST(directories_come_and_go),
		TEST(a_file_where_a_directory_should_be),
		TEST(many_in_one_directory),
		cmocka_unit_test_setup_teardown(the_resync_finds_missed_events, setup_resync,
						teardown),
		cmocka_unit_test_setup_teardown(files_are_polled_where_inotify_is_at_its_limit,
						setup_resync, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
