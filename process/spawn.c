/* SPDX-License-Identifier: MIT */
#include "process/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "process/fd.h"
#include "process/fd_limit.h"
#include "process/nice_limit.h"

/* Where the child writes why it could not start; the exec closes it. */
#define REPORT (STDERR_FILENO + 1)

/* Groups are set before the user, who may not change them. Ambient capabilities survive a change
 * from one plain user to another. */
static int become(const struct child_user *user)
{
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0 ||
	    setgroups(user->n_groups, user->groups) < 0 ||
	    setresgid(user->gid, user->gid, user->gid) < 0 ||
	    setresuid(user->uid, user->uid, user->uid) < 0)
		return errno;
	return 0;
}

void spawn_reset_signals(void)
{
	sigset_t none;
	sigemptyset(&none);
	/* The handler of SIGSYS belongs to the filter of system calls, which a fork inherits; a
	 * program that is executed gets the default. */
	for (int number = 1; number < NSIG; number++)
		if (number != SIGSYS)
			signal(number, SIG_DFL);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* All others are closed: libraries open some that an exec would not close. CLOSE_RANGE_CLOEXEC would
 * be shorter, and is not in Linux 5.10. */
static int keep_report(int report)
{
	if (report != REPORT && dup3(report, REPORT, O_CLOEXEC) < 0)
		return errno;
	close_range(REPORT + 1, ~0U, 0);
	return 0;
}

_Noreturn static void run(const struct spawn *s, const struct spawn_fds *fds, int report)
{
	int code = 0, in = fds->in, err = fds->err < 0 ? fds->out : fds->err;
	setsid();
	spawn_reset_signals();
	if (in < 0)
		in = open("/dev/null", O_RDONLY);
	if (in < 0 || dup2(fds->out, STDOUT_FILENO) < 0 || dup2(err, STDERR_FILENO) < 0 ||
	    dup2(in, STDIN_FILENO) < 0)
		code = errno;
	else if (s->user)
		code = become(s->user);
	if (code == 0) {
		fd_limit_lower();
		nice_limit_clear();
		code = keep_report(report);
	}
	if (code == 0) {
		report = REPORT;
		execvpe(s->argv[0], (char *const *)s->argv, s->env);
		code = errno;
	}
	ssize_t n = write(report, &code, sizeof(code));
	_exit(n == sizeof(code) ? 127 : 126);
}

/* fork() has no way to name the parent. */
static pid_t fork_child(bool is_for_parent)
{
	return is_for_parent ? (pid_t)syscall(SYS_clone, CLONE_PARENT | SIGCHLD, 0, 0, 0, 0)
			     : fork();
}

/* Above the numbers of stdin, stdout and stderr. One that is -1 stays so. */
static bool move_up(int fd, int *ret)
{
	*ret = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	return (*ret >= 0) == (fd >= 0);
}

int spawn_start(const struct spawn *s, pid_t *ret)
{
	int report[2], high = -1, code = 0;
	struct spawn_fds fds = { -1, -1, -1 };
	if (pipe2(report, O_CLOEXEC) < 0)
		return -errno;
	bool ready = move_up(report[1], &high) && move_up(s->fds.out, &fds.out) &&
		     move_up(s->fds.in, &fds.in) && move_up(s->fds.err, &fds.err);
	pid_t pid = ready ? fork_child(s->is_for_parent) : -1;
	if (pid == 0)
		run(s, &fds, high);
	int rc = pid < 0 ? -errno : 0;
	fd_close(&report[1]);
	fd_close(&high);
	fd_close(&fds.out);
	fd_close(&fds.in);
	fd_close(&fds.err);
	/* The exec closes it. */
	if (rc == 0 && read(report[0], &code, sizeof(code)) == sizeof(code)) {
		if (!s->is_for_parent)
			waitpid(pid, NULL, 0);
		rc = -code;
	}
	fd_close(&report[0]);
	if (rc == 0 || s->is_for_parent)
		*ret = pid;
	return rc;
}
