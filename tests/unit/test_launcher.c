/* SPDX-License-Identifier: MIT */
/* A real launcher with real commands, which are children of this process. */
#include "process/launcher.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/mem.h"
#include "process/launch_message.h"

static const char *const no_env[] = { NULL };
static const struct spawn_fds to_stderr = { -1, STDERR_FILENO, -1 };

static const struct child_user *as_user; /* of the commands below */

static void setup(const struct child_user *user)
{
	struct err err = { "" };
	as_user = user;
	if (launcher_start(&user, 1, &err) < 0)
		fail_msg("%s", err.text);
}

static int start(void **state)
{
	(void)state;
	setup(NULL);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	launcher_stop();
	return 0;
}

/* Output of the command until it ends. */
static int run(const char *command, const char *const env[], char *ret_output, size_t size,
	       int *ret_status)
{
	const char *argv[] = { "/bin/sh", "-c", command, NULL };
	int fds[2];
	pid_t pid;
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	int rc = launcher_spawn(argv, (char *const *)env, &(struct spawn_fds){ -1, fds[1], -1 },
				as_user, &pid);
	close(fds[1]);
	size_t len = 0;
	ssize_t n = 1;
	while (rc == 0 && n > 0 && len < size - 1) {
		n = read(fds[0], ret_output + len, size - 1 - len);
		len += n > 0 ? (size_t)n : 0;
	}
	ret_output[len] = 0;
	close(fds[0]);
	if (rc == 0)
		assert_int_equal(waitpid(pid, ret_status, 0), pid);
	return rc;
}

static void a_command_is_our_child(void **state)
{
	(void)state;
	char output[64], wanted[64];
	int status;
	assert_int_equal(run("echo $PPID; exit 3", no_env, output, sizeof(output), &status), 0);
	snprintf(wanted, sizeof(wanted), "%d\n", (int)getpid());
	assert_string_equal(output, wanted);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 3);
}

static void a_command_has_its_environment_and_nothing_else(void **state)
{
	(void)state;
	char output[256];
	const char *env[] = { "GREETING=hello", NULL };
	int status, fd = open("/dev/null", O_RDONLY); /* would be inherited */
	setenv("SECRET", "1", 1);
	assert_int_equal(run("echo $GREETING$SECRET; ls /proc/self/fd | wc -w; cat", env, output,
			     sizeof(output), &status),
			 0);
	/* 0, 1, 2, and ls' own. */
	assert_string_equal(output, "hello\n4\n");
	close(fd);
}

static void a_command_gets_its_input(void **state)
{
	(void)state;
	const char *argv[] = { "/bin/sh", "-c", "cat; ls /proc/self/fd | wc -w", NULL };
	char output[64] = "";
	int in[2], out[2], status;
	pid_t pid;
	assert_int_equal(pipe2(in, O_CLOEXEC), 0);
	assert_int_equal(pipe2(out, O_CLOEXEC), 0);
	assert_int_equal(write(in[1], "event\n", 6), 6);
	close(in[1]);
	assert_int_equal(launcher_spawn(argv, (char *const *)no_env,
					&(struct spawn_fds){ in[0], out[1], -1 }, NULL, &pid),
			 0);
	close(in[0]);
	close(out[1]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(read(out[0], output, sizeof(output) - 1) > 0);
	assert_string_equal(output, "event\n4\n");
	close(out[0]);
}

static void a_program_that_is_not_there(void **state)
{
	(void)state;
	const char *argv[] = { "/no/such/program", NULL };
	pid_t pid;
	assert_int_equal(launcher_spawn(argv, (char *const *)no_env, &to_stderr, NULL, &pid),
			 -ENOENT);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), 0); /* the launcher only: no zombie is left */
}

static void too_long_a_command(void **state)
{
	(void)state;
	char *text = mem_new(1, LAUNCH_REQUEST_MAX + 1), output[64];
	int status;
	memset(text, ' ', LAUNCH_REQUEST_MAX);
	assert_int_equal(run(text, no_env, output, sizeof(output), &status), -E2BIG);
	/* One that just fits: kind, number, pid, two counts, user, two other strings, NULs. */
	text[LAUNCH_REQUEST_MAX - 24 - sizeof("/bin/sh") - sizeof("-c") - 1] = 0;
	text[0] = ':';
	assert_int_equal(run(text, no_env, output, sizeof(output), &status), 0);
	assert_int_equal(status, 0);
	free(text);
}

static void marks_of_a_process(void **state)
{
	(void)state;
	char marks[MARKS_MAX];
	const char *env[] = { "A=1", MARK_CHECK "7.1", "SECRET=x", MARK_AGENT "b", NULL };
	const char *argv[] = { "/bin/sleep", "600", NULL };
	pid_t pid;
	assert_int_equal(launcher_spawn(argv, (char *const *)env, &to_stderr, NULL, &pid), 0);
	static const char wanted[] = MARK_CHECK "7.1\0" MARK_AGENT "b";
	assert_int_equal(launcher_marks(pid, marks), sizeof(wanted));
	assert_memory_equal(marks, wanted, sizeof(wanted));
	kill(pid, SIGKILL);
	waitid(P_PID, (id_t)pid, &(siginfo_t){ 0 }, WEXITED | WNOWAIT);
	assert_true(launcher_marks(pid, marks) <= 0); /* a zombie has none */
	waitpid(pid, NULL, 0);
	assert_true(launcher_marks(pid, marks) < 0);
}

static void commands_run_as_the_user_of_the_start(void **state)
{
	(void)state;
	const struct child_user nobody = { .uid = 65534, .gid = 65534 };
	char output[64];
	int status;
	if (geteuid() != 0)
		fail_msg("run as root: it changes the user");
	setup(&nobody);
	assert_int_equal(run("id -u; id -g; grep CapEff /proc/self/status", no_env, output,
			     sizeof(output), &status),
			 0);
	assert_string_equal(output, "65534\n65534\nCapEff:\t0000000000000000\n");
	launcher_stop();
}

/* Those of its start, and no others. */
static void commands_run_as_one_of_the_users(void **state)
{
	(void)state;
	const struct child_user nobody = { .uid = 65534, .gid = 65534 };
	const struct child_user other = { .uid = 65533, .gid = 65534 };
	const struct child_user *const users[] = { &nobody, NULL };
	char output[64];
	int status;
	assert_int_equal(launcher_start(users, 2, NULL), 0);
	as_user = NULL;
	assert_int_equal(run("id -u", no_env, output, sizeof(output), &status), 0);
	assert_string_equal(output, "0\n");
	as_user = &nobody;
	assert_int_equal(run("id -u", no_env, output, sizeof(output), &status), 0);
	assert_string_equal(output, "65534\n");
	as_user = &other;
	assert_int_equal(run("id -u", no_env, output, sizeof(output), &status), -EACCES);
	launcher_stop();
}

static void stderr_of_its_own(void **state)
{
	(void)state;
	const char *argv[] = { "/bin/sh", "-c", "cat; echo bad >&2; ls /proc/self/fd | wc -w",
			       NULL };
	char said[64] = "", failed[64] = "";
	int in[2], out[2], err[2], status;
	pid_t pid;
	assert_int_equal(pipe2(in, O_CLOEXEC) | pipe2(out, O_CLOEXEC) | pipe2(err, O_CLOEXEC), 0);
	assert_int_equal(write(in[1], "x\n", 2), 2);
	close(in[1]);
	assert_int_equal(launcher_spawn(argv, (char *const *)no_env,
					&(struct spawn_fds){ in[0], out[1], err[1] }, NULL, &pid),
			 0);
	close(in[0]);
	close(out[1]);
	close(err[1]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(read(out[0], said, sizeof(said) - 1) > 0);
	assert_true(read(err[0], failed, sizeof(failed) - 1) > 0);
	assert_string_equal(said, "x\n4\n");
	assert_string_equal(failed, "bad\n");
	close(out[0]);
	close(err[0]);
}

static void a_launcher_that_has_ended_is_said(void **state)
{
	(void)state;
	char output[64];
	int status;
	/* Its only other child. */
	assert_int_equal(
		run("cat /proc/$PPID/task/$PPID/children", no_env, output, sizeof(output), &status),
		0);
	pid_t pid = (pid_t)strtol(output, NULL, 10);
	kill(pid, SIGKILL);
	waitid(P_PID, (id_t)pid, &(siginfo_t){ 0 }, WEXITED | WNOWAIT);
	assert_int_equal(run("true", no_env, output, sizeof(output), &status), -ECHILD);
	assert_int_equal(run("true", no_env, output, sizeof(output), &status), -ECHILD);
	assert_true(launcher_is_in_charge());
	assert_int_equal(waitpid(pid, NULL, 0), pid); /* as the loop of an agent does */
}

static bool is_killed(pid_t pid)
{
	int status;
	return waitpid(pid, &status, 0) == pid && WIFSIGNALED(status) &&
	       WTERMSIG(status) == SIGKILL;
}

/* It is not waited for again, and neither a command that it starts late nor its children are left
 * running. */
static void a_launcher_that_is_stopped(void **state)
{
	(void)state;
	const char *argv[] = { "/bin/sh", "-c", "/bin/sleep 600 & echo started; wait", NULL };
	char output[64];
	int status, fds[2];
	pid_t late;
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	const struct spawn_fds to_pipe = { .out = fds[1], .in = -1, .err = -1 };
	assert_int_equal(
		run("cat /proc/$PPID/task/$PPID/children", no_env, output, sizeof(output), &status),
		0);
	pid_t pid = (pid_t)strtol(output, NULL, 10);
	kill(pid, SIGSTOP);
	waitid(P_PID, (id_t)pid, &(siginfo_t){ 0 }, WSTOPPED | WNOWAIT);
	assert_int_equal(launcher_spawn(argv, (char *const *)no_env, &to_pipe, NULL, &late),
			 -ETIMEDOUT);
	close(fds[1]);
	for (int i = 0; i < 1000; i++) /* 200 s, if each waited */
		assert_int_equal(run("true", no_env, output, sizeof(output), &status), -ETIMEDOUT);
	kill(pid, SIGCONT);
	assert_int_equal(read(fds[0], output, sizeof(output)), strlen("started\n"));
	while (run("cat /proc/$PPID/task/$PPID/children", no_env, output, sizeof(output),
		   &status) == -ETIMEDOUT)
		;
	char *end;
	assert_int_equal(strtol(output, &end, 10), pid);
	late = (pid_t)strtol(end, NULL, 10);
	assert_true(is_killed(late));
	assert_int_equal(read(fds[0], output, sizeof(output)), 0);
	close(fds[0]);
}

static void none_after_it_is_forbidden(void **state)
{
	(void)state;
	char output[64];
	int status;
	launcher_forbid();
	assert_true(launcher_is_forbidden());
	assert_int_equal(run("true", no_env, output, sizeof(output), &status), -EPERM);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_command_is_our_child, start, stop),
		cmocka_unit_test_setup_teardown(a_command_has_its_environment_and_nothing_else,
						start, stop),
		cmocka_unit_test_setup_teardown(a_command_gets_its_input, start, stop),
		cmocka_unit_test_setup_teardown(stderr_of_its_own, start, stop),
		cmocka_unit_test_setup_teardown(a_program_that_is_not_there, start, stop),
		cmocka_unit_test_setup_teardown(too_long_a_command, start, stop),
		cmocka_unit_test_setup_teardown(marks_of_a_process, start, stop),
		cmocka_unit_test(commands_run_as_the_user_of_the_start),
		cmocka_unit_test(commands_run_as_one_of_the_users),
		cmocka_unit_test_setup_teardown(a_launcher_that_has_ended_is_said, start, stop),
		cmocka_unit_test_setup_teardown(a_launcher_that_is_stopped, start, stop),
		cmocka_unit_test_setup_teardown(none_after_it_is_forbidden, NULL, stop),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
