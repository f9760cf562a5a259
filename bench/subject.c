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
#include <time.h>
#include <unistd.h>

#include "bench/samples.h"
#include "bench/scratch.h"

#define STOP_MS 20000.0

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

void subject_signal(const struct subject *s, int number)
{
	kill(s->pid, number);
}

void subject_wait(struct subject *s)
{
	double deadline = clock_ms() + STOP_MS;
	while (waitpid(s->pid, NULL, WNOHANG) == 0) {
		if (clock_ms() > deadline)
			kill(s->pid, SIGKILL);
		usleep(500);
	}
	scratch_release(s->pid);
	s->pid = 0;
}

void subject_stop(struct subject *s)
{
	subject_signal(s, SIGTERM);
	subject_wait(s);
}

/* A file of /proc/PID, NUL-terminated. */
static void read_proc(const struct subject *s, const char *file, char *buf, size_t size)
{
	char path[64];
	snprintf(path, sizeof(path), "/proc/%d/%s", (int)s->pid, file);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd >= 0 ? read(fd, buf, size - 1) : -1;
	if (n <= 0)
		fail("%s: %m", path);
	close(fd);
	buf[n] = '\0';
}

static double megabytes(const char *status, const char *name)
{
	const char *at = strstr(status, name);
	if (!at)
		fail("no %s in /proc/PID/status", name);
	return strtod(at + strlen(name), NULL) * 1024 / 1e6;
}

struct memory subject_memory(const struct subject *s)
{
	char status[8192];
	read_proc(s, "status", status, sizeof(status));
	return (struct memory){ .resident = megabytes(status, "VmRSS:"),
				.anonymous = megabytes(status, "RssAnon:"),
				.file = megabytes(status, "RssFile:") };
}

double subject_cpu_ms(const struct subject *s)
{
	char text[256];
	read_proc(s, "schedstat", text, sizeof(text));
	return strtod(text, NULL) / 1e6;
}

double subject_cpu_now_ms(const struct subject *s)
{
	clockid_t clock;
	struct timespec spent;
	int rc = clock_getcpuclockid(s->pid, &clock);
	if (rc != 0 || clock_gettime(clock, &spent) < 0)
		fail("the CPU time of process %d cannot be read", (int)s->pid);
	return (double)spent.tv_sec * 1e3 + (double)spent.tv_nsec / 1e6;
}

double subject_user_ms(const struct subject *s)
{
	char stat[1024];
	read_proc(s, "stat", stat, sizeof(stat));
	/* utime is field 14; counting starts behind the name, which may hold anything. */
	const char *at = strrchr(stat, ')');
	for (int field = 2; at && field < 14; field++)
		at = strchr(at + 1, ' ');
	if (!at)
		fail("/proc/PID/stat is too short");
	return strtod(at, NULL) * 1000 / (double)sysconf(_SC_CLK_TCK);
}
