/* SPDX-License-Identifier: MIT */
#include "bench/scratch.h"

#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/array.h"
#include "lib/str.h"

#define FILES_MAX 16
#define PIDS_MAX  16
#define LOG_TAIL  2000 /* bytes of the log that fail() shows */

static struct {
	pid_t owner; /* a forked child must not clean up for its parent */
	char dir[40];
	char files[FILES_MAX][SCRATCH_PATH_MAX];
	pid_t pids[PIDS_MAX];
	char log[SCRATCH_PATH_MAX];
} held;

/* Only async-signal-safe calls in here. */
static void clean_up(void)
{
	if (getpid() != held.owner)
		return;
	for (size_t i = 0; i < PIDS_MAX; i++) {
		if (held.pids[i] == 0)
			continue;
		kill(held.pids[i], SIGKILL);
		waitpid(held.pids[i], NULL, 0);
	}
	for (size_t i = 0; i < FILES_MAX; i++) {
		if (held.files[i][0])
			unlink(held.files[i]);
	}
	rmdir(held.dir);
}

static void on_signal(int number)
{
	clean_up();
	_exit(128 + number);
}

void scratch_init(void)
{
	static const int numbers[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction action = { .sa_handler = on_signal };
	str_copy(held.dir, sizeof(held.dir), "/tmp/vipherald-bench-XXXXXX");
	if (!mkdtemp(held.dir))
		fail("temporary directory %s: %m", held.dir);
	held.owner = getpid();
	atexit(clean_up);
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
		sigaction(numbers[i], &action, NULL);
}

const char *scratch_path(const char *name, char buf[static SCRATCH_PATH_MAX])
{
	snprintf(buf, SCRATCH_PATH_MAX, "%s/%s", held.dir, name);
	for (size_t i = 0; i < FILES_MAX; i++) {
		if (!held.files[i][0])
			str_copy(held.files[i], SCRATCH_PATH_MAX, buf);
		if (str_equal(held.files[i], buf))
			return buf;
	}
	fail("more than %d temporary files", FILES_MAX);
}

void scratch_write(const char *path, const char *text, size_t len)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0 || write(fd, text, len) != (ssize_t)len)
		fail("%s: %m", path);
	close(fd);
}

static void replace_pid(pid_t old, pid_t new)
{
	for (size_t i = 0; i < PIDS_MAX; i++) {
		if (held.pids[i] == old) {
			held.pids[i] = new;
			return;
		}
	}
	fail("more than %d processes", PIDS_MAX);
}

void scratch_hold(pid_t pid)
{
	replace_pid(0, pid);
}

void scratch_release(pid_t pid)
{
	replace_pid(pid, 0);
}

void scratch_set_log(const char *path)
{
	str_copy(held.log, sizeof(held.log), path);
}

static void show_log(void)
{
	char tail[LOG_TAIL];
	int fd = open(held.log, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	if (lseek(fd, -LOG_TAIL, SEEK_END) < 0)
		lseek(fd, 0, SEEK_SET);
	ssize_t n = read(fd, tail, sizeof(tail));
	if (n > 0)
		fprintf(stderr, "its log ended with:\n%.*s", (int)n, tail);
	close(fd);
}

void fail(const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	fputs("bench: ", stderr);
	vfprintf(stderr, fmt, args);
	fputc('\n', stderr);
	va_end(args);
	if (held.log[0])
		show_log();
	exit(1);
}
