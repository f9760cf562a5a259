/* SPDX-License-Identifier: MIT */
#include "process/landlock.h"
#include "process/atomic_file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/mem.h"
#include "process/async_fsync.h"
#include "process/fd.h"
#include "process/loop.h"

/* In one turn of the loop; about half a millisecond of copying. */
#define WRITE_TURN ((size_t)1 << 20)

struct atomic_file {
	sd_event *loop;
	char *path, *temp, *dir;
	struct async_fsync *fsync;
	int dir_fd;
	int fd;     /* of the file as it is, locked; -1: there is none */
	int new_fd; /* of the file that will replace it; -1: no write in progress */
	char *content;
	size_t len, written;
	sd_event_source *work;
	atomic_file_done_cb *done;
	void *userdata;
};

static int fail(struct err *err, int code, const char *what, const char *path)
{
	return err_set(err, code, "cannot %s %s: %s%s", what, path, strerror(-code),
		       code == -EACCES && landlock_is_on()
			       ? " (the sandbox knows the directory as it was at the start: if it "
				 "was replaced, restart the agent)"
			       : "");
}

/* Creation and release */

static int open_dir(struct atomic_file *f, struct err *err)
{
	int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
	fd_close(&f->dir_fd);
	f->dir_fd = open(f->dir, flags);
	if (f->dir_fd < 0 && errno == ENOENT) {
		if (mkdir(f->dir, 0700) < 0)
			return fail(err, -errno, "create the directory", f->dir);
		f->dir_fd = open(f->dir, flags);
	}
	return f->dir_fd < 0 ? fail(err, -errno, "open the directory", f->dir) : 0;
}

/* A file system without locks is not an error: there another process cannot be detected. */
static int lock(int fd, const char *path, struct err *err)
{
	if (flock(fd, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK)
		return 0;
	return err_set(err, -EBUSY, "another process uses %s", path);
}

/* False when another file has the name by now: that one is to be locked. */
static bool is_still(int fd, const char *path)
{
	struct stat ours, named;
	return fstat(fd, &ours) == 0 && stat(path, &named) == 0 && ours.st_ino == named.st_ino &&
	       ours.st_dev == named.st_dev;
}

static int open_file(struct atomic_file *f, struct err *err)
{
	int rc = 0;
	do {
		fd_close(&f->fd);
		f->fd = open(f->path, O_RDWR | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
		if (f->fd < 0)
			return errno == ENOENT ? 0 : fail(err, -errno, "open", f->path);
		rc = lock(f->fd, f->path, err);
	} while (rc == 0 && !is_still(f->fd, f->path));
	if (rc < 0)
		fd_close(&f->fd); /* it is not ours */
	return rc;
}

int atomic_file_new(sd_event *loop, const char *path, struct atomic_file **ret, struct err *err)
{
	struct atomic_file *f = mem_new(1, sizeof(*f));
	char *copy = mem_strdup(path);
	f->loop = loop;
	f->dir_fd = f->fd = f->new_fd = -1;
	f->path = mem_strdup(path);
	f->dir = mem_strdup(dirname(copy));
	free(copy);
	if (asprintf(&f->temp, "%s.new", path) < 0)
		abort(); /* out of memory, see lib/mem.h */
	int rc = open_dir(f, err);
	if (rc == 0)
		rc = open_file(f, err);
	if (rc < 0) {
		atomic_file_free(f);
		return rc;
	}
	f->fsync = async_fsync_new(loop);
	*ret = f;
	return 0;
}

/* Half a file would take space on a disk that may be full. */
static void drop_new(struct atomic_file *f)
{
	if (f->new_fd >= 0)
		unlink(f->temp);
	fd_close(&f->new_fd);
}

/* Leaves the file as it is. */
static void drop(struct atomic_file *f)
{
	sd_event_source_disable_unref(f->work);
	f->work = NULL;
	drop_new(f);
	mem_free(&f->content);
	f->done = NULL;
}

void atomic_file_free(struct atomic_file *f)
{
	if (!f)
		return;
	async_fsync_free(f->fsync);
	drop(f);
	fd_close(&f->fd);
	fd_close(&f->dir_fd);
	free(f->path);
	free(f->temp);
	free(f->dir);
	free(f);
}

/* Reading */

static int check_owner(const struct atomic_file *f, struct stat *st, struct err *err)
{
	if (fstat(f->fd, st) < 0)
		return fail(err, -errno, "stat", f->path);
	if (!S_ISREG(st->st_mode))
		return err_set(err, -EPERM, "%s is not a regular file", f->path);
	if (st->st_uid != geteuid() && st->st_uid != 0)
		return err_set(err, -EPERM,
			       "%s belongs to user %u, expected the user of vipherald or root",
			       f->path, st->st_uid);
	if (st->st_mode & (S_IWGRP | S_IWOTH))
		return err_set(err, -EPERM,
			       "%s is writable by other users (mode %03o), expected 600", f->path,
			       st->st_mode & 0777);
	return 0;
}

int atomic_file_read(struct atomic_file *f, size_t max, char **ret, size_t *ret_len,
		     struct err *err)
{
	struct stat st;
	size_t len = 0;
	ssize_t n = 0;
	if (f->fd < 0)
		return err_set(err, -ENOENT, "%s not found", f->path);
	int rc = check_owner(f, &st, err);
	if (rc < 0)
		return rc;
	if (st.st_size < 0 || (size_t)st.st_size > max)
		return err_set(err, -EFBIG, "%s has %lld bytes, at most %zu are allowed", f->path,
			       (long long)st.st_size, max);
	size_t size = (size_t)st.st_size;
	char *content = mem_new(size + 1, 1);
	do {
		n = pread(f->fd, content + len, size - len, (off_t)len);
		len += n > 0 ? (size_t)n : 0;
	} while ((n > 0 && len < size) || (n < 0 && errno == EINTR));
	if (n < 0) {
		rc = fail(err, -errno, "read", f->path);
		free(content);
		return rc;
	}
	*ret = content;
	*ret_len = len;
	return 0;
}

int atomic_file_set_aside(struct atomic_file *f, const char *path, struct err *err)
{
	if (rename(f->path, path) < 0)
		return err_set(err, -errno, "cannot rename %s to %s: %s", f->path, path,
			       strerror(errno));
	return 0;
}

int atomic_file_link(struct atomic_file *f, const char *path, struct err *err)
{
	if (link(f->path, path) < 0 && errno != EEXIST)
		return err_set(err, -errno, "cannot link %s to %s: %s", f->path, path,
			       strerror(errno));
	return 0;
}

/* Writing */

/* Another process may have created the file meanwhile, where there was none or ours was removed. */
static int claim(struct atomic_file *f, struct err *err)
{
	return f->fd >= 0 && is_still(f->fd, f->path) ? 0 : open_file(f, err);
}

/* Locked from the first moment on. The directory may have been replaced, too. */
static int open_new(struct atomic_file *f, struct err *err)
{
	int rc = open_dir(f, err);
	if (rc == 0)
		rc = claim(f, err);
	if (rc < 0)
		return rc;
	unlink(f->temp); /* of an instance that was killed */
	f->new_fd = open(f->temp, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (f->new_fd < 0)
		return fail(err, -errno, "write", f->temp);
	return lock(f->new_fd, f->temp, err);
}

static int write_some(int fd, const char *data, size_t len, size_t *written)
{
	ssize_t n = write(fd, data + *written, len - *written);
	if (n < 0 && errno != EINTR)
		return -errno;
	*written += n > 0 ? (size_t)n : 0;
	return 0;
}

/* The new content is on the disk and replaces the old. */
static int replace(struct atomic_file *f, struct err *err)
{
	if (rename(f->temp, f->path) < 0)
		return err_set(err, -errno, "cannot rename %s to %s: %s", f->temp, f->path,
			       strerror(errno));
	fd_close(&f->fd);
	f->fd = f->new_fd;
	f->new_fd = -1;
	return 0;
}

static void finish(struct atomic_file *f, const struct err *err)
{
	atomic_file_done_cb *done = f->done;
	void *userdata = f->userdata;
	drop(f);
	done(err, userdata);
}

static void finish_failed(struct atomic_file *f, int result, const char *path)
{
	struct err err;
	fail(&err, result, "sync", path);
	finish(f, &err);
}

static void on_dir_synced(int result, void *userdata)
{
	struct atomic_file *f = userdata;
	if (result < 0)
		finish_failed(f, result, f->dir);
	else
		finish(f, NULL);
}

static void on_file_synced(int result, void *userdata)
{
	struct atomic_file *f = userdata;
	struct err err;
	if (result < 0)
		finish_failed(f, result, f->temp);
	else if (replace(f, &err) < 0)
		finish(f, &err);
	else
		async_fsync_start(f->fsync, f->dir_fd, on_dir_synced, f);
}

static int on_work(sd_event_source *source, void *userdata)
{
	(void)source;
	struct atomic_file *f = userdata;
	struct err err = { "" };
	int rc = f->new_fd < 0 ? open_new(f, &err) : 0;
	size_t end = f->len - f->written > WRITE_TURN ? f->written + WRITE_TURN : f->len;
	if (rc == 0) {
		rc = write_some(f->new_fd, f->content, end, &f->written);
		if (rc < 0)
			fail(&err, rc, "write", f->temp);
	}
	if (rc < 0)
		finish(f, &err);
	else if (f->written < f->len)
		loop_defer(f->loop, &f->work, LOOP_APPLY, on_work, f);
	else
		async_fsync_start(f->fsync, f->new_fd, on_file_synced, f);
	return 0;
}

void atomic_file_start(struct atomic_file *f, char *content, size_t len, atomic_file_done_cb *done,
		       void *userdata)
{
	f->content = content;
	f->len = len;
	f->written = 0;
	f->done = done;
	f->userdata = userdata;
	loop_defer(f->loop, &f->work, LOOP_APPLY, on_work, f);
}

int atomic_file_write_now(struct atomic_file *f, const char *content, size_t len, struct err *err)
{
	size_t written = 0;
	async_fsync_free(f->fsync); /* waits without calling back */
	drop(f);
	f->fsync = async_fsync_new(f->loop);
	int rc = open_new(f, err);
	while (rc == 0 && written < len) {
		rc = write_some(f->new_fd, content, len, &written);
		if (rc < 0)
			fail(err, rc, "write", f->temp);
	}
	if (rc == 0 && fsync(f->new_fd) < 0)
		rc = fail(err, -errno, "sync", f->temp);
	if (rc == 0)
		rc = replace(f, err);
	if (rc == 0 && fsync(f->dir_fd) < 0 && errno != EINVAL)
		rc = fail(err, -errno, "sync", f->dir);
	drop_new(f);
	return rc;
}
