/* SPDX-License-Identifier: MIT */
#include "process/stale_children.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lib/mem.h"
#include "process/launcher.h"
#include "process/loop.h"
#include "process/proc_file.h"

#define PROCESSES_TURN 32
#define PASSES_MAX     8

struct stale_children {
	sd_event *loop;
	DIR *proc;
	pid_t *killed; /* they may take a moment to end, and are seen again */
	size_t n_killed, cap_killed, n_before; /* `n_before`: this pass */
	unsigned passes;
	sd_event_source *work;
	stale_children_done_cb *done;
	void *userdata;
};

/* State and start time in clock ticks since boot: fields 3 and 22 of /proc/PID/stat, behind a name
 * that may contain anything. */
static int read_stat(const char *pid, char *ret_state, unsigned long long *ret_start)
{
	char path[32], stat[1024];
	snprintf(path, sizeof(path), "/proc/%.16s/stat", pid);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	ssize_t n = read(fd, stat, sizeof(stat) - 1);
	int rc = n < 0 ? -errno : 0;
	close(fd);
	stat[n > 0 ? n : 0] = 0;
	const char *name_end = strrchr(stat, ')'), *p = name_end;
	for (int field = 2; p && field < 22; field++)
		p = strchr(p + 1, ' ');
	if (!p)
		return rc < 0 ? rc : -EBADMSG;
	*ret_state = name_end[2];
	*ret_start = strtoull(p + 1, NULL, 10);
	return 0;
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
	/* Global, because it describes this process; computed again in a forked child. */
	static char mark[STALE_CHILDREN_MARK_MAX];
	static pid_t made_for;
	unsigned long long start = 0;
	char pids[32], net[32], process_state;
	if (made_for == getpid())
		return mark;
	made_for = getpid();
	mark[0] = 0;
	if (namespace("pid", pids, sizeof(pids)) && namespace("net", net, sizeof(net)) &&
	    read_stat("self", &process_state, &start) == 0)
		snprintf(mark, sizeof(mark), MARK_AGENT "%s/%s/%d/%llu", pids, net, (int)made_for,
			 start);
	return mark;
}

/* The length of the part of a mark that names the namespaces. */
static size_t place_len(const char *mark)
{
	const char *slash = strchr(mark, '/');
	slash = slash ? strchr(slash + 1, '/') : NULL;
	return slash ? (size_t)(slash - mark) + 1 : 0;
}

/* A process that got the agent's number after it has another start time. What hidepid hides from us
 * in /proc, kill() still knows. */
static bool has_ended(pid_t pid, unsigned long long start)
{
	char number[16], process_state;
	unsigned long long started;
	snprintf(number, sizeof(number), "%d", (int)pid);
	int rc = read_stat(number, &process_state, &started);
	if (rc == 0)
		return started != start || process_state == 'Z' || process_state == 'X';
	return (rc == -ENOENT || rc == -ESRCH) && kill(pid, 0) < 0 && errno == ESRCH;
}

/* Of an agent of our namespaces that has ended. A mark that we cannot read is not one of these. */
static bool is_of_ended_agent(const char *mark, size_t place)
{
	char *end;
	if (place == 0 || strncmp(mark, stale_children_mark(), place) != 0)
		return false;
	long pid = strtol(mark + place, &end, 10);
	if (pid <= 0 || pid > INT_MAX || *end != '/' || !isdigit((unsigned char)end[1]))
		return false;
	unsigned long long start = strtoull(end + 1, &end, 10);
	return *end == 0 && has_ended((pid_t)pid, start);
}

static bool is_stale(const char *env, size_t len)
{
	const char *ours = stale_children_mark(), *latest = NULL;
	for (const char *p = env; p < env + len; p += strlen(p) + 1) {
		if (strcmp(p, ours) == 0)
			return false;
		/* Of several that were inherited the latest agent's comes first. */
		if (!latest && strncmp(p, MARK_AGENT, strlen(MARK_AGENT)) == 0)
			latest = p;
	}
	return latest && is_of_ended_agent(latest, place_len(ours));
}

static void note_killed(struct stale_children *o, pid_t pid)
{
	for (size_t i = 0; i < o->n_killed; i++)
		if (o->killed[i] == pid)
			return;
	o->killed = mem_grow(o->killed, &o->cap_killed, o->n_killed + 1, sizeof(pid));
	o->killed[o->n_killed++] = pid;
}

/* By a pidfd, so that the signal cannot reach another process that was given the number. */
static void kill_if_stale(struct stale_children *o, const char *pid)
{
	char marks[MARKS_MAX];
	pid_t number = (pid_t)strtol(pid, NULL, 10);
	int fd = number != getpid() ? (int)syscall(SYS_pidfd_open, number, 0) : -1;
	if (fd < 0)
		return;
	ssize_t len = launcher_marks(number, marks);
	if (len > 0 && is_stale(marks, (size_t)len) &&
	    syscall(SYS_pidfd_send_signal, fd, SIGKILL, NULL, 0) == 0)
		note_killed(o, number);
	close(fd);
}

static void finish(struct stale_children *o)
{
	closedir(o->proc);
	o->proc = NULL;
	o->done(o->n_killed, o->userdata);
}

/* A killed shell may have started another process behind the position in /proc: one more pass. */
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
	for (int n = 0; n < PROCESSES_TURN; n++) {
		/* cppcheck-suppress readdirCalled; there is one thread */
		const struct dirent *e = readdir(o->proc);
		if (!e && !again(o)) {
			finish(o);
			return 0;
		}
		if (e && isdigit((unsigned char)e->d_name[0]))
			kill_if_stale(o, e->d_name);
	}
	return loop_defer(o->loop, &o->work, LOOP_IDLE, on_work, o);
}

/* Else its numbers are those of another pid namespace, and name other processes to us. */
static bool proc_has_our_numbers(void)
{
	char self[16];
	ssize_t n = readlink("/proc/self", self, sizeof(self) - 1);
	self[n > 0 ? n : 0] = 0;
	return strtol(self, NULL, 10) == getpid();
}

struct stale_children *stale_children_new(sd_event *loop, stale_children_done_cb *done,
					  void *userdata)
{
	struct stale_children *o = mem_new(1, sizeof(*o));
	o->loop = loop;
	o->done = done;
	o->userdata = userdata;
	o->proc = stale_children_mark()[0] && proc_has_our_numbers() ? opendir("/proc") : NULL;
	if (!o->proc)
		return o;
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
	free(o->killed);
	free(o);
}
