/* SPDX-License-Identifier: MIT */
#include "process/subreaper.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/mem.h"
#include "process/launcher.h"
#include "process/loop.h"
#include "process/proc_file.h"

#define CHILDREN_MAX ((size_t)256 << 10)
/* The children of a process that was reaped may have been reparented to us after the list of
 * children was read: it is read again, this often at once, and then in a later turn of the loop. */
#define PASSES_MAX 4

/* Global, because they describe this process: the running leaders, and the last number given. */
static struct subreaper_tree *leaders;
static uint64_t last_id;

void subreaper_tree_init(struct subreaper_tree *t)
{
	*t = (struct subreaper_tree){ .id = ++last_id };
	snprintf(t->mark, sizeof(t->mark), MARK_CHECK "%d.%" PRIu64, (int)getpid(), t->id);
	prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
}

void subreaper_tree_start(struct subreaper_tree *t, pid_t leader)
{
	t->leader = leader;
	HASH_ADD(hh, leaders, leader, sizeof(t->leader), t);
}

void subreaper_tree_end(struct subreaper_tree *t)
{
	if (t->leader)
		HASH_DELETE(hh, leaders, t);
	t->leader = 0;
}

static bool is_leader(pid_t pid)
{
	struct subreaper_tree *t;
	HASH_FIND(hh, leaders, &pid, sizeof(pid), t);
	return t;
}

enum kin { KIN_STRANGER, KIN_DESCENDANT, KIN_UNKNOWN };

/* The number of the tree in the environment of a process; 0: no mark of this agent. */
static uint64_t id_of(const char *env, size_t len)
{
	char mark[SUBREAPER_MARK_MAX];
	int n = snprintf(mark, sizeof(mark), MARK_CHECK "%d.", (int)getpid());
	for (const char *p = env; p < env + len; p += strlen(p) + 1)
		if (strncmp(p, mark, (size_t)n) == 0)
			return strtoull(p + n, NULL, 10);
	return 0;
}

static bool is_led(uint64_t id)
{
	for (struct subreaper_tree *t = leaders; t; t = t->hh.next)
		if (t->id == id)
			return true;
	return false;
}

/* The environment is empty in the middle of an exec, and of a process that is exiting and still has
 * its children. */
static enum kin kin_of(pid_t pid, uint64_t *ret_id)
{
	char marks[MARKS_MAX];
	ssize_t len = launcher_marks(pid, marks);
	uint64_t id = len > 0 ? id_of(marks, (size_t)len) : 0;
	if (len <= 0)
		return KIN_UNKNOWN;
	if (!id || is_led(id))
		return KIN_STRANGER;
	*ret_id = id;
	return KIN_DESCENDANT;
}

struct sweep {
	uint64_t id;
	bool found, unknown, reaped;
};

/* Kills it if it belongs to a tree without a leader, and reaps it if it is dead. */
static void sweep_child(struct sweep *sweep, pid_t pid)
{
	uint64_t id;
	siginfo_t si = { 0 };
	enum kin kin = kin_of(pid, &id);
	if (kin == KIN_DESCENDANT) {
		kill(pid, SIGKILL);
		sweep->found |= id == sweep->id;
	}
	waitid(P_PID, (id_t)pid, &si, WEXITED | WNOHANG);
	if (si.si_pid == pid)
		sweep->reaped = true;
	else if (kin == KIN_UNKNOWN)
		sweep->unknown = true;
}

/* False when the kernel does not list children: then only process groups are killed. */
static bool sweep_children(struct sweep *sweep)
{
	char path[64];
	size_t len;
	snprintf(path, sizeof(path), "/proc/self/task/%d/children", (int)getpid());
	char *children = proc_file_read(path, CHILDREN_MAX, &len);
	if (!children)
		return false;
	for (char *p = children, *end; *p; p = end) {
		pid_t pid = (pid_t)strtol(p, &end, 10);
		if (end == p)
			break;
		if (pid > 0 && pid != launcher_pid() && !is_leader(pid))
			sweep_child(sweep, pid);
		end += strspn(end, " ");
	}
	free(children);
	return true;
}

bool subreaper_sweep(uint64_t id, bool wait_for_unknown)
{
	struct sweep sweep;
	unsigned passes = 0;
	do {
		sweep = (struct sweep){ .id = id };
		if (!sweep_children(&sweep))
			return true;
	} while (sweep.reaped && ++passes < PASSES_MAX);
	return !sweep.reaped && !sweep.found && !(sweep.unknown && wait_for_unknown);
}

/* Runs last in a turn: by then the owner of a dead leader has reaped it, so that none is returned
 * before the orphans. Every death raises a signal, so one that dies now is reaped next. */
static int on_death(sd_event_source *source, const struct signalfd_siginfo *info, void *userdata)
{
	(void)source, (void)info, (void)userdata;
	siginfo_t si;
	for (;;) {
		si.si_pid = 0;
		if (waitid(P_ALL, 0, &si, WEXITED | WNOHANG | WNOWAIT) < 0 || si.si_pid == 0 ||
		    is_leader(si.si_pid))
			return 0;
		waitid(P_PID, (id_t)si.si_pid, &si, WEXITED | WNOHANG);
	}
}

int subreaper_watch(sd_event *loop, sd_event_source **ret)
{
	return loop_signal_add(loop, ret, SIGCHLD, LOOP_IDLE, on_death, NULL);
}
