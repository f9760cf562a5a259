/* SPDX-License-Identifier: MIT */
/* With a real loop and a real disk. */
#include "agent/store/state_file.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "agent/store/state_encode.h"
#include "lib/log.h"
#include "lib/mem.h"
#include "tests/unit/loop_until.h"

static const struct state_place here = { "boot", "netns" };

struct fixture {
	sd_event *loop;
	struct state_file *file;
	struct state_contents contents;
	char dir[64], path[96];
	uint64_t up_to, wanted; /* told to on_told(), and waited for */
	unsigned n_told;
	bool stored;
};

static void on_told(uint64_t up_to, bool stored, void *userdata)
{
	struct fixture *f = userdata;
	f->up_to = up_to;
	f->stored = stored;
	f->n_told++;
}

static int open_file(struct fixture *f, struct err *err)
{
	int rc = state_file_new(f->loop, f->path, &here, on_told, f, &f->file, &f->contents, err);
	if (rc == 0)
		state_file_set_retry(f->file, 10 * USEC_PER_MSEC, 100 * USEC_PER_MSEC);
	return rc;
}

static int setup(void **state)
{
	static struct fixture f;
	struct err err = { "" };
	f = (struct fixture){ .dir = "/tmp/vipherald-state-XXXXXX" };
	log_setup(LOG_ERROR, LOG_TEXT);
	assert_non_null(mkdtemp(f.dir));
	snprintf(f.path, sizeof(f.path), "%s/sub/state.json", f.dir);
	assert_int_equal(sd_event_new(&f.loop), 0);
	if (open_file(&f, &err) < 0)
		fail_msg("%s", err.text);
	state_file_begin(f.file);
	*state = &f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	char command[256];
	state_file_free(f->file);
	state_contents_done(&f->contents);
	sd_event_unref(f->loop);
	snprintf(command, sizeof(command), "rm -rf %s", f->dir);
	return system(command);
}

static bool is_stored(void *userdata)
{
	struct fixture *f = userdata;
	return f->n_told > 0 && f->stored && f->up_to >= f->wanted;
}

static void wait_stored(struct fixture *f)
{
	f->wanted = state_file_urgent(f->file);
	loop_until(f->loop, is_stored, f);
	assert_true(state_file_has(f->file, f->wanted));
}

static void put_drain(struct fixture *f, const char *name, span_t delay)
{
	state_file_put(f->file, name, state_encode_drain(name, 0, USEC_NEVER, ""), delay);
}

/* As a process that was killed left it. */
static size_t drains_on_disk(struct fixture *f)
{
	struct state_contents c;
	struct err err = { "" };
	char text[1 << 18];
	int fd = open(f->path, O_RDONLY | O_CLOEXEC);
	ssize_t n = read(fd, text, sizeof(text));
	close(fd);
	assert_true(n > 0);
	if (state_decode(text, (size_t)n, &c, &err) < 0)
		fail_msg("%s", err.text);
	size_t found = c.n_drains;
	state_contents_done(&c);
	return found;
}

static uint64_t writes(struct fixture *f)
{
	struct state_file_status status;
	state_file_status(f->file, &status);
	return status.writes;
}

static void entries_reported_as_stored_are_on_the_disk(void **state)
{
	struct fixture *f = *state;
	put_drain(f, "a", 0);
	assert_false(state_file_has(f->file, state_file_urgent(f->file)));
	wait_stored(f);
	assert_int_equal(drains_on_disk(f), 1);
	state_file_put(f->file, "a", NULL, 0);
	wait_stored(f);
	assert_int_equal(drains_on_disk(f), 0);
}

static void a_thousand_at_once_are_few_writes(void **state)
{
	struct fixture *f = *state;
	char name[16];
	for (int i = 0; i < 1000; i++) {
		snprintf(name, sizeof(name), "app%d", i);
		put_drain(f, name, 0);
	}
	wait_stored(f);
	assert_true(writes(f) <= 2);
	assert_int_equal(drains_on_disk(f), 1000);
}

static void changes_during_a_write_cause_another(void **state)
{
	struct fixture *f = *state;
	put_drain(f, "a", 0);
	uint64_t first = state_file_urgent(f->file);
	while (f->n_told == 0) { /* within the first write, the loop turns a few times */
		put_drain(f, "a", 0);
		put_drain(f, "b", 0);
		assert_true(sd_event_run(f->loop, UINT64_MAX) >= 0);
	}
	assert_true(f->up_to >= first);
	wait_stored(f);
	assert_int_equal(drains_on_disk(f), 2);
}

static void no_change_costs_nothing(void **state)
{
	struct fixture *f = *state;
	put_drain(f, "a", 0);
	wait_stored(f);
	uint64_t before = writes(f), number = state_file_urgent(f->file);
	put_drain(f, "a", 0);
	state_file_put(f->file, "never there", NULL, 0);
	assert_int_equal(state_file_urgent(f->file), number);
	loop_drain(f->loop);
	assert_int_equal(writes(f), before);
}

static void changes_that_can_wait_are_written_together(void **state)
{
	struct fixture *f = *state;
	put_drain(f, "urgent", 0);
	wait_stored(f);
	uint64_t before = writes(f), number = state_file_urgent(f->file);
	put_drain(f, "later", 3600 * USEC_PER_SEC);
	assert_int_equal(state_file_urgent(f->file), number);
	loop_drain(f->loop);
	assert_int_equal(writes(f), before);
	put_drain(f, "urgent too", 0);
	wait_stored(f);
	assert_int_equal(writes(f), before + 1);
	assert_int_equal(drains_on_disk(f), 3);
}

static void the_end_writes_what_is_left(void **state)
{
	struct fixture *f = *state;
	put_drain(f, "a", 0);
	put_drain(f, "b", 3600 * USEC_PER_SEC);
	state_file_free(f->file);
	f->file = NULL;
	assert_int_equal(drains_on_disk(f), 2);
}

static void the_file_is_unchanged_until_it_begins(void **state)
{
	struct fixture *f = *state;
	put_drain(f, "a", 0);
	wait_stored(f);
	state_file_free(f->file);
	assert_int_equal(open_file(f, NULL), 0);
	assert_int_equal(f->contents.n_drains, 1);
	put_drain(f, "b", 0);
	loop_drain(f->loop);
	state_file_free(f->file); /* killed before it began, say */
	f->file = NULL;
	assert_int_equal(drains_on_disk(f), 1);
}

static bool is_told(void *userdata)
{
	return ((struct fixture *)userdata)->n_told > 0;
}

static void a_failed_write_is_reported_and_retried(void **state)
{
	struct fixture *f = *state;
	char command[256];
	struct state_file_status status;
	wait_stored(f);
	snprintf(command, sizeof(command), "rm -rf %s/sub && touch %s/sub", f->dir, f->dir);
	assert_int_equal(system(command), 0);
	put_drain(f, "a", 0);
	f->n_told = 0;
	loop_until(f->loop, is_told, f);
	assert_false(f->stored);
	assert_true(f->up_to >= state_file_urgent(f->file));
	assert_false(state_file_works(f->file));
	state_file_status(f->file, &status);
	assert_non_null(strstr(status.trouble, "/sub"));
	/* And it comes back on its own. */
	snprintf(command, sizeof(command), "rm %s/sub", f->dir);
	assert_int_equal(system(command), 0);
	wait_stored(f);
	assert_true(state_file_works(f->file));
	assert_int_equal(drains_on_disk(f), 1);
}

static void only_one_instance_owns_the_file(void **state)
{
	struct fixture *f = *state;
	struct state_file *other = NULL;
	struct state_contents contents = { 0 };
	struct err err = { "" };
	wait_stored(f);
	int rc = state_file_new(f->loop, f->path, &here, on_told, f, &other, &contents, &err);
	assert_int_equal(rc, -EBUSY);
	assert_non_null(strstr(err.text, f->path));
	/* Also after it was replaced. */
	put_drain(f, "a", 0);
	wait_stored(f);
	rc = state_file_new(f->loop, f->path, &here, on_told, f, &other, &contents, &err);
	assert_int_equal(rc, -EBUSY);
}

/* Two found no file, or the operator removed it: the second to write finds the file of the first.
 */
static void a_file_of_another_instance_is_not_overwritten(void **state)
{
	struct fixture *f = *state;
	struct fixture other = { .loop = f->loop };
	struct err err = { "" };
	wait_stored(f);
	assert_int_equal(unlink(f->path), 0);
	memcpy(other.path, f->path, sizeof(other.path));
	if (open_file(&other, &err) < 0)
		fail_msg("%s", err.text);
	state_file_begin(other.file);
	put_drain(&other, "others", 0);
	wait_stored(&other);

	for (int attempt = 0; attempt < 2; attempt++) {
		put_drain(f, "ours", 0);
		f->n_told = 0;
		loop_until(f->loop, is_told, f);
		assert_false(f->stored);
		assert_int_equal(drains_on_disk(f), 1);
	}
	/* And when the other has ended it is ours again. */
	state_file_free(other.file);
	put_drain(f, "ours too", 0);
	wait_stored(f);
	assert_int_equal(drains_on_disk(f), 2);
}

static void limit_file_size(rlim_t bytes)
{
	struct rlimit limit;
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	limit.rlim_cur = bytes;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

/* A file that fills the disk is removed again. */
static void a_partial_file_is_removed(void **state)
{
	struct fixture *f = *state;
	char temp[128];
	snprintf(temp, sizeof(temp), "%s.new", f->path);
	wait_stored(f);
	signal(SIGXFSZ, SIG_IGN);
	limit_file_size(16);
	put_drain(f, "a", 0);
	f->n_told = 0;
	loop_until(f->loop, is_told, f);
	assert_false(f->stored);
	assert_int_equal(access(temp, F_OK), -1);
	/* Nor does that of the last attempt. */
	state_file_free(f->file);
	f->file = NULL;
	limit_file_size(RLIM_INFINITY);
	assert_int_equal(access(temp, F_OK), -1);
	assert_int_equal(drains_on_disk(f), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(entries_reported_as_stored_are_on_the_disk),
		TEST(a_thousand_at_once_are_few_writes),
		TEST(changes_during_a_write_cause_another),
		TEST(no_change_costs_nothing),
		TEST(changes_that_can_wait_are_written_together),
		TEST(the_end_writes_what_is_left),
		TEST(the_file_is_unchanged_until_it_begins),
		TEST(a_failed_write_is_reported_and_retried),
		TEST(only_one_instance_owns_the_file),
		TEST(a_file_of_another_instance_is_not_overwritten),
		TEST(a_partial_file_is_removed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
