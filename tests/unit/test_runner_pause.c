/* SPDX-License-Identifier: MIT */
/* This process does not run for a while: a time-out that is noticed late says nothing. */
#include "monitors/runner.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "monitors/watch.h"
#include "tests/unit/runner_bed.h"

static bool is_stopped(pid_t pid)
{
	char path[64], stat[256] = "";
	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = read(fd, stat, sizeof(stat) - 1);
	close(fd);
	return n > 0 && strstr(stat, ") T ");
}

/* This process does not run for that long; what it started does. */
static void pause_for(span_t span)
{
	pid_t parent = getpid(), pid = fork();
	if (pid == 0) {
		const struct timespec ts = { .tv_sec = (time_t)(span / USEC_PER_SEC),
					     .tv_nsec = (long)(span % USEC_PER_SEC) * 1000 };
		kill(parent, SIGSTOP);
		while (!is_stopped(parent))
			sched_yield();
		nanosleep(&ts, NULL);
		kill(parent, SIGCONT);
		_exit(0);
	}
	assert_true(pid > 0);
	while (waitpid(pid, NULL, 0) < 0)
		assert_int_equal(errno, EINTR);
}

static bool is_running(void *userdata)
{
	return status_of(userdata, 0).running;
}

static bool is_not_running(void *userdata)
{
	return !is_running(userdata);
}

#define PAUSE_LIMIT (400 * USEC_PER_MSEC)

/* The command ends in time, and the time limit has passed as well when the process runs again. */
static void test_pause_loses_no_result(void **state)
{
	struct fixture *f = *state;
	struct seen s = { 0 };
	new_runner(f, &(struct runner_config){ .timing.interval = HOUR,
					       .timing.timeout = PAUSE_LIMIT });
	watch(f, &s, "exec:sleep 0.05");
	loop_until(f->loop, is_running, &s);
	pause_for(2 * PAUSE_LIMIT);
	loop_until(f->loop, is_not_running, &s);
	assert_int_equal(s.health, HEALTH_UP);
	assert_int_equal(status_of(&s, 0).checks, 1);
	monitor_watch_free(s.watch);
}

/* It times out in the pause, and is made again at once; the second time counts. */
static void test_pause_doubts_one_failure(void **state)
{
	struct fixture *f = *state;
	struct seen s = { 0 };
	new_runner(f, &(struct runner_config){ .timing.interval = HOUR,
					       .timing.timeout = PAUSE_LIMIT });
	watch(f, &s, "exec:sleep 1000");
	loop_until(f->loop, is_running, &s);
	pause_for(2 * PAUSE_LIMIT);
	loop_until(f->loop, is_not_running, &s);
	assert_int_equal(s.health, HEALTH_UNKNOWN);
	assert_non_null(
		strstr(status_of(&s, 0).said,
		       "no result within 400ms, killed (checked again: the agent was paused for "));
	assert_int_equal(status_of(&s, 0).failures, 0);
	loop_until(f->loop, is_running, &s);
	pause_for(2 * PAUSE_LIMIT);
	loop_until(f->loop, is_down, &s);
	assert_string_equal(s.reason, "exec:sleep 1000: no result within 400ms, killed");
	assert_int_equal(status_of(&s, 0).checks, 2);
	monitor_watch_free(s.watch);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_pause_loses_no_result),
		TEST(test_pause_doubts_one_failure),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
