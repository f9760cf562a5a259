/* SPDX-License-Identifier: MIT */
#include "net/family.h"

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

#define MARK_NAME "VIPHERALD_CHECK"
/* The environment of a process can be large; what we put there is at most this far from its end. */
#define ENVIRON_MAX  ((size_t)256 << 10)
#define CHILDREN_MAX ((size_t)256 << 10)

/* Globals, because they are about this process, of which there is one: the living leaders among
 * its children, and how many there were. */
static struct family *leaders;
static uint64_t last_id;

void family_init(struct family *f)
{
	*f = (struct family){ .id = ++last_id };
	snprintf(f->mark, sizeof(f->mark), MARK_NAME "=%d.%" PRIu64, (int)getpid(), f->id);
	prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
}

void family_lead(struct family *f, pid_t leader)
{
	f->leader = leader;
	HASH_ADD(hh, leaders, leader, sizeof(f->leader), f);
}

void family_leave(struct family *f)
{
	if (f->leader)
		HASH_DELETE(hh, leaders, f);
	f->leader = 0;
}

static bool is_leader(pid_t pid)
{
	struct family *f;
	HASH_FIND(hh, leaders, &pid, sizeof(pid), f);
	return f;
}

/* The whole of a file of /proc, NUL-terminated; NULL when it cannot be read. Free it. */
static char *read_proc(const char *path, size_t max, size_t *ret_len)
{
	char *text = NULL;
	size_t len = 0, cap = 0;
	ssize_t n = -1;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return NULL;
	do {
		text = mem_grow(text, &cap, len + 4096 + 1, 1);
		n = read(fd, text + len, 4096);
		len += n > 0 ? (size_t)n : 0;
	} while ((n > 0 && len < max) || (n < 0 && errno == EINTR));
	close(fd);
	text[len] = 0;
	*ret_len = len;
	return text;
}

enum kin { KIN_STRANGER, KIN_FAMILY, KIN_UNKNOWN };

/* What is in the middle of an exec has no environment for a moment. */
static enum kin kin_of(pid_t pid, const char *mark)
{
	char path[48];
	size_t len = 0;
	bool found = false;
	snprintf(path, sizeof(path), "/proc/%d/environ", (int)pid);
	char *env = read_proc(path, ENVIRON_MAX, &len);
	for (const char *p = env; p && p < env + len && !found; p += strlen(p) + 1)
		found = strcmp(p, mark) == 0;
	free(env);
	if (found)
		return KIN_FAMILY;
	return len > 0 ? KIN_STRANGER : KIN_UNKNOWN;
}

/* What it is if it was alive; the dead are strangers, and are collected. */
static enum kin look_at(pid_t pid, const char *mark)
{
	siginfo_t si = { 0 };
	enum kin kin = kin_of(pid, mark); /* the dead have no environment any more */
	if (kin == KIN_FAMILY)
		kill(pid, SIGKILL);
	waitid(P_PID, (id_t)pid, &si, WEXITED | WNOHANG);
	return kin == KIN_UNKNOWN && si.si_pid == pid ? KIN_STRANGER : kin;
}

bool family_sweep(uint64_t id, bool wait_for_unknown)
{
	char path[64], mark[FAMILY_MARK_MAX];
	size_t len;
	bool clean = true;
	snprintf(mark, sizeof(mark), MARK_NAME "=%d.%" PRIu64, (int)getpid(), id);
	snprintf(path, sizeof(path), "/proc/self/task/%d/children", (int)getpid());
	char *children = read_proc(path, CHILDREN_MAX, &len);
	if (!children) /* not in this kernel: then the groups must do */
		return true;
	for (char *p = children, *end; *p; p = end) {
		pid_t pid = (pid_t)strtol(p, &end, 10);
		if (end == p)
			break;
		enum kin kin = pid <= 0 || is_leader(pid) ? KIN_STRANGER : look_at(pid, mark);
		if (kin == KIN_FAMILY || (kin == KIN_UNKNOWN && wait_for_unknown))
			clean = false;
		end += strspn(end, " ");
	}
	free(children);
	return clean;
}
