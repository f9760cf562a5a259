/* SPDX-License-Identifier: MIT */
/*
 * Pid, mount and network namespaces of the test's own: it sees no process of the host or of another
 * test, and none sees it. Works where own_netns.h does.
 */
#ifndef TESTS_UNIT_OWN_PIDNS_H
#define TESTS_UNIT_OWN_PIDNS_H

#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/own_netns.h"

static inline void own_pidns_exit_like(pid_t child)
{
	int status;
	own_netns_or_die(waitpid(child, &status, 0) == child, "waitpid");
	_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}

static inline void own_pidns_fork(void)
{
	pid_t child = fork();
	own_netns_or_die(child >= 0, "fork");
	if (child > 0)
		own_pidns_exit_like(child);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
}

/* Returns in a grandchild, with whose status the caller ends. Process 1 is between the two, because
 * LeakSanitizer cannot stop that. */
static inline void own_pidns_enter(void)
{
	own_netns_enter();
	own_netns_or_die(unshare(CLONE_NEWPID | CLONE_NEWNS) == 0, "unshare");
	own_pidns_fork();
	own_netns_or_die(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0, "mount /");
	own_netns_or_die(mount("proc", "/proc", "proc", 0, NULL) == 0, "mount /proc");
	own_pidns_fork();
}

#endif
