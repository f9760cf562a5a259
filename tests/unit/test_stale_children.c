/* SPDX-License-Identifier: MIT */
/* Real processes with real environments, in a pid namespace of their own: an agent of the host
 * keeps its children, and so does another run of this test. */
#include "process/stale_children.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/array.h"
#include "tests/unit/loop_until.h"
#include "tests/unit/own_pidns.h"

#define MARK_MAX (STALE_CHILDREN_MARK_MAX + 32)

/* Ours with another start: of an agent that had our number before us. */
static const char *former(char buf[static MARK_MAX])
{
	snprintf(buf, MARK_MAX, "%s0", stale_children_mark());
	return buf;
}

/* Another agent of our namespaces: it stops after it has written its mark. */
static pid_t start_agent(char ret_mark[static MARK_MAX])
{
	int fds[2];
	assert_int_equal(pipe2(fds, 0), 0);
	pid_t pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		char mark[MARK_MAX] = "";
		snprintf(mark, sizeof(mark), "%s", stale_children_mark());
		_exit(write(fds[1], mark, sizeof(mark)) != sizeof(mark) || pause());
	}
	close(fds[1]);
	assert_int_equal(read(fds[0], ret_mark, MARK_MAX), MARK_MAX);
	close(fds[0]);
	return pid;
}

/* Returns when the process has the environment. */
static pid_t start(const char *mark, const char *second)
{
	int fds[2];
	char byte;
	const char *const argv[] = { "sh", "-c", "echo; exec 1>&-; kill -STOP $$", NULL };
	const char *const env[] = { "A=1", mark, second, NULL };
	assert_int_equal(pipe2(fds, 0), 0);
	pid_t pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(fds[1], STDOUT_FILENO);
		execve("/bin/sh", (char *const *)argv, (char *const *)env);
		_exit(127);
	}
	close(fds[1]);
	assert_int_equal(read(fds[0], &byte, 1), 1);
	close(fds[0]);
	return pid;
}

/* Whether it was killed; it is gone in any case. */
static bool was_killed(pid_t pid)
{
	int status;
	pid_t ended = waitpid(pid, &status, WNOHANG);
	if (ended == pid)
		return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	return false;
}

struct result {
	bool done;
	size_t killed;
};

static void on_done(size_t killed, void *userdata)
{
	*(struct result *)userdata = (struct result){ true, killed };
}

static bool is_done(void *userdata)
{
	return ((struct result *)userdata)->done;
}

static size_t scan(void)
{
	sd_event *loop = NULL;
	struct result result = { 0 };
	assert_true(sd_event_new(&loop) >= 0);
	struct stale_children *o = stale_children_new(loop, on_done, &result);
	loop_until(loop, is_done, &result);
	stale_children_free(o);
	sd_event_unref(loop);
	return result.killed;
}

/* So that kill() has had its effect when it is looked for. */
static void wait_for_end(pid_t pid)
{
	siginfo_t si;
	assert_int_equal(waitid(P_PID, (id_t)pid, &si, WEXITED | WNOWAIT), 0);
}

static void children_of_an_ended_process_with_our_pid_are_killed(void **state)
{
	(void)state;
	char mark[MARK_MAX];
	pid_t orphan = start(former(mark), NULL);
	assert_int_equal(scan(), 1);
	wait_for_end(orphan);
	assert_true(was_killed(orphan));
	assert_int_equal(scan(), 0);
}

/* While it lives its child is its own; a zombie has ended; then its number is free. */
static void children_of_an_ended_agent_are_killed(void **state)
{
	(void)state;
	char mark[MARK_MAX];
	pid_t agent = start_agent(mark), orphan = start(mark, NULL), second;
	assert_int_equal(scan(), 0);
	kill(agent, SIGKILL);
	wait_for_end(agent);
	assert_int_equal(scan(), 1);
	wait_for_end(orphan);
	assert_true(was_killed(orphan));
	assert_int_equal(waitpid(agent, NULL, 0), agent);
	second = start(mark, NULL);
	assert_int_equal(scan(), 1);
	wait_for_end(second);
	assert_true(was_killed(second));
}

/* The number of an agent that has ended belongs to another process by now. */
static void an_agent_is_told_from_a_later_process_with_its_pid(void **state)
{
	(void)state;
	char mark[MARK_MAX];
	pid_t next = start_agent(mark);
	mark[strlen(mark) - 1] ^= 1; /* another tick */
	pid_t orphan = start(mark, NULL);
	assert_int_equal(scan(), 1);
	wait_for_end(orphan);
	assert_true(was_killed(orphan));
	kill(next, SIGKILL);
	assert_int_equal(waitpid(next, NULL, 0), next);
}

static const char *const unreadable[] = { "",    "x",    "1",    "1/",           "1/x",
					  "0/1", "-1/1", "1/1x", "99999999999/1" };

static void a_mark_that_cannot_be_read_is_left_alone(void **state)
{
	(void)state;
	char mark[MARK_MAX + 16], place[MARK_MAX];
	snprintf(place, sizeof(place), "%s", stale_children_mark());
	for (int n = 0; n < 2; n++)
		*strrchr(place, '/') = 0;
	for (size_t i = 0; i < ARRAY_SIZE(unreadable); i++) {
		snprintf(mark, sizeof(mark), "%s/%s", place, unreadable[i]);
		pid_t pid = start(mark, NULL);
		size_t killed = scan();
		if (was_killed(pid) || killed != 0)
			fail_msg("'%s'", unreadable[i]);
	}
}

static void others_are_left_alone(void **state)
{
	(void)state;
	char elsewhere[MARK_MAX], mark[MARK_MAX];
	former(mark);
	snprintf(elsewhere, sizeof(elsewhere), "%s", stale_children_mark());
	*strstr(elsewhere, "net:[") = 'N'; /* of an agent of another network namespace */
	const pid_t pids[] = {
		start("B=2", NULL),
		start(stale_children_mark(), NULL),
		start(elsewhere, NULL),
		start(elsewhere, mark), /* its agent was started by an orphan */
		start(mark, stale_children_mark()),
		start("VIPHERALD_AGENT=", NULL),
	};
	size_t killed = scan();
	for (size_t i = 0; i < ARRAY_SIZE(pids); i++)
		if (was_killed(pids[i]))
			fail_msg("number %zu", i);
	assert_int_equal(killed, 0);
}

static void the_mark_names_us(void **state)
{
	(void)state;
	char number[32];
	snprintf(number, sizeof(number), "/%d/", (int)getpid());
	assert_non_null(strstr(stale_children_mark(), "VIPHERALD_AGENT=pid:["));
	assert_non_null(strstr(stale_children_mark(), "/net:["));
	assert_non_null(strstr(stale_children_mark(), number));
}

int main(void)
{
	own_pidns_enter();
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_mark_names_us),
		cmocka_unit_test(children_of_an_ended_process_with_our_pid_are_killed),
		cmocka_unit_test(children_of_an_ended_agent_are_killed),
		cmocka_unit_test(an_agent_is_told_from_a_later_process_with_its_pid),
		cmocka_unit_test(a_mark_that_cannot_be_read_is_left_alone),
		cmocka_unit_test(others_are_left_alone),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
