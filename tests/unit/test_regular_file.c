/* SPDX-License-Identifier: MIT */
/* Monitors of files open none but plain ones: inotify sees what is opened. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/array.h"
#include "monitors/monitor.h"
#include "process/regular_file.h"

struct fixture {
	char dir[32];
	char plain[64], empty[64], fifo[64], link[64];
	int inotify;
};

static void write_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static int setup(void **state)
{
	struct fixture *f = *state = calloc(1, sizeof(*f));
	snprintf(f->dir, sizeof(f->dir), "/tmp/regular.XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	snprintf(f->plain, sizeof(f->plain), "%s/plain", f->dir);
	snprintf(f->empty, sizeof(f->empty), "%s/empty", f->dir);
	snprintf(f->fifo, sizeof(f->fifo), "%s/fifo", f->dir);
	snprintf(f->link, sizeof(f->link), "%s/link", f->dir);
	write_file(f->plain, "17\n");
	write_file(f->empty, "");
	assert_int_equal(mkfifo(f->fifo, 0600), 0);
	assert_int_equal(symlink("plain", f->link), 0);
	f->inotify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	assert_true(f->inotify >= 0);
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	close(f->inotify);
	unlink(f->plain);
	unlink(f->empty);
	unlink(f->fifo);
	unlink(f->link);
	rmdir(f->dir);
	free(f);
	return 0;
}

/* Was it opened, by anyone, since watch()? */
static void watch(struct fixture *f, const char *path)
{
	assert_true(inotify_add_watch(f->inotify, path, IN_OPEN) >= 0);
}

static bool was_opened(const struct fixture *f)
{
	char events[1024];
	return read(f->inotify, events, sizeof(events)) > 0;
}

static void test_a_plain_file_is_opened(void **state)
{
	const struct fixture *f = *state;
	const char *const paths[] = { f->plain, f->link };
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		char text[8] = "";
		struct stat st = { 0 };
		int fd = regular_file_open(paths[i], &st);
		assert_true(fd >= 0);
		assert_int_equal(st.st_size, 3);
		assert_int_equal(read(fd, text, sizeof(text) - 1), 3);
		assert_string_equal(text, "17\n");
		close(fd);
	}
}

static void test_what_is_no_plain_file_is_not_opened(void **state)
{
	struct fixture *f = *state;
	const char *const paths[] = { f->fifo, f->empty, f->dir, "/dev/zero", "/proc/version" };
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		struct stat st;
		bool is_proc = !strncmp(paths[i], "/proc/", 6); /* inotify does not see it */
		if (!is_proc)
			watch(f, paths[i]);
		int r = regular_file_open(paths[i], &st);
		if (r != -EINVAL)
			fail_msg("%s: %d", paths[i], r);
		if (was_opened(f))
			fail_msg("%s was opened", paths[i]);
	}
	struct stat st;
	assert_int_equal(regular_file_open("/nonexistent", &st), -ENOENT);
}

/* The monitors themselves, with a FIFO in the place of the file. */
static void test_the_beginning_of_a_file_is_read(void **state)
{
	struct fixture *f = *state;
	struct stat st;
	char buf[8];
	write_file(f->plain, "secret\n");
	assert_int_equal(regular_file_read(f->plain, 0, buf, 3, &st), 3);
	assert_memory_equal(buf, "sec", 3);
	assert_int_equal(st.st_size, 7);
	assert_int_equal(regular_file_read(f->plain, 0, buf, sizeof(buf), &st), 7);
	assert_int_equal(regular_file_read(f->empty, 0, buf, sizeof(buf), &st), 0);
	assert_int_equal(regular_file_read(f->fifo, 0, buf, sizeof(buf), &st), -EINVAL);
	assert_int_equal(regular_file_read(f->dir, 0, buf, sizeof(buf), &st), -EINVAL);
	assert_int_equal(regular_file_read("/dev/zero", 0, buf, sizeof(buf), &st), -EINVAL);
	assert_int_equal(regular_file_read("/none", 0, buf, sizeof(buf), &st), -ENOENT);
	assert_int_equal(regular_file_read(f->link, O_NOFOLLOW, buf, sizeof(buf), &st), -ELOOP);
}

static void check(const char *format, const char *path, enum health health, const char *said)
{
	char text[128];
	struct monitor_spec spec;
	struct monitor_result result = { 0 };
	struct monitor_env env = { 0 };
	struct err err = { "" };
	snprintf(text, sizeof(text), "%s:%s", format, path);
	assert_int_equal(sd_event_new(&env.loop), 0);
	assert_int_equal(monitor_spec_parse(text, &spec, &err), 0);
	const struct monitor_ops *ops = spec.kind->ops;
	void *attached = ops->attach ? ops->attach(&env, &spec, NULL, NULL, NULL) : NULL;
	ops->check(&env, &spec, attached, &result);
	if (ops->detach)
		ops->detach(attached);
	assert_int_equal(result.health, health);
	if (!strstr(result.said, said))
		fail_msg("%s: %s", text, result.said);
	monitor_spec_done(&spec);
	sd_event_unref(env.loop);
}

static void test_monitors_open_no_fifo(void **state)
{
	struct fixture *f = *state;
	watch(f, f->fifo);
	check("process", f->fifo, HEALTH_DOWN, "not a regular file");
	check("file", f->fifo, HEALTH_UP, "");
	assert_false(was_opened(f));
}

static void test_file_opens_nothing_at_all(void **state)
{
	struct fixture *f = *state;
	watch(f, f->plain);
	check("file", f->plain, HEALTH_UP, "");
	assert_false(was_opened(f));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_a_plain_file_is_opened, setup, teardown),
		cmocka_unit_test_setup_teardown(test_what_is_no_plain_file_is_not_opened, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_the_beginning_of_a_file_is_read, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_monitors_open_no_fifo, setup, teardown),
		cmocka_unit_test_setup_teardown(test_file_opens_nothing_at_all, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
