/* SPDX-License-Identifier: MIT */
/* Which named pipes are read, and that what is none is not opened. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/array.h"
#include "process/fifo_file.h"

#define OWNER 4001
#define OTHER 4002

struct fixture {
	char dir[32];
	char path[64], link[64];
};

static int setup(void **state)
{
	struct fixture *f = *state = calloc(1, sizeof(*f));
	snprintf(f->dir, sizeof(f->dir), "/tmp/fifo.XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	snprintf(f->path, sizeof(f->path), "%s/pipe", f->dir);
	snprintf(f->link, sizeof(f->link), "%s/link", f->dir);
	assert_int_equal(symlink("pipe", f->link), 0);
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	unlink(f->path);
	unlink(f->link);
	rmdir(f->dir);
	free(f);
	return 0;
}

static void owners_and_modes(void **state)
{
	static const struct {
		uid_t uid;
		mode_t mode;
		int rc;
		const char *text;
	} cases[] = {
		{ 0, 0600, 0, "" },
		{ 0, 0660, 0, "" },
		{ OWNER, 0600, 0, "" },
		{ OTHER, 0600, -EPERM, "belongs to user 4002" },
		{ 0, 0662, -EPERM, "chmod o-w" },
		{ OWNER, 0602, -EPERM, "chmod o-w" },
	};
	const struct fixture *f = *state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct err err = { "" };
		assert_int_equal(mkfifo(f->path, 0600), 0);
		assert_int_equal(chmod(f->path, cases[i].mode), 0);
		assert_int_equal(chown(f->path, cases[i].uid, 0), 0);
		int fd = fifo_file_open(f->path, OWNER, &err);
		assert_int_equal(fd < 0 ? fd : 0, cases[i].rc);
		assert_non_null(strstr(err.text, cases[i].text));
		if (fd >= 0) {
			assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
			close(fd);
		}
		unlink(f->path);
	}
}

/* A link may be changed by whoever may write its directory. */
static void a_link_is_none(void **state)
{
	struct err err = { "" };
	const struct fixture *f = *state;
	assert_int_equal(mkfifo(f->path, 0600), 0);
	assert_int_equal(fifo_file_open(f->link, OWNER, &err), -EINVAL);
	assert_non_null(strstr(err.text, "is not a named pipe"));
	unlink(f->path);
	assert_int_equal(fifo_file_open(f->path, OWNER, &err), -ENOENT);
	assert_non_null(strstr(err.text, "mkfifo -m 600"));
}

static void a_plain_file_is_not_opened(void **state)
{
	char events[1024];
	struct err err = { "" };
	const struct fixture *f = *state;
	int notify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	int file = open(f->path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_true(notify >= 0 && file >= 0);
	assert_true(inotify_add_watch(notify, f->path, IN_OPEN) >= 0);
	assert_int_equal(fifo_file_open(f->path, OWNER, &err), -EINVAL);
	assert_true(read(notify, events, sizeof(events)) < 0);
	close(file);
	close(notify);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(owners_and_modes, setup, teardown),
		cmocka_unit_test_setup_teardown(a_link_is_none, setup, teardown),
		cmocka_unit_test_setup_teardown(a_plain_file_is_not_opened, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
