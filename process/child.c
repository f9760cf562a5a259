/* SPDX-License-Identifier: MIT */
/*
 * A child has three event sources: its end (a pidfd), its output (a pipe) and its time limit. The
 * first of end and limit settles it: the process group is killed, the sources are released, the
 * callback is called.
 *
 * Two orders matter. The group is killed before its leader is reaped, because only the unreaped
 * leader keeps the kernel from giving the number to another group. And the caller never waits:
 * processes that cannot be reaped at once are left to a source that the loop owns. It also reaps
 * grandchildren, which become children of the agent when it is process 1 of a container.
 */
#include "process/child.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/backoff.h"
#include "lib/mem.h"
#include "process/fd.h"
#include "process/launcher.h"
#include "process/loop.h"
#include "process/spawn.h"
#include "process/stale_children.h"
#include "process/subreaper.h"
#include "process/time_limit.h"

/* How much output is read per wake-up, and how often (READS_MAX wake-ups an interval): a child that
 * prints without end must not keep the loop busy. */
#define READ_MAX       16384
#define READS_INTERVAL (100 * USEC_PER_MSEC)
#define READS_MAX      16

#define REAP_FIRST (2 * USEC_PER_MSEC)
#define REAP_MAX   USEC_PER_SEC
/* How often a process with an empty environment is inspected again, about a second in all. An exec
 * takes far less; a process whose environment stays empty is left alone. */
#define UNKNOWN_TRIES 10

struct child {
	sd_event *loop;
	pid_t pid; /* also the number of its session and group; 0 once it is settled */
	struct subreaper_tree tree;
	int pidfd, out;
	sd_event_source *end_source, *out_source;
	struct time_limit limit;
	child_done_cb *done;
	void *userdata;
	size_t output_len;
	char output[CHILD_OUTPUT_MAX + 1];
};

/* A command, or a function. */
struct task {
	const char *const *argv;
	char *const *env;
	const struct child_user *user;
	const struct child_input *input; /* NULL: none */
	struct child_pipes *pipes;       /* ours are put here; NULL: the output is captured */
	child_fn *fn;
	const void *arg;
};

/* Groups and trees that were killed and of which some may be left. */
static size_t n_reapers;

struct reaper {
	pid_t group;
	uint64_t tree;
	unsigned tries;
	struct backoff wait;
};

/* True when no process of the group is our child any more. */
static bool reap_group(pid_t group)
{
	siginfo_t si;
	do {
		si.si_pid = 0;
		if (waitid(P_PGID, (id_t)group, &si, WEXITED | WNOHANG) < 0 && errno != EINTR)
			return true;
	} while (si.si_pid != 0);
	return false;
}

/* Always both: the children of a process are reparented to us only when it has died. */
static bool reap_all(pid_t group, uint64_t tree, unsigned tries)
{
	bool group_gone = reap_group(group);
	bool tree_gone = subreaper_sweep(tree, tries < UNKNOWN_TRIES);
	return group_gone && tree_gone;
}

static void reap_more(struct reaper *reaper, sd_event_source *source, mono_t now)
{
	if (reap_all(reaper->group, reaper->tree, ++reaper->tries)) {
		/* The loop owns it; this releases it and, through on_reaper_end, the reaper. */
		sd_event_source_set_enabled(source, SD_EVENT_OFF);
		sd_event_source_set_floating(source, false);
		return;
	}
	sd_event_source_set_time(source, usec_add(now, backoff_next(&reaper->wait, 0)));
	sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

static int on_reap(sd_event_source *source, uint64_t now, void *userdata)
{
	mono_t began = loop_clock();
	reap_more(userdata, source, now);
	loop_account(LOOP_NAME(on_reap), began);
	return 0;
}

static void on_reaper_end(void *userdata)
{
	n_reapers--;
	free(userdata);
}

/* Reaps a group that was sent SIGKILL and the rest of the tree, now or as soon as possible. */
static void reap(sd_event *loop, pid_t group, uint64_t tree)
{
	sd_event_source *source = NULL;
	if (reap_all(group, tree, 0))
		return;
	struct reaper *reaper = mem_new(1, sizeof(*reaper));
	*reaper = (struct reaper){ .group = group,
				   .tree = tree,
				   .wait = { REAP_FIRST, REAP_MAX, 0 } };
	/* Not by the helper of the loop: the source is to free the reaper. */
	int r = sd_event_add_time(loop, &source, CLOCK_MONOTONIC,
				  usec_add(loop_clock(), REAP_FIRST), 1, on_reap, reaper);
	if (r < 0) { /* the loop has ended */
		free(reaper);
		return;
	}
	n_reapers++;
	sd_event_source_set_destroy_callback(source, on_reaper_end);
	sd_event_source_set_floating(source, true);
	sd_event_source_unref(source);
}

/* Ends the process tree and all sources that can call back. */
static void settle(struct child *c)
{
	c->end_source = sd_event_source_disable_unref(c->end_source);
	c->out_source = sd_event_source_disable_unref(c->out_source);
	time_limit_stop(&c->limit);
	fd_close(&c->pidfd);
	fd_close(&c->out);
	if (c->pid > 0) {
		kill(-c->pid, SIGKILL);
		subreaper_tree_end(&c->tree);
		reap(c->loop, c->pid, c->tree.id);
	}
	c->pid = 0;
}

bool child_all_reaped(void)
{
	return n_reapers == 0;
}

void child_free(struct child *c)
{
	if (!c)
		return;
	settle(c);
	sd_event_unref(c->loop);
	free(c);
}

/* Captures as much as there is room for. False at the end of the output. */
static bool read_output(struct child *c)
{
	char buf[READ_MAX];
	ssize_t n = read(c->out, buf, sizeof(buf));
	if (n < 0)
		return errno == EAGAIN || errno == EINTR;
	size_t room = CHILD_OUTPUT_MAX - c->output_len;
	size_t keep = (size_t)n < room ? (size_t)n : room;
	memcpy(c->output + c->output_len, buf, keep);
	c->output_len += keep;
	return n > 0;
}

static int on_output(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	(void)source, (void)fd, (void)revents;
	struct child *c = userdata;
	if (!read_output(c))
		c->out_source = sd_event_source_disable_unref(c->out_source);
	return 0;
}

static void finish(struct child *c, enum child_end end, int status)
{
	/* The last output is still in the pipe. */
	if (c->out_source && c->output_len < CHILD_OUTPUT_MAX)
		read_output(c);
	settle(c);
	struct child_result result = {
		.end = end, .status = status, .output = c->output, .output_len = c->output_len
	};
	c->done(&result, c->userdata); /* may free c */
}

static int on_end(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	(void)source, (void)fd, (void)revents;
	struct child *c = userdata;
	siginfo_t si = { 0 };
	/* WNOWAIT: settle() reaps it after it has killed the group. */
	if (waitid(P_PID, (id_t)c->pid, &si, WEXITED | WNOHANG | WNOWAIT) < 0)
		finish(c, CHILD_LOST, 0);
	else if (si.si_pid != 0)
		finish(c, si.si_code == CLD_EXITED ? CHILD_EXITED : CHILD_SIGNALLED, si.si_status);
	return 0;
}

static void on_limit(void *userdata)
{
	finish(userdata, CHILD_TIMED_OUT, SIGKILL);
}

/* In the forked child. */
_Noreturn static void run_call(child_fn *fn, const void *arg, pid_t parent, int out)
{
	setpgid(0, 0);
	spawn_reset_signals();
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (getppid() != parent || null < 0 || dup2(out, STDOUT_FILENO) < 0 ||
	    dup2(out, STDERR_FILENO) < 0 || dup2(null, STDIN_FILENO) < 0)
		_exit(EXIT_FAILURE);
	close_range(STDERR_FILENO + 1, ~0U, 0);
	_exit(fn(arg));
}

/* A group of its own, set on both sides because either may be first: settle() kills by group. */
static int fork_call(child_fn *fn, const void *arg, int out, pid_t *ret)
{
	pid_t parent = getpid();
	int high_out = fcntl(out, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	pid_t pid = high_out < 0 ? -1 : fork();
	if (pid == 0)
		run_call(fn, arg, parent, high_out);
	int r = pid < 0 ? -errno : 0;
	fd_close(&high_out);
	if (r < 0)
		return r;
	setpgid(pid, pid);
	*ret = pid;
	return 0;
}

/* The marks are in front: who looks for them reads the beginning only. */
static int spawn_marked(struct child *c, const struct task *task, const struct spawn_fds *fds)
{
	size_t n = 0;
	while (task->env && task->env[n])
		n++;
	char **env = mem_new(n + 3, sizeof(*env)), **p = env;
	char *mark = mem_strdup(stale_children_mark());
	subreaper_tree_init(&c->tree);
	*p++ = c->tree.mark;
	if (*mark)
		*p++ = mark;
	for (size_t i = 0; i < n; i++)
		*p++ = task->env[i];
	const struct spawn direct = { task->argv, env, task->user, *fds, false };
	int r = launcher_is_in_charge() ? launcher_spawn(task->argv, env, fds, task->user, &c->pid)
					: spawn_start(&direct, &c->pid);
	free(mark);
	free(env);
	return r;
}

/* A pipe that holds all of the input. */
static int fill_pipe(const struct child_input *input, int *ret)
{
	int fds[2];
	if (pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	int rc = fcntl(fds[1], F_SETFL, O_NONBLOCK) < 0 ? -errno : 0;
	if (rc == 0 && write(fds[1], input->text, input->len) != (ssize_t)input->len)
		rc = -ENOBUFS;
	close(fds[1]);
	if (rc < 0)
		close(fds[0]);
	else
		*ret = fds[0];
	return rc;
}

static int spawn_with_input(struct child *c, const struct task *task, int out)
{
	struct spawn_fds fds = { -1, out, -1 };
	int rc = task->input ? fill_pipe(task->input, &fds.in) : 0;
	if (rc == 0)
		rc = spawn_marked(c, task, &fds);
	fd_close(&fds.in);
	return rc;
}

static int launch(struct child *c, const struct task *task, int out)
{
	if (!task->fn)
		return spawn_with_input(c, task, out);
	subreaper_tree_init(&c->tree);
	return fork_call(task->fn, task->arg, out, &c->pid);
}

static int watch_end(struct child *c)
{
	subreaper_tree_start(&c->tree, c->pid);
	c->pidfd = (int)syscall(SYS_pidfd_open, c->pid, 0);
	return c->pidfd < 0 ? -errno : 0;
}

/* Our end does not block. */
static int open_pipe(int *ret_read, int *ret_write, int *ours)
{
	int fds[2];
	if (pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	*ret_read = fds[0];
	*ret_write = fds[1];
	return fcntl(*ours, F_SETFL, O_NONBLOCK) < 0 ? -errno : 0;
}

static void close_pipes(struct child_pipes *p)
{
	fd_close(&p->in);
	fd_close(&p->out);
	fd_close(&p->err);
}

static int start_piped(struct child *c, const struct task *task)
{
	struct child_pipes ours = { -1, -1, -1 };
	struct spawn_fds its = { -1, -1, -1 };
	int r = open_pipe(&its.in, &ours.in, &ours.in);
	if (r == 0)
		r = open_pipe(&ours.out, &its.out, &ours.out);
	if (r == 0)
		r = open_pipe(&ours.err, &its.err, &ours.err);
	if (r == 0)
		r = spawn_marked(c, task, &its);
	fd_close(&its.in);
	fd_close(&its.out);
	fd_close(&its.err);
	if (r == 0)
		r = watch_end(c);
	if (r < 0)
		close_pipes(&ours);
	else
		*task->pipes = ours;
	return r;
}

static int start(struct child *c, const struct task *task)
{
	int fds[2];
	if (pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	c->out = fds[0];
	/* Our end only: shell commands expect a blocking stdout. */
	int r = fcntl(c->out, F_SETFL, O_NONBLOCK) < 0 ? -errno : launch(c, task, fds[1]);
	close(fds[1]);
	return r < 0 ? r : watch_end(c);
}

static int watch(struct child *c, span_t timeout)
{
	int r = loop_io_add(c->loop, &c->end_source, c->pidfd, EPOLLIN, LOOP_HEALTH, on_end, c);
	if (c->out < 0)
		return r;
	if (r == 0)
		r = loop_io_add(c->loop, &c->out_source, c->out, EPOLLIN, LOOP_HTTP, on_output, c);
	if (r == 0)
		r = sd_event_source_set_ratelimit(c->out_source, READS_INTERVAL, READS_MAX);
	if (r >= 0)
		r = time_limit_start(&c->limit, c->loop, timeout, on_limit, c);
	return r;
}

static int run(sd_event *loop, const struct task *task, span_t timeout, child_done_cb *done,
	       void *userdata, struct child **ret)
{
	struct child *c = mem_new(1, sizeof(*c));
	c->loop = sd_event_ref(loop);
	c->pidfd = c->out = -1;
	c->done = done;
	c->userdata = userdata;
	int r = task->pipes ? start_piped(c, task) : start(c, task);
	if (r == 0)
		r = watch(c, timeout);
	if (r < 0 && task->pipes)
		close_pipes(task->pipes);
	if (r < 0)
		child_free(c);
	else
		*ret = c;
	return r;
}

static const char *why(int rc, const struct child_user *user)
{
	if (rc == -EPERM && launcher_is_forbidden())
		return "no command was allowed when the agent started: restart it";
	if (rc == -EPERM && user)
		return "changing the user needs CAP_SETUID and CAP_SETGID";
	if (rc == -EACCES && launcher_is_in_charge())
		return "permission denied; a user that was not in the configuration when the agent "
		       "started needs a restart of the agent";
	if (rc == -ECHILD)
		return "the process that starts commands has ended: restart the agent";
	return strerror(-rc);
}

int child_spawn_with(sd_event *loop, const char *const argv[], char *const env[],
		     const struct child_user *user, const struct child_input *input, span_t timeout,
		     child_done_cb *done, void *userdata, struct child **ret, struct err *err)
{
	const struct task task = { .argv = argv, .env = env, .user = user, .input = input };
	int r = run(loop, &task, timeout, done, userdata, ret);
	return r < 0 ? err_set(err, r, "cannot run '%.100s': %s", argv[0], why(r, user)) : 0;
}

int child_spawn(sd_event *loop, const char *const argv[], char *const env[],
		const struct child_user *user, span_t timeout, child_done_cb *done, void *userdata,
		struct child **ret, struct err *err)
{
	return child_spawn_with(loop, argv, env, user, NULL, timeout, done, userdata, ret, err);
}

int child_spawn_piped(sd_event *loop, const char *const argv[], char *const env[],
		      const struct child_user *user, child_done_cb *done, void *userdata,
		      struct child_pipes *ret_pipes, struct child **ret, struct err *err)
{
	struct child_pipes pipes = { -1, -1, -1 };
	const struct task task = { .argv = argv, .env = env, .user = user, .pipes = &pipes };
	int r = run(loop, &task, USEC_NEVER, done, userdata, ret);
	if (r < 0)
		return err_set(err, r, "cannot run '%.100s': %s", argv[0], why(r, user));
	*ret_pipes = pipes;
	return 0;
}

void child_signal(const struct child *c, int number)
{
	if (c->pid > 0)
		kill(-c->pid, number);
}

int child_call(sd_event *loop, child_fn *fn, const void *arg, span_t timeout, child_done_cb *done,
	       void *userdata, struct child **ret, struct err *err)
{
	const struct task task = { .fn = fn, .arg = arg };
	int r = run(loop, &task, timeout, done, userdata, ret);
	return r < 0 ? err_set(err, r, "cannot start a process: %s", strerror(-r)) : 0;
}
