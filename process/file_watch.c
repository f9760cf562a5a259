/* SPDX-License-Identifier: MIT */
#include "process/file_watch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/hash.h"
#include "lib/list.h"
#include "lib/log.h"
#include "lib/mem.h"
#include "process/loop.h"

#define EVENTS                                                                                     \
	(IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE_SELF | IN_MOVE_SELF |     \
	 IN_ATTRIB | IN_ONLYDIR)
/* A directory may appear while the one above it gets its watch: then it is tried again. */
#define ARM_TRIES 16

/* A directory with a watch on it. */
struct watched_dir {
	int wd;
	size_t refs; /* paths that are watched from it */
	struct list members;
	UT_hash_handle hh;
};

struct file_watch {
	struct file_watcher *watcher;
	char *path;
	file_watch_cb *changed;
	void *userdata;
	bool exists;
	struct watched_dir *dir;  /* NULL: no watch, only the resync */
	size_t name_at, name_len; /* the component awaited in that directory, a part of `path` */
	struct list_node all, member;
};

struct file_watcher {
	sd_event *loop;
	int fd;             /* -1: no file is watched yet, or the kernel gives none */
	bool is_limit_told; /* in the log, since it gave one last */
	span_t resync;
	sd_event_source *io, *timer;
	struct watched_dir *dirs; /* by wd */
	struct list all;
};

/* Watches */

static void dir_release(struct file_watcher *w, struct watched_dir *dir)
{
	if (!dir || --dir->refs > 0)
		return;
	inotify_rm_watch(w->fd, dir->wd); /* fails when the directory is gone, and the watch too */
	HASH_DELETE(hh, w->dirs, dir);
	free(dir);
}

static struct watched_dir *dir_get(struct file_watcher *w, int wd)
{
	struct watched_dir *dir;
	HASH_FIND_INT(w->dirs, &wd, dir);
	if (!dir) {
		dir = mem_new(1, sizeof(*dir));
		dir->wd = wd;
		list_init(&dir->members);
		HASH_ADD_INT(w->dirs, wd, dir);
	}
	dir->refs++;
	return dir;
}

/* Where the last component of path[0..len) starts; 0 for "/" alone. */
static size_t last_component(const char *path, size_t len)
{
	while (len > 0 && path[len - 1] != '/')
		len--;
	return len;
}

static size_t without_slashes(const char *path, size_t len)
{
	while (len > 1 && path[len - 1] == '/')
		len--;
	return len;
}

/* A watch on the deepest directory that exists; -errno when the kernel gives none. */
static int watch_deepest(struct file_watch *p)
{
	size_t len = without_slashes(p->path, strlen(p->path));
	char *dir = mem_strdup(p->path);
	int wd = -ENOENT;
	while (wd == -ENOENT || wd == -ENOTDIR) {
		size_t at = last_component(dir, len);
		if (at == 0)
			break;
		p->name_at = at;
		p->name_len = len - at;
		len = without_slashes(dir, at);
		dir[len] = 0;
		wd = inotify_add_watch(p->watcher->fd, dir, EVENTS);
		wd = wd < 0 ? -errno : wd;
	}
	free(dir);
	return wd;
}

/* Without the permission to see it, the last state is assumed. */
static bool file_exists(const struct file_watch *p)
{
	struct stat st;
	if (stat(p->path, &st) == 0)
		return true;
	return errno == ENOENT || errno == ENOTDIR ? false : p->exists;
}

static bool next_dir_exists(const struct file_watch *p)
{
	struct stat st;
	size_t end = p->name_at + p->name_len;
	if (end >= without_slashes(p->path, strlen(p->path)))
		return false; /* the file itself is awaited */
	char *next = mem_strdup(p->path);
	next[end] = 0;
	bool exists = stat(next, &st) == 0 && S_ISDIR(st.st_mode);
	free(next);
	return exists;
}

/* The caller has the reference to `dir` already: it may be the one that is released. */
static void move_to(struct file_watch *p, struct watched_dir *dir)
{
	list_remove(&p->member);
	dir_release(p->watcher, p->dir);
	p->dir = dir;
	if (dir)
		list_append(&dir->members, &p->member);
}

static int on_events(sd_event_source *source, int fd, uint32_t revents, void *userdata);

/* Every container engine and desktop on the host takes some of the instances that the kernel gives
 * a user. */
static void tell_limit(struct file_watcher *w, int error)
{
	if (!w->is_limit_told)
		log_warn("agent",
			 "cannot watch for files (inotify): %s: they are looked at every %g s; "
			 "raise fs.inotify.max_user_instances",
			 strerror(error), (double)w->resync / USEC_PER_SEC);
	w->is_limit_told = true;
}

/* Tried again at each resync. */
static bool open_inotify(struct file_watcher *w)
{
	if (w->fd >= 0)
		return true;
	w->fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (w->fd < 0) {
		tell_limit(w, errno);
		return false;
	}
	int rc = loop_io_add(w->loop, &w->io, w->fd, EPOLLIN, LOOP_HEALTH, on_events, w);
	if (rc < 0) {
		tell_limit(w, -rc);
		close(w->fd);
		w->fd = -1;
		return false;
	}
	w->is_limit_told = false;
	return true;
}

/* Watches first and checks then, so that no change in between is missed. */
static bool arm(struct file_watch *p)
{
	for (unsigned i = 0; open_inotify(p->watcher) && i < ARM_TRIES; i++) {
		int wd = watch_deepest(p);
		move_to(p, wd >= 0 ? dir_get(p->watcher, wd) : NULL);
		if (!p->dir || !next_dir_exists(p))
			break;
	}
	return file_exists(p);
}

/* Events */

static void recheck(struct file_watch *p)
{
	bool exists = arm(p);
	if (exists == p->exists)
		return;
	p->exists = exists;
	p->changed(exists, p->userdata);
}

static bool concerns(const struct file_watch *p, const struct inotify_event *event)
{
	return event->len == 0 || (strlen(event->name) == p->name_len &&
				   strncmp(event->name, p->path + p->name_at, p->name_len) == 0);
}

static void recheck_all(struct file_watcher *w)
{
	list_for_each (it, &w->all)
		recheck(list_entry(it, struct file_watch, all));
}

static void on_event(struct file_watcher *w, const struct inotify_event *event)
{
	struct watched_dir *dir;
	struct list due;
	if (event->mask & IN_Q_OVERFLOW) {
		recheck_all(w);
		return;
	}
	HASH_FIND_INT(w->dirs, &event->wd, dir);
	if (!dir)
		return;
	/* Collected first: a recheck moves them to another directory, or back to this one. */
	list_init(&due);
	list_for_each (it, &dir->members)
		if (concerns(list_entry(it, struct file_watch, member), event)) {
			list_remove(it);
			list_append(&due, it);
		}
	for (struct file_watch *p; (p = list_first(&due, struct file_watch, member));)
		recheck(p);
}

static int on_events(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	struct file_watcher *w = userdata;
	char buf[4096] __attribute__((aligned(__alignof__(struct inotify_event))));
	(void)source, (void)revents;
	ssize_t n = read(fd, buf, sizeof(buf));
	for (ssize_t at = 0; at < n;) {
		const struct inotify_event *event = (const void *)(buf + at);
		on_event(w, event);
		at += (ssize_t)(sizeof(*event) + event->len);
	}
	return 0;
}

static int on_resync(sd_event_source *source, uint64_t usec, void *userdata)
{
	(void)source, (void)usec;
	struct file_watcher *w = userdata;
	recheck_all(w);
	return loop_timer_set(w->loop, &w->timer, usec_add(loop_now(w->loop), w->resync),
			      LOOP_HEALTH, on_resync, w);
}

/* Creation and release */

int file_watcher_new(sd_event *loop, span_t resync, struct file_watcher **ret, struct err *err)
{
	struct file_watcher *w = mem_new(1, sizeof(*w));
	*w = (struct file_watcher){ .loop = sd_event_ref(loop), .fd = -1, .resync = resync };
	list_init(&w->all);
	int rc = loop_timer_set(loop, &w->timer, usec_add(loop_now(loop), resync), LOOP_HEALTH,
				on_resync, w);
	if (rc < 0) {
		file_watcher_free(w);
		return err_set(err, rc, "cannot watch for files: %s", strerror(-rc));
	}
	*ret = w;
	return 0;
}

void file_watcher_free(struct file_watcher *w)
{
	if (!w)
		return;
	sd_event_source_disable_unref(w->io);
	sd_event_source_disable_unref(w->timer);
	if (w->fd >= 0)
		close(w->fd);
	sd_event_unref(w->loop);
	free(w);
}

struct file_watch *file_watch_new(struct file_watcher *w, const char *path, file_watch_cb *changed,
				  void *userdata, bool *ret_exists)
{
	struct file_watch *p = mem_new(1, sizeof(*p));
	p->watcher = w;
	p->path = mem_strdup(path);
	p->changed = changed;
	p->userdata = userdata;
	list_append(&w->all, &p->all);
	*ret_exists = p->exists = arm(p);
	return p;
}

void file_watch_free(struct file_watch *p)
{
	if (!p)
		return;
	list_remove(&p->all);
	list_remove(&p->member);
	dir_release(p->watcher, p->dir);
	free(p->path);
	free(p);
}
