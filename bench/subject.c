/* SPDX-License-Identifier: MIT */
#include "bench/subject.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/samples.h"
#include "bench/scratch.h"

#define STOP_MS 5000.0

/* In the child: does not outlive the bench, and has none of its signal handlers. */
static void become_child(void)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGINT, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	signal(SIGHUP, SIG_DFL);
}

static pid_t fork_held(void)
{
	pid_t pid = fork();
	if (pid < 0)
		fail("fork: %m");
	if (pid > 0)
		scratch_hold(pid);
	else
		become_child();
	return pid;
}

void subject_exec(struct subject *s, const char *const argv[])
{
	char path[SCRATCH_PATH_MAX];
	scratch_set_log(scratch_path("log", path));
	s->pid = fork_held();
	if (s->pid > 0)
		return;
	int log = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
	dup2(log, STDOUT_FILENO);
	dup2(log, STDERR_FILENO);
	execv(argv[0], (char *const *)argv);
	dprintf(STDERR_FILENO, "%s: %s\n", argv[0], strerror(errno));
	_exit(127);
}

void subject_fork(struct subject *s, void (*body)(void *userdata), void *userdata)
{
	s->pid = fork_held();
	if (s->pid > 0)
		return;
	body(userdata);
	_exit(1);
}

void subject_stop(struct subject *s)
{
	if (s->pid == 0)
		return;
	double deadline = clock_ms() + STOP_MS;
	kill(s->pid, SIGTERM);
	while (waitpid(s->pid, NULL, WNOHANG) == 0) {
		if (clock_ms() > deadline)
			kill(s->pid, SIGKILL);
		usleep(500);
	}
	scratch_release(s->pid);
	s->pid = 0;
}

static double field(const char *status, const char *name)
{
	const char *at = strstr(status, name);
	if (!at)
		fail("no %s in /proc/PID/status", name);
	return strtod(at + strlen(name), NULL) * 1024 / 1e6;
}

struct memory subject_memory(const struct subject *s)
{
	char path[64], status[8192];
	snprintf(path, sizeof(path), "/proc/%d/status", (int)s->pid);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd >= 0 ? read(fd, status, sizeof(status) - 1) : -1;
	if (n <= 0)
		fail("%s: %m", path);
	close(fd);
	status[n] = '\0';
	return (struct memory){ .resident = field(status, "VmRSS:"),
				.anonymous = field(status, "RssAnon:"),
				.file = field(status, "RssFile:") };
}
