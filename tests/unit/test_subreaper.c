/* SPDX-License-Identifier: MIT */
#include "process/subreaper.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* The process that exits during a sweep, after the list of our children was read and before this
 * one is examined. */
static pid_t dies_when_inspected;

static void wait_for_death(pid_t pid)
{
	siginfo_t si;
	assert_int_equal(waitid(P_PID, (id_t)pid, &si, WEXITED | WNOWAIT), 0);
}

/* In place of the C library's, also for the code under test. */
int open(const char *path, int flags, ...)
{
	char environ_of[48];
	snprintf(environ_of, sizeof(environ_of), "/proc/%d/environ", (int)dies_when_inspected);
	if (strcmp(path, environ_of) == 0) {
		kill(dies_when_inspected, SIGKILL);
		wait_for_death(dies_when_inspected);
		dies_when_inspected = 0;
	}
	return (int)syscall(SYS_openat, AT_FDCWD, path, flags, 0600);
}

/* A shell that is marked as of this family, or has no environment at all. It says `line` when it
 * runs. */
static pid_t start(const char *mark, const char *command, char *line, size_t size)
{
	int fds[2];
	const char *const argv[] = { "sh", "-c", command, NULL };
	const char *const env[] = { mark, NULL };
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	pid_t pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(fds[1], STDOUT_FILENO);
		execve("/bin/sh", (char *const *)argv, (char *const *)env);
		_exit(127);
	}
	close(fds[1]);
	ssize_t n = read(fds[0], line, size - 1);
	assert_true(n > 0);
	line[n] = 0;
	close(fds[0]);
	return pid;
}

static pid_t start_idle(const char *mark)
{
	char line[8];
	return start(mark, "echo here; kill -STOP $$", line, sizeof(line));
}

static bool is_alive(pid_t pid)
{
	siginfo_t si = { 0 };
	return waitid(P_PID, (id_t)pid, &si, WEXITED | WNOHANG | WNOWAIT) == 0 && si.si_pid == 0;
}

static void end(pid_t pid)
{
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static bool no_children(void)
{
	siginfo_t si;
	return waitid(P_ALL, 0, &si, WEXITED | WNOHANG | WNOWAIT) < 0 && errno == ECHILD;
}

/* Sweeps until no member can be left. */
static void sweep_clean(const struct subreaper_tree *f)
{
	while (!subreaper_sweep(f->id, true))
		;
}

static void test_member_is_killed(void **state)
{
	(void)state;
	struct subreaper_tree f;
	subreaper_tree_init(&f);
	pid_t pid = start_idle(f.mark);
	sweep_clean(&f);
	assert_true(no_children());
	assert_int_equal(kill(pid, 0), -1);
}

/* Its child becomes ours after the list of our children was read. */
static void test_child_of_one_that_dies_meanwhile(void **state)
{
	(void)state;
	struct subreaper_tree f;
	char line[16];
	subreaper_tree_init(&f);
	dies_when_inspected =
		start(f.mark, "sh -c 'echo $$; exec sleep 30' & wait", line, sizeof(line));
	assert_true(atoi(line) > 0);
	sweep_clean(&f);
	assert_int_equal(dies_when_inspected, 0);
	assert_true(no_children());
}

/* A member that was missed is killed when the next family is swept. */
static void test_member_of_a_former_family(void **state)
{
	(void)state;
	struct subreaper_tree former, f;
	subreaper_tree_init(&former);
	subreaper_tree_init(&f);
	start_idle(former.mark);
	while (!no_children())
		subreaper_sweep(f.id, true);
}

/* As long as the leader lives, its family does. */
static void test_member_of_a_living_family(void **state)
{
	(void)state;
	struct subreaper_tree living, f;
	subreaper_tree_init(&living);
	subreaper_tree_init(&f);
	pid_t leader = start_idle(living.mark), member = start_idle(living.mark);
	subreaper_tree_start(&living, leader);
	assert_true(subreaper_sweep(f.id, true));
	assert_true(is_alive(leader));
	assert_true(is_alive(member));
	subreaper_tree_end(&living);
	sweep_clean(&living);
	assert_true(no_children());
}

/* A leader is left to its owner to reap, also as a zombie. */
static void test_leader_is_left_alone(void **state)
{
	(void)state;
	struct subreaper_tree living, f;
	subreaper_tree_init(&living);
	subreaper_tree_init(&f);
	pid_t leader = start_idle(living.mark);
	subreaper_tree_start(&living, leader);
	kill(leader, SIGKILL);
	wait_for_death(leader);
	assert_true(subreaper_sweep(f.id, true));
	subreaper_tree_end(&living);
	assert_int_equal(waitpid(leader, NULL, 0), leader);
}

static void test_strangers(void **state)
{
	(void)state;
	struct subreaper_tree f;
	char other[SUBREAPER_MARK_MAX];
	subreaper_tree_init(&f);
	/* Of another agent, or of a name that only begins like ours. */
	snprintf(other, sizeof(other), "VIPHERALD_CHECK=%d.%d", (int)getppid(), 1);
	pid_t foreign = start_idle(other);
	snprintf(other, sizeof(other), "XVIPHERALD_CHECK=%d.%d", (int)getpid(), 1);
	pid_t similar = start_idle(other);
	assert_true(subreaper_sweep(f.id, true));
	assert_true(is_alive(foreign));
	assert_true(is_alive(similar));
	end(foreign);
	/* Zombies are reaped, also foreign ones; once more, as they may have left us orphans. */
	kill(similar, SIGKILL);
	wait_for_death(similar);
	sweep_clean(&f);
	assert_true(no_children());
}

/* As a process is in the middle of an exec. */
static void test_without_environment(void **state)
{
	(void)state;
	struct subreaper_tree f;
	subreaper_tree_init(&f);
	pid_t pid = start_idle(NULL);
	assert_false(subreaper_sweep(f.id, true));
	assert_true(subreaper_sweep(f.id, false));
	assert_true(is_alive(pid));
	end(pid);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_member_is_killed),
		cmocka_unit_test(test_child_of_one_that_dies_meanwhile),
		cmocka_unit_test(test_member_of_a_former_family),
		cmocka_unit_test(test_member_of_a_living_family),
		cmocka_unit_test(test_leader_is_left_alone),
		cmocka_unit_test(test_strangers),
		cmocka_unit_test(test_without_environment),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
