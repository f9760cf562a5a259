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
#include "process/loop.h"
#include "process/proc_file.h"

#define MARK_NAME "VIPHERALD_CHECK"
/* The environment of a process can be large; what we put there is at most this far from its end. */
#define ENVIRON_MAX  ((size_t)256 << 10)
#define CHILDREN_MAX ((size_t)256 << 10)
/* Whoever is collected may have left us children after the list of them was read: it is read again,
 * so often at once, and then later, as others have to be served. */
#define PASSES_MAX 4

/* Globals, because they are about this process, of which there is one: the living leaders among
 * its children, and how many there were. */
static struct subreaper_tree *leaders;
static uint64_t last_id;

void subreaper_tree_init(struct subreaper_tree *f)
{
	*f = (struct subreaper_tree){ .id = ++last_id };
	snprintf(f->mark, sizeof(f->mark), MARK_NAME "=%d.%" PRIu64, (int)getpid(), f->id);
	prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
}

void subreaper_tree_start(struct subreaper_tree *f, pid_t leader)
{
	f->leader = leader;
	HASH_ADD(hh, leaders, leader, sizeof(f->leader), f);
}

void subreaper_tree_end(struct subreaper_tree *f)
{
	if (f->leader)
		HASH_DELETE(hh, leaders, f);
	f->leader = 0;
}

static bool is_leader(pid_t pid)
{
	struct subreaper_tree *f;
	HASH_FIND(hh, leaders, &pid, sizeof(pid), f);
	return f;
}

enum kin { KIN_STRANGER, KIN_FAMILY, KIN_UNKNOWN };

/* The number of the family in the environment of a process; 0 when there is none of ours. */
static uint64_t id_of(const char *env, size_t len)
{
	char mark[SUBREAPER_MARK_MAX];
	int n = snprintf(mark, sizeof(mark), MARK_NAME "=%d.", (int)getpid());
	for (const char *p = env; p < env + len; p += strlen(p) + 1)
		if (strncmp(p, mark, (size_t)n) == 0)
			return strtoull(p + n, NULL, 10);
	return 0;
}

static bool is_led(uint64_t id)
{
	for (struct subreaper_tree *f = leaders; f; f = f->hh.next)
		if (f->id == id)
			return true;
	return false;
}

/* What is in the middle of an exec has no environment for a moment, and neither has what is on its
 * way out and still has its children. */
static enum kin kin_of(pid_t pid, uint64_t *ret_id)
{
	char path[48];
	size_t len = 0;
	snprintf(path, sizeof(path), "/proc/%d/environ", (int)pid);
	char *env = proc_file_read(path, ENVIRON_MAX, &len);
	uint64_t id = len > 0 ? id_of(env, len) : 0;
	free(env);
	if (len == 0)
		return KIN_UNKNOWN;
	if (!id || is_led(id))
		return KIN_STRANGER;
	*ret_id = id;
	return KIN_FAMILY;
}

struct sweep {
	uint64_t id;
	bool found, unknown, collected;
};

/* Kills it if it is of a family without a leader, and collects it if it is dead. */
static void look_at(struct sweep *sweep, pid_t pid)
{
	uint64_t id;
	siginfo_t si = { 0 };
	enum kin kin = kin_of(pid, &id);
	if (kin == KIN_FAMILY) {
		kill(pid, SIGKILL);
		sweep->found |= id == sweep->id;
	}
	waitid(P_PID, (id_t)pid, &si, WEXITED | WNOHANG);
	if (si.si_pid == pid)
		sweep->collected = true;
	else if (kin == KIN_UNKNOWN)
		sweep->unknown = true;
}

/* False when the kernel does not list children: then the groups must do. */
static bool look_at_all(struct sweep *sweep)
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
		if (pid > 0 && !is_leader(pid))
			look_at(sweep, pid);
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
		if (!look_at_all(&sweep))
			return true;
	} while (sweep.collected && ++passes < PASSES_MAX);
	return !sweep.collected && !sweep.found && !(sweep.unknown && wait_for_unknown);
}

/* The last of a turn: a leader that is dead was collected by its owner's source by then, so that
 * none stands in front of the orphans. Each death brings a signal, so one that dies now is next. */
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
	int r = sd_event_add_signal(loop, ret, SIGCHLD, on_death, NULL);
	if (r >= 0)
		r = sd_event_source_set_priority(*ret, LOOP_IDLE);
	return r < 0 ? r : 0;
}
