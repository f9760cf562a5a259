/* SPDX-License-Identifier: MIT */
/*
 * "process:PIDFILE" or "process:NAME": it runs.
 *
 * A process that was found is watched through a pidfd: its death is an event, and another process
 * that gets the same pid later is not mistaken for it. After its death another one is searched for:
 * a worker with the same name, or the process that a new pid file names. A pid file that its
 * process left behind unchanged is stale, even if another process has that pid by now.
 *
 * A name is that of the kernel (`ps -o comm`), which is at most 15 characters; of a longer one the
 * rest is compared with the name of the program as it was started (argv[0]).
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/mem.h"
#include "lib/str.h"
#include "monitors/monitor.h"
#include "monitors/pidfds.h"
#include "process/fd_limit.h"
#include "process/regular_file.h"

#define PID_LIMIT 4194304 /* the kernel's PID_MAX_LIMIT */
#define COMM_MAX  15

struct process_watch {
	struct pidfds *pidfds;
	struct pidfd_user *process; /* NULL: none is watched */
	int pid;
	bool died;        /* while it was watched */
	struct stat file; /* that named it */
	monitor_hint_cb *hint;
	void *userdata;
};

static void unwatch(struct process_watch *w)
{
	pidfds_detach(w->process);
	w->process = NULL;
}

static void on_death(void *userdata)
{
	struct process_watch *w = userdata;
	w->died = true;
	unwatch(w);
	w->hint(w->userdata);
}

/* -ESRCH when there is no such process; other errors, with the text in `ret`, say nothing of it. */
static int watch_pid(struct process_watch *w, int pid, struct monitor_result *ret)
{
	struct err err = { "" };
	int r = pidfds_attach(w->pidfds, pid, on_death, w, &w->process, &err);
	if (r < 0 && r != -ESRCH)
		snprintf(ret->said, sizeof(ret->said), "%s", err.text);
	if (r < 0)
		return r;
	w->pid = pid;
	w->died = false;
	return 0;
}

/* The first bytes of what `fd` is open on, as text; closes it. False: there are none. */
static bool read_start(int fd, char *buf, size_t size)
{
	ssize_t n = fd < 0 ? -1 : read(fd, buf, size - 1);
	if (fd >= 0)
		close(fd);
	buf[n > 0 ? n : 0] = 0;
	return n > 0;
}

/* Of /proc/PID, which the kernel makes. */
static bool read_proc(const char *path, char *buf, size_t size)
{
	return read_start(open(path, O_RDONLY | O_CLOEXEC), buf, size);
}

static bool parse_pid(const char *text, int *ret)
{
	char digits[16] = "";
	uint64_t pid;
	const char *start = text + strspn(text, " \t\r\n");
	size_t n = strspn(start, "0123456789");
	if (n == 0 || n >= sizeof(digits) || (start[n] && !strchr(" \t\r\n", start[n])))
		return false;
	memcpy(digits, start, n);
	if (str_to_u64(digits, PID_LIMIT, &pid) < 0 || pid == 0)
		return false;
	*ret = (int)pid;
	return true;
}

static bool is_unchanged(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/* We have run short of something, which says nothing of the service. */
static bool is_shortage(int error)
{
	return error == -EMFILE || error == -ENFILE || error == -ENOMEM;
}

static void watch_named(struct process_watch *w, int pid, const struct stat *file,
			struct monitor_result *ret)
{
	int r = watch_pid(w, pid, ret);
	if (r == -ESRCH)
		snprintf(ret->said, sizeof(ret->said), "process %d does not run", pid);
	ret->health = r == 0 ? HEALTH_UP : r == -ESRCH ? HEALTH_DOWN : HEALTH_UNKNOWN;
	if (r == 0)
		w->file = *file;
}

static void find_by_file(struct process_watch *w, const char *path, struct monitor_result *ret)
{
	char text[64];
	int pid;
	struct stat file;
	ret->health = HEALTH_DOWN;
	int fd = regular_file_open(path, &file);
	if (is_shortage(fd)) {
		ret->health = HEALTH_UNKNOWN;
		snprintf(ret->said, sizeof(ret->said), "cannot open the pid file: %s",
			 strerror(-fd));
		return;
	}
	if (!read_start(fd, text, sizeof(text)))
		snprintf(ret->said, sizeof(ret->said), "%s",
			 fd == -EINVAL ? "the pid file is empty or not a regular file"
				       : "no pid file, or an empty one");
	else if (!parse_pid(text, &pid))
		snprintf(ret->said, sizeof(ret->said), "the pid file does not hold a pid");
	else if (w->died && pid == w->pid && is_unchanged(&file, &w->file))
		snprintf(ret->said, sizeof(ret->said),
			 "process %d does not run and left its pid file", pid);
	else
		watch_named(w, pid, &file, ret);
}

/* `text` is argv[0] or comm. */
static bool is_called(const char *text, const char *name)
{
	const char *slash = strrchr(text, '/');
	return str_equal(text, name) || (slash && str_equal(slash + 1, name));
}

static bool has_name(const char *pid, const char *name)
{
	char path[64], text[512];
	snprintf(path, sizeof(path), "/proc/%.20s/comm", pid);
	if (!read_proc(path, text, sizeof(text)))
		return false;
	text[strcspn(text, "\n")] = 0;
	if (strlen(name) <= COMM_MAX)
		return str_equal(text, name);
	if (strncmp(text, name, COMM_MAX) != 0)
		return false;
	snprintf(path, sizeof(path), "/proc/%.20s/cmdline", pid);
	return read_proc(path, text, sizeof(text)) && is_called(text, name);
}

/* The first that has the name and runs. */
static void search(struct process_watch *w, const char *name, DIR *proc, struct monitor_result *ret)
{
	int pid, r = -ESRCH;
	/* One thread. */
	// cppcheck-suppress readdirCalled
	for (const struct dirent *d; r == -ESRCH && (d = readdir(proc));)
		if (parse_pid(d->d_name, &pid) && has_name(d->d_name, name))
			r = watch_pid(w, pid, ret);
	if (r == -ESRCH)
		snprintf(ret->said, sizeof(ret->said), "no process with this name runs");
	ret->health = r == 0 ? HEALTH_UP : r == -ESRCH ? HEALTH_DOWN : HEALTH_UNKNOWN;
}

static void find_by_name(struct process_watch *w, const char *name, struct monitor_result *ret)
{
	struct err err = { "" };
	/* Out of descriptors, no process would have the name. */
	if (fd_limit_check(FD_FOR_CHECKS, &err) < 0) {
		snprintf(ret->said, sizeof(ret->said), "%s", err.text);
		return;
	}
	DIR *proc = opendir("/proc");
	if (!proc) {
		snprintf(ret->said, sizeof(ret->said), "cannot read /proc: %s", strerror(errno));
		return;
	}
	search(w, name, proc, ret);
	closedir(proc);
}

/* The service was restarted without its old process having died. */
static bool names_another(struct process_watch *w, const char *path)
{
	char text[64];
	int pid;
	struct stat file;
	if (!read_start(regular_file_open(path, &file), text, sizeof(text)) ||
	    !parse_pid(text, &pid))
		return false;
	if (pid == w->pid)
		w->file = file;
	return pid != w->pid;
}

static void process_check(struct monitor_env *env, const struct monitor_spec *spec, void *attached,
			  struct monitor_result *ret)
{
	(void)env;
	struct process_watch *w = attached;
	const char *arg = monitor_spec_argument(spec);
	bool by_file = arg[0] == '/';
	bool watched = w->process != NULL;
	w->died = w->died || (watched && !pidfd_is_alive(w->process));
	if (watched && !w->died && !(by_file && names_another(w, arg))) {
		ret->health = HEALTH_UP;
		return;
	}
	unwatch(w);
	if (by_file)
		find_by_file(w, arg, ret);
	else
		find_by_name(w, arg, ret);
}

static void *process_attach(struct monitor_env *env, const struct monitor_spec *spec,
			    const void *owner, monitor_hint_cb *hint, void *userdata)
{
	(void)spec, (void)owner;
	struct process_watch *w = mem_new(1, sizeof(*w));
	*w = (struct process_watch){ .pidfds = env->pidfds, .hint = hint, .userdata = userdata };
	return w;
}

static void process_detach(void *attached)
{
	struct process_watch *w = attached;
	unwatch(w);
	free(w);
}

static const struct monitor_ops ops = {
	.said_up = "running",
	.check = process_check,
	.attach = process_attach,
	.detach = process_detach,
};

static int parse(const struct monitor_spec *s, void *parsed, struct err *err)
{
	(void)parsed;
	const char *arg = monitor_spec_argument(s);
	if (!arg || !*arg || (strchr(arg, '/') && arg[0] != '/'))
		return err_set(err, -EINVAL, "expected process:/PATH/OF/PIDFILE or process:NAME");
	return 0;
}

const struct monitor_kind monitor_kind_process = {
	.name = "process",
	.format = "process:PIDFILE, process:NAME",
	.doc = "`/PATH/OF/PIDFILE` or a name: the process runs.",
	.access = MONITOR_READS_HOST,
	.is_hard = true,
	.parse = parse,
	.ops = &ops,
};
