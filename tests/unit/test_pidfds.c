/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "loop_until.h"
#include "monitors/pidfds.h"
#include "process/fd_limit.h"

struct watcher {
	struct pidfd_user *user;
	bool died;
};

static void on_death(void *userdata)
{
	struct watcher *w = userdata;
	assert_false(w->died);
	w->died = true;
	pidfds_detach(w->user);
	w->user = NULL;
}

static pid_t start_process(void)
{
	pid_t pid = fork();
	if (pid == 0) {
		pause();
		_exit(0);
	}
	return pid;
}

static void end_process(pid_t pid)
{
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static int lowest_free(void)
{
	int fd = open("/", O_PATH | O_CLOEXEC);
	close(fd);
	return fd;
}

static void test_one_descriptor_per_process(void **state)
{
	(void)state;
	enum { N = 50 };
	sd_event *loop;
	struct watcher w[N] = { { 0 } };
	pid_t pid = start_process();
	assert_true(sd_event_new(&loop) >= 0);
	struct pidfds *p = pidfds_new(loop);
	assert_int_equal(pidfds_attach(p, pid, on_death, &w[0], &w[0].user, NULL), 0);
	int before = lowest_free();
	for (size_t i = 1; i < N; i++)
		assert_int_equal(pidfds_attach(p, pid, on_death, &w[i], &w[i].user, NULL), 0);
	assert_int_equal(lowest_free(), before);
	pidfds_detach(w[7].user);
	w[7].user = NULL;
	assert_true(pidfd_is_alive(w[0].user));
	end_process(pid);
	assert_false(pidfd_is_alive(w[0].user));
	loop_until(loop, loop_until_true, &w[N - 1].died);
	for (size_t i = 0; i < N; i++)
		assert_int_equal(w[i].died, i != 7);
	assert_true(lowest_free() < before); /* closed with its last user */
	pidfds_free(p);
	sd_event_unref(loop);
}

static void test_a_process_that_is_gone(void **state)
{
	(void)state;
	sd_event *loop;
	struct watcher w = { 0 }, second = { 0 };
	pid_t pid = start_process();
	assert_true(sd_event_new(&loop) >= 0);
	struct pidfds *p = pidfds_new(loop);
	assert_int_equal(pidfds_attach(p, pid, on_death, &w, &w.user, NULL), 0);
	kill(pid, SIGKILL);
	/* A zombie, and the loop has not seen its death yet. */
	siginfo_t si;
	assert_int_equal(waitid(P_PID, (id_t)pid, &si, WEXITED | WNOWAIT), 0);
	assert_int_equal(pidfds_attach(p, pid, on_death, &second, &second.user, NULL), -ESRCH);
	loop_until(loop, loop_until_true, &w.died);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(pidfds_attach(p, pid, on_death, &w, &w.user, NULL), -ESRCH);
	pidfds_free(p);
	sd_event_unref(loop);
}

static void limit_to(rlim_t n)
{
	struct rlimit limit;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	limit.rlim_cur = n;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

static void test_short_of_descriptors(void **state)
{
	(void)state;
	struct rlimit old;
	sd_event *loop;
	struct err err = { "" };
	struct watcher w = { 0 }, more = { 0 };
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
	assert_true(sd_event_new(&loop) >= 0);
	struct pidfds *p = pidfds_new(loop);
	assert_int_equal(pidfds_attach(p, getpid(), on_death, &w, &w.user, NULL), 0);
	int used = lowest_free();
	limit_to((rlim_t)used * 2 + 2);
	assert_int_equal(fd_limit_check(FD_FOR_NEW, &err), 0);
	limit_to((rlim_t)used * 2); /* half of it is taken */
	assert_int_equal(fd_limit_check(FD_FOR_NEW, &err), -EMFILE);
	assert_non_null(strstr(err.text, "LimitNOFILE="));
	assert_int_equal(fd_limit_check(FD_FOR_CHECKS, &err), 0);
	/* Another process cannot be watched, which says nothing of it; this one can. */
	assert_int_equal(pidfds_attach(p, getppid(), on_death, &more, &more.user, &err), -EMFILE);
	assert_int_equal(pidfds_attach(p, getpid(), on_death, &more, &more.user, &err), 0);
	limit_to((rlim_t)used + 1);
	assert_int_equal(fd_limit_check(FD_FOR_CHECKS, &err), -EMFILE);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
	pidfds_detach(w.user);
	pidfds_detach(more.user);
	pidfds_free(p);
	sd_event_unref(loop);
}

static void test_raised_to_the_hard_limit(void **state)
{
	(void)state;
	struct rlimit old, now;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
	limit_to(64);
	fd_limit_raise();
	assert_int_equal(fd_limit(), old.rlim_max);
	fd_limit_lower();
	assert_int_equal(fd_limit(), 64);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &now), 0);
	assert_int_equal(now.rlim_max, old.rlim_max);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_descriptor_per_process),
		cmocka_unit_test(test_a_process_that_is_gone),
		cmocka_unit_test(test_short_of_descriptors),
		cmocka_unit_test(test_raised_to_the_hard_limit),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
