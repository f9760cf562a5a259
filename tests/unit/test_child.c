/* SPDX-License-Identifier: MIT */
#include "process/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/array.h"
#include "lib/mem.h"
#include "process/loop.h"
#include "tests/unit/loop_until.h"

#define LONG (600 * USEC_PER_SEC)

struct fixture {
	sd_event *loop;
	struct child *child;
	bool keep; /* do not free the child in the callback */
	bool done;
	enum child_end end;
	int status;
	size_t len;
	char output[CHILD_OUTPUT_MAX + 1];
};

static int setup(void **state)
{
	struct fixture *f = mem_new(1, sizeof(*f));
	assert_int_equal(sd_event_new(&f->loop), 0);
	*state = f;
	return 0;
}

static bool no_children(void *userdata)
{
	(void)userdata;
	siginfo_t si;
	return waitid(P_ALL, 0, &si, WEXITED | WNOHANG | WNOWAIT) < 0 && errno == ECHILD;
}

/* Whatever the test did, in the end there is no child and no zombie. */
static int teardown(void **state)
{
	struct fixture *f = *state;
	child_free(f->child);
	loop_until(f->loop, no_children, NULL);
	sd_event_unref(f->loop);
	free(f);
	return 0;
}

static void on_done(const struct child_result *result, void *userdata)
{
	struct fixture *f = userdata;
	assert_false(f->done);
	assert_int_equal(strlen(result->output), result->output_len);
	f->done = true;
	f->end = result->end;
	f->status = result->status;
	f->len = result->output_len;
	memcpy(f->output, result->output, result->output_len + 1);
	if (f->keep)
		return;
	child_free(f->child);
	f->child = NULL;
}

static void start(struct fixture *f, const char *command, span_t timeout)
{
	const char *const argv[] = { "sh", "-c", command, NULL };
	struct err err;
	f->done = false;
	if (child_spawn(f->loop, argv, NULL, NULL, timeout, on_done, f, &f->child, &err) < 0)
		fail_msg("%s", err.text);
}

static void run(struct fixture *f, const char *command, span_t timeout)
{
	start(f, command, timeout);
	loop_until(f->loop, loop_until_true, &f->done);
}

static const struct {
	const char *command;
	enum child_end end;
	int status;
	const char *output;
} cases[] = {
	{ "exit 0", CHILD_EXITED, 0, "" },
	{ "echo good; exit 3", CHILD_EXITED, 3, "good\n" },
	{ "echo one; echo two >&2; echo three", CHILD_EXITED, 0, "one\ntwo\nthree\n" },
	{ "printf none", CHILD_EXITED, 0, "none" },
	{ "no-such-command-here 2>/dev/null", CHILD_EXITED, 127, "" },
	{ "echo x; kill -TERM $$", CHILD_SIGNALLED, SIGTERM, "x\n" },
	{ "kill -KILL $$", CHILD_SIGNALLED, SIGKILL, "" },
	{ "exec >&- 2>&-; exit 4", CHILD_EXITED, 4, "" },
	{ "cat; exit 5", CHILD_EXITED, 5, "" }, /* stdin is empty */
	{ "test -t 0 || readlink /proc/self/fd/0", CHILD_EXITED, 0, "/dev/null\n" },
	/* A session and a group of its own. */
	{ "set -- $(cat /proc/$$/stat); test $1 = $5 && test $1 = $6", CHILD_EXITED, 0, "" },
	/* All signals at their defaults (32 and 33 are glibc's own business). */
	{ "grep SigBlk /proc/self/status", CHILD_EXITED, 0, "SigBlk:\t0000000000000000\n" },
	{ "set -- $(grep SigIgn /proc/self/status); test $((0x$2 & 0x7fffffff)) = 0", CHILD_EXITED,
	  0, "" },
	/* stdin, stdout, stderr and what ls itself opened. */
	{ "ls /proc/self/fd", CHILD_EXITED, 0, "0\n1\n2\n3\n" },
};

static void run_with(struct fixture *f, const char *command, const struct child_input *input)
{
	const char *const argv[] = { "sh", "-c", command, NULL };
	struct err err;
	f->done = false;
	if (child_spawn_with(f->loop, argv, NULL, NULL, input, USEC_NEVER, on_done, f, &f->child,
			     &err) < 0)
		fail_msg("%s", err.text);
	loop_until(f->loop, loop_until_true, &f->done);
}

/* All of it, and its end; a command need not read it. */
static void test_input(void **state)
{
	static char much[32768], too_much[1 << 20];
	struct fixture *f = *state;
	struct child *none = NULL;
	const char *const argv[] = { "sh", "-c", "cat", NULL };
	struct err err;
	memset(much, 'x', sizeof(much));
	run_with(f, "cat; echo end", &(struct child_input){ "{}\n", 3 });
	assert_string_equal(f->output, "{}\nend\n");
	run_with(f, "wc -c; ls /proc/self/fd", &(struct child_input){ much, sizeof(much) });
	assert_string_equal(f->output, "32768\n0\n1\n2\n3\n");
	run_with(f, "exit 3", &(struct child_input){ much, sizeof(much) });
	assert_int_equal(f->status, 3);
	assert_int_equal(child_spawn_with(f->loop, argv, NULL, NULL,
					  &(struct child_input){ too_much, sizeof(too_much) },
					  USEC_NEVER, on_done, f, &none, &err),
			 -ENOBUFS);
	assert_null(none);
}

static void test_cases(void **state)
{
	struct fixture *f = *state;
	sigset_t blocked, before;
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGTERM);
	sigaddset(&blocked, SIGCHLD);
	assert_int_equal(sigprocmask(SIG_BLOCK, &blocked, &before), 0);
	signal(SIGPIPE, SIG_IGN);
	int leak = open("/dev/null", O_RDONLY); /* a library's fd that is not CLOEXEC */
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		run(f, cases[i].command, LONG);
		if (f->end != cases[i].end || f->status != cases[i].status ||
		    strcmp(f->output, cases[i].output) != 0)
			fail_msg("%s: end %u status %d output '%s'", cases[i].command, f->end,
				 f->status, f->output);
	}
	close(leak);
	signal(SIGPIPE, SIG_DFL);
	sigprocmask(SIG_SETMASK, &before, NULL);
}

/* We run with stdin, stdout and stderr closed: the pipe gets their numbers. */
static void test_without_standard_files(void **state)
{
	struct fixture *f = *state;
	int saved[3];
	for (int fd = 0; fd < 3; fd++) {
		saved[fd] = fcntl(fd, F_DUPFD_CLOEXEC, 100);
		close(fd);
	}
	run(f, "echo out; echo err >&2; cat", LONG);
	for (int fd = 0; fd < 3; fd++) {
		dup2(saved[fd], fd);
		close(saved[fd]);
	}
	assert_string_equal(f->output, "out\nerr\n");
	assert_int_equal(f->end, CHILD_EXITED);
}

static void test_no_other_descriptor_is_inherited(void **state)
{
	struct fixture *f = *state;
	int fds[3];
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
		assert_true((fds[i] = dup(STDERR_FILENO)) > STDERR_FILENO);
	run(f, "for i in 3 4 5 6 7 8 9; do { true >&$i; } 2>/dev/null && echo $i; done; true",
	    LONG);
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
		close(fds[i]);
	assert_string_equal(f->output, "");
	assert_int_equal(f->end, CHILD_EXITED);
}

static void expect_no_start(struct fixture *f, const char *file, int r)
{
	const char *const argv[] = { file, NULL };
	struct err err = { "" };
	struct child *none = NULL;
	assert_int_equal(child_spawn(f->loop, argv, NULL, NULL, LONG, on_done, f, &none, &err), r);
	assert_null(none);
	if (!strstr(err.text, file) || !strstr(err.text, strerror(-r)))
		fail_msg("'%s'", err.text);
	loop_drain(f->loop);
	assert_false(f->done);
	assert_true(no_children(NULL));
}

static void test_cannot_start(void **state)
{
	struct fixture *f = *state;
	char file[] = "/tmp/vipherald-test-XXXXXX";
	int fd = mkstemp(file);
	assert_true(fd >= 0);
	expect_no_start(f, "/nonexistent/check", -ENOENT);
	expect_no_start(f, "no-such-command-here", -ENOENT);
	expect_no_start(f, file, -EACCES);
	assert_int_equal(fchmod(fd, 0700), 0);
	close(fd);
	unlink(file);
}

/* More output than is kept, and more than a pipe holds: the command is not held up. */
static void test_output_is_cut(void **state)
{
	struct fixture *f = *state;
	run(f,
	    "i=0; while [ $i -lt 3000 ]; do echo 0123456789012345678901234567890123456789; "
	    "i=$((i+1)); done; exit 6",
	    LONG);
	assert_int_equal(f->end, CHILD_EXITED);
	assert_int_equal(f->status, 6);
	assert_int_equal(f->len, CHILD_OUTPUT_MAX);
	assert_memory_equal(f->output, "0123456789", 10);
}

static int count_turn(sd_event_source *source, void *userdata)
{
	(void)source;
	(*(unsigned *)userdata)++;
	return 0;
}

/* The limit is raised until the command, on however busy a machine, came to print `len` octets. */
static span_t run_into_timeout(struct fixture *f, const char *command, size_t len)
{
	span_t limit = 50 * USEC_PER_MSEC;
	run(f, command, limit);
	while (f->end == CHILD_TIMED_OUT && f->len < len)
		run(f, command, limit *= 2);
	assert_int_equal(f->end, CHILD_TIMED_OUT);
	assert_int_equal(f->status, SIGKILL);
	return limit;
}

/* A child that prints without end until it is killed gets little of our time. */
static void test_endless_output(void **state)
{
	struct fixture *f = *state;
	sd_event_source *counter;
	unsigned turns = 0;
	assert_int_equal(sd_event_add_post(f->loop, &counter, count_turn, &turns), 0);
	span_t limit = run_into_timeout(f, "exec yes", CHILD_OUTPUT_MAX);
	sd_event_source_disable_unref(counter);
	assert_int_equal(f->len, CHILD_OUTPUT_MAX);
	/* 16 wake-ups in each interval of 100 ms, and a few around; without the pauses thousands.
	 */
	assert_in_range(turns, 1, 100 + 40 * (limit / (100 * USEC_PER_MSEC)));
}

static bool is_gone(pid_t pid)
{
	int fd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (fd < 0)
		return errno == ESRCH;
	struct pollfd p = { .fd = fd, .events = POLLIN };
	bool gone = poll(&p, 1, (int)(LOOP_UNTIL_LIMIT / USEC_PER_MSEC)) == 1;
	close(fd);
	return gone;
}

/* The time-out kills the whole family, and the output so far is kept. */
static void test_timeout(void **state)
{
	struct fixture *f = *state;
	run_into_timeout(f, "sleep 1000 & echo $!; wait", 1);
	assert_true(is_gone(atoi(f->output)));
}

/* One that ignores every signal that can be ignored. */
static void test_timeout_of_the_stubborn(void **state)
{
	struct fixture *f = *state;
	run(f, "trap '' TERM INT HUP; while :; do sleep 1000; done", 50 * USEC_PER_MSEC);
	assert_int_equal(f->end, CHILD_TIMED_OUT);
}

/* A grandchild in the background holds the pipe: the end of the child counts, and the grandchild
 * does not outlive it. */
static void test_background_grandchild(void **state)
{
	struct fixture *f = *state;
	run(f, "sleep 1000 & echo $!; exit 7", LONG);
	assert_int_equal(f->end, CHILD_EXITED);
	assert_int_equal(f->status, 7);
	assert_true(is_gone(atoi(f->output)));
}

static bool has_output(void *userdata)
{
	char buf[16] = "";
	int fd = open(userdata, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : read(fd, buf, sizeof(buf) - 1);
	if (fd >= 0)
		close(fd);
	return n > 0 && strchr(buf, '\n');
}

/* Freed while it runs: killed with its family, without a callback and without waiting. */
static void test_free_while_running(void **state)
{
	struct fixture *f = *state;
	char file[] = "/tmp/vipherald-test-XXXXXX", command[128], text[16] = "";
	int fd = mkstemp(file);
	assert_true(fd >= 0);
	snprintf(command, sizeof(command), "sleep 1000 & echo $! >%s; wait", file);
	start(f, command, LONG);
	while (!has_output(file))
		assert_true(sd_event_run(f->loop, 1000) >= 0);
	assert_true(read(fd, text, sizeof(text) - 1) > 0);
	close(fd);
	unlink(file);
	child_free(f->child);
	f->child = NULL;
	assert_true(is_gone(atoi(text)));
	loop_until(f->loop, no_children, NULL);
	assert_false(f->done);
}

static void test_free_after_end(void **state)
{
	struct fixture *f = *state;
	f->keep = true;
	run(f, "echo kept", LONG);
	loop_drain(f->loop);
	assert_string_equal(f->output, "kept\n");
	child_free(f->child);
	f->child = NULL;
	child_free(NULL);
}

/* The loop itself ends before the dead could be collected: none of our children is left behind. */
static void test_loop_ends_first(void **state)
{
	struct fixture *f = *state;
	for (int i = 0; i < 10; i++) {
		start(f, "sleep 1000", LONG);
		child_free(f->child);
	}
	f->child = NULL;
	sd_event_unref(f->loop);
	assert_int_equal(sd_event_new(&f->loop), 0);
	/* The teardown finds no children left: reap them here. */
	while (waitpid(-1, NULL, 0) > 0)
		;
}

/* Orphans become our children; as PID 1 of a container also those of other processes. All are
 * reaped, but only those of our commands are killed. */
static void test_orphans_become_ours(void **state)
{
	struct fixture *f = *state;
	pid_t alive = fork();
	if (alive == 0) {
		pause();
		_exit(0);
	}
	pid_t other = fork();
	if (other == 0) {
		setsid();
		_exit(0);
	}
	run(f, "sleep 1000 & (sleep 1000 & sleep 1000) & exit 0", LONG);
	run(f, "sleep 1000 & (sleep 1000 & sleep 1000) & wait", 50 * USEC_PER_MSEC);
	while (kill(other, 0) == 0) /* it may not have ended when the first two were swept */
		run(f, "exit 0", LONG);
	siginfo_t si = { 0 };
	assert_int_equal(waitid(P_PID, (id_t)alive, &si, WEXITED | WNOHANG), 0);
	assert_int_equal(si.si_pid, 0);
	kill(alive, SIGKILL);
	assert_int_equal(waitpid(alive, NULL, 0), alive);
	loop_until(f->loop, no_children, NULL);
}

/* How a grandchild hides, and whether its parent is killed or exits on its own. Each writes its pid
 * into the file and then sleeps. */
static const struct {
	const char *name, *command;
	span_t limit;
} hiders[] = {
	{ "own session, killed", "setsid sh -c 'echo $$ >%s; sleep 1000' & wait", 0 },
	{ "daemon, killed", "(setsid sh -c 'echo $$ >%s; sleep 1000' &) ; sleep 1000", 0 },
	{ "daemon, its parent ended", "(setsid sh -c 'echo $$ >%s; sleep 1000' &)", LONG },
	{ "daemon of a daemon",
	  "(setsid sh -c '(setsid sh -c \"echo \\$\\$ >%s; sleep 1000\" &)' &); sleep 1000", 0 },
	{ "group of its own", "set -m; sh -c 'echo $$ >%s; sleep 1000' & wait", 0 },
	{ "deaf to signals", "setsid sh -c 'trap \"\" 15 2 1; echo $$ >%s; sleep 1000' & wait", 0 },
};

static bool has_pid(void *userdata)
{
	FILE *file = fopen(userdata, "r");
	int pid = 0;
	bool found = file && fscanf(file, "%d", &pid) == 1;
	if (file)
		fclose(file);
	return found;
}

static int read_pid(const char *path)
{
	int pid = 0;
	FILE *file = fopen(path, "r");
	assert_non_null(file);
	assert_int_equal(fscanf(file, "%d", &pid), 1);
	fclose(file);
	return pid;
}

static int on_tick(sd_event_source *source, uint64_t now, void *userdata)
{
	(void)userdata;
	sd_event_source_set_time(source, now + USEC_PER_MSEC);
	return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

static bool pid_is_gone(void *userdata)
{
	return kill(*(int *)userdata, 0) < 0 && errno == ESRCH; /* and collected */
}

static void hide_all(struct fixture *f, const struct child_user *user)
{
	char path[] = "/tmp/vipherald-test-XXXXXX", command[256];
	sd_event_source *tick = NULL;
	int file = mkstemp(path);
	if (user)
		assert_int_equal(fchown(file, user->uid, user->gid), 0);
	close(file);
	/* Waits for the command, not for an event of the loop. */
	loop_timer_set(f->loop, &tick, loop_clock(), LOOP_HTTP, on_tick, NULL);
	for (size_t i = 0; i < ARRAY_SIZE(hiders); i++) {
		assert_int_equal(truncate(path, 0), 0);
		f->done = false;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		snprintf(command, sizeof(command), hiders[i].command, path);
#pragma GCC diagnostic pop
		const char *argv[] = { "bash", "-c", command, NULL };
		assert_int_equal(
			child_spawn(f->loop, argv, NULL, user, LONG, on_done, f, &f->child, NULL),
			0);
		/* One that ends at once is killed at once: it may not come to write. */
		if (hiders[i].limit == LONG) {
			loop_until(f->loop, loop_until_true, &f->done);
		} else {
			loop_until(f->loop, has_pid, path);
			child_free(f->child);
			f->child = NULL;
			int pid = read_pid(path);
			loop_until(f->loop, pid_is_gone, &pid);
		}
		loop_until(f->loop, no_children, NULL);
	}
	sd_event_source_disable_unref(tick);
	unlink(path);
}

/* However a grandchild hides, it does not outlive its check. */
static void test_no_grandchild_escapes(void **state)
{
	hide_all(*state, NULL);
}

static void test_no_grandchild_of_another_user_escapes(void **state)
{
	const gid_t groups[] = { 65534 };
	const struct child_user nobody = { 65534, 65534, groups, 1 };
	hide_all(*state, geteuid() == 0 ? &nobody : NULL);
}

/* SIGCHLD is ignored, as a careless parent may leave it to us: no status, but an end. The child
 * waits for a byte, as without an unreaped child there is nothing to watch. */
static void test_status_lost(void **state)
{
	struct fixture *f = *state;
	char dir[] = "/tmp/vipherald-test-XXXXXX", fifo[64], command[128];
	assert_non_null(mkdtemp(dir));
	snprintf(fifo, sizeof(fifo), "%s/fifo", dir);
	snprintf(command, sizeof(command), "read x <%s", fifo);
	assert_int_equal(mkfifo(fifo, 0600), 0);
	signal(SIGCHLD, SIG_IGN);
	start(f, command, LONG);
	int fd = open(fifo, O_WRONLY | O_CLOEXEC);
	assert_int_equal(write(fd, "x\n", 2), 2);
	loop_until(f->loop, loop_until_true, &f->done);
	signal(SIGCHLD, SIG_DFL);
	assert_int_equal(f->end, CHILD_LOST);
	close(fd);
	unlink(fifo);
	rmdir(dir);
}

static void test_many_at_once(void **state)
{
	struct fixture *f = *state;
	struct fixture many[32] = { 0 };
	for (size_t i = 0; i < 32; i++) {
		many[i].loop = f->loop;
		start(&many[i], "echo here; exit 1", LONG);
	}
	for (size_t i = 0; i < 32; i++) {
		loop_until(f->loop, loop_until_true, &many[i].done);
		assert_string_equal(many[i].output, "here\n");
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_cases),
		TEST(test_input),
		TEST(test_without_standard_files),
		TEST(test_cannot_start),
		TEST(test_no_other_descriptor_is_inherited),
		TEST(test_output_is_cut),
		TEST(test_endless_output),
		TEST(test_timeout),
		TEST(test_timeout_of_the_stubborn),
		TEST(test_background_grandchild),
		TEST(test_free_while_running),
		TEST(test_free_after_end),
		TEST(test_loop_ends_first),
		TEST(test_orphans_become_ours),
		TEST(test_no_grandchild_escapes),
		TEST(test_no_grandchild_of_another_user_escapes),
		TEST(test_status_lost),
		TEST(test_many_at_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
