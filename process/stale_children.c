/* SPDX-License-Identifier: MIT */
#include "process/stale_children.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lib/mem.h"
#include "process/loop.h"

#define MARK_NAME   "VIPHERALD_AGENT="
#define LOOKS_TURN  32
#define PASSES_MAX  8
#define ENVIRON_MAX ((size_t)256 << 10)

struct stale_children {
	sd_event *loop;
	DIR *proc;
	char *environ;                         /* ENVIRON_MAX and a NUL */
	pid_t *killed;                         /* may take a moment to die, and are met again */
	size_t n_killed, cap_killed, n_before; /* `n_before`: this pass */
	unsigned passes;
	sd_event_source *work;
	stale_children_done_cb *done;
	void *userdata;
};

/* Field 22 of /proc/PID/stat, behind a name that may hold anything. */
static bool start_time(char *ret, size_t size)
{
	char stat[1024];
	int fd = open("/proc/self/stat", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd >= 0 ? read(fd, stat, sizeof(stat) - 1) : -1;
	if (fd >= 0)
		close(fd);
	stat[n > 0 ? n : 0] = 0;
	char *p = strrchr(stat, ')');
	for (int field = 2; p && field < 22; field++)
		p = strchr(p + 1, ' ');
	return p && snprintf(ret, size, "%.*s", (int)strcspn(p + 1, " "), p + 1) > 0;
}

static bool namespace(const char *which, char *ret, size_t size)
{
	char path[48];
	snprintf(path, sizeof(path), "/proc/self/ns/%s", which);
	ssize_t n = readlink(path, ret, size - 1);
	ret[n > 0 ? n : 0] = 0;
	return n > 0;
}

const char *stale_children_mark(void)
{
	/* A global, because it is about this process; made anew in a child that goes on as another.
	 */
	static char mark[ORPHANS_MARK_MAX];
	static pid_t made_for;
	char pids[32], net[32], start[32];
	if (made_for == getpid())
		return mark;
	made_for = getpid();
	mark[0] = 0;
	if (namespace("pid", pids, sizeof(pids)) && namespace("net", net, sizeof(net)) &&
	    start_time(start, sizeof(start)))
		snprintf(mark, sizeof(mark), MARK_NAME "%s/%s/%d/%s", pids, net, (int)made_for,
			 start);
	return mark;
}

/* How much of a mark says where the agent is. */
static size_t place_len(const char *mark)
{
	const char *slash = strchr(mark, '/');
	slash = slash ? strchr(slash + 1, '/') : NULL;
	return slash ? (size_t)(slash - mark) + 1 : 0;
}

static bool is_orphan(const char *env, size_t len)
{
	const char *ours = stale_children_mark();
	size_t place = place_len(ours);
	bool marked = false;
	for (const char *p = env; p < env + len; p += strlen(p) + 1) {
		if (strcmp(p, ours) == 0)
			return false;
		/* Who inherited several is the latest agent's, which comes first. */
		if (!marked && strncmp(p, MARK_NAME, strlen(MARK_NAME)) == 0) {
			marked = true;
			if (place == 0 || strncmp(p, ours, place) != 0)
				return false;
		}
	}
	return marked;
}

static size_t read_environ(struct stale_children *o, const char *pid)
{
	char path[64];
	size_t len = 0;
	ssize_t n;
	snprintf(path, sizeof(path), "/proc/%.20s/environ", pid);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	do {
		n = read(fd, o->environ + len, ENVIRON_MAX - len);
		len += n > 0 ? (size_t)n : 0;
	} while (n > 0 && len < ENVIRON_MAX);
	close(fd);
	o->environ[len] = 0;
	return len;
}

static void note_killed(struct stale_children *o, pid_t pid)
{
	for (size_t i = 0; i < o->n_killed; i++)
		if (o->killed[i] == pid)
			return;
	o->killed = mem_grow(o->killed, &o->cap_killed, o->n_killed + 1, sizeof(pid));
	o->killed[o->n_killed++] = pid;
}

/* By a pidfd, so that nobody else can have got its number in between. */
static void look_at(struct stale_children *o, const char *pid)
{
	pid_t number = (pid_t)strtol(pid, NULL, 10);
	int fd = number != getpid() ? (int)syscall(SYS_pidfd_open, number, 0) : -1;
	if (fd < 0)
		return;
	size_t len = read_environ(o, pid);
	if (is_orphan(o->environ, len) && syscall(SYS_pidfd_send_signal, fd, SIGKILL, NULL, 0) == 0)
		note_killed(o, number);
	close(fd);
}

static void finish(struct stale_children *o)
{
	closedir(o->proc);
	o->proc = NULL;
	mem_free(&o->environ);
	o->done(o->n_killed, o->userdata);
}

/* What a shell started while we looked elsewhere is found in the next pass. */
static bool again(struct stale_children *o)
{
	bool more = o->n_killed > o->n_before && ++o->passes < PASSES_MAX;
	o->n_before = o->n_killed;
	rewinddir(o->proc);
	return more;
}

static int on_work(sd_event_source *source, void *userdata)
{
	(void)source;
	struct stale_children *o = userdata;
	for (int n = 0; n < LOOKS_TURN; n++) {
		/* cppcheck-suppress readdirCalled; there is one thread */
		const struct dirent *e = readdir(o->proc);
		if (!e && !again(o)) {
			finish(o);
			return 0;
		}
		if (e && isdigit((unsigned char)e->d_name[0]))
			look_at(o, e->d_name);
	}
	return loop_defer(o->loop, &o->work, LOOP_IDLE, on_work, o);
}

struct stale_children *stale_children_new(sd_event *loop, stale_children_done_cb *done,
					  void *userdata)
{
	struct stale_children *o = mem_new(1, sizeof(*o));
	o->loop = loop;
	o->done = done;
	o->userdata = userdata;
	o->proc = stale_children_mark()[0] ? opendir("/proc") : NULL;
	if (!o->proc)
		return o;
	o->environ = mem_new(ENVIRON_MAX + 1, 1);
	loop_defer(loop, &o->work, LOOP_IDLE, on_work, o);
	return o;
}

void stale_children_free(struct stale_children *o)
{
	if (!o)
		return;
	sd_event_source_disable_unref(o->work);
	if (o->proc)
		closedir(o->proc);
	free(o->environ);
	free(o->killed);
	free(o);
}
