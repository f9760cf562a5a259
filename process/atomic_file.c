/* SPDX-License-Identifier: MIT */
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
	struct async_fsync *syncer;
	int dir_fd;
	int fd;     /* of the file as it is, with the lock; -1: there is none */
	int new_fd; /* of what will replace it; -1: nothing is under way */
	char *content;
	size_t len, written;
	sd_event_source *work;
	atomic_file_done_cb *done;
	void *userdata;
};

static int fail(struct err *err, int code, const char *what, const char *path)
{
	return err_set(err, code, "cannot %s %s: %s", what, path, strerror(-code));
}

/* Life */

static int open_dir(struct atomic_file *r, struct err *err)
{
	int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
	fd_close(&r->dir_fd);
	r->dir_fd = open(r->dir, flags);
	if (r->dir_fd < 0 && errno == ENOENT) {
		if (mkdir(r->dir, 0700) < 0)
			return fail(err, -errno, "make the directory", r->dir);
		r->dir_fd = open(r->dir, flags);
	}
	return r->dir_fd < 0 ? fail(err, -errno, "open the directory", r->dir) : 0;
}

/* File systems without locks have no second process to keep out, as far as we can tell. */
static int lock(int fd, const char *path, struct err *err)
{
	if (flock(fd, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK)
		return 0;
	return err_set(err, -EBUSY, "another process uses %s", path);
}

/* The name may have been given to another file while we waited for nothing: then that one counts.
 */
static bool is_still(int fd, const char *path)
{
	struct stat ours, named;
	return fstat(fd, &ours) == 0 && stat(path, &named) == 0 && ours.st_ino == named.st_ino &&
	       ours.st_dev == named.st_dev;
}

static int open_file(struct atomic_file *r, struct err *err)
{
	int rc = 0;
	do {
		fd_close(&r->fd);
		r->fd = open(r->path, O_RDWR | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
		if (r->fd < 0)
			return errno == ENOENT ? 0 : fail(err, -errno, "open", r->path);
		rc = lock(r->fd, r->path, err);
	} while (rc == 0 && !is_still(r->fd, r->path));
	if (rc < 0)
		fd_close(&r->fd); /* it is not ours */
	return rc;
}

int atomic_file_new(sd_event *loop, const char *path, struct atomic_file **ret, struct err *err)
{
	struct atomic_file *r = mem_new(1, sizeof(*r));
	char *copy = mem_strdup(path);
	r->loop = loop;
	r->dir_fd = r->fd = r->new_fd = -1;
	r->path = mem_strdup(path);
	r->dir = mem_strdup(dirname(copy));
	free(copy);
	if (asprintf(&r->temp, "%s.new", path) < 0)
		abort(); /* out of memory, see lib/mem.h */
	int rc = open_dir(r, err);
	if (rc == 0)
		rc = open_file(r, err);
	if (rc < 0) {
		atomic_file_free(r);
		return rc;
	}
	r->syncer = async_fsync_new(loop);
	*ret = r;
	return 0;
}

/* Half a file would be in the way of whoever else writes to a disk that is full. */
static void drop_new(struct atomic_file *r)
{
	if (r->new_fd >= 0)
		unlink(r->temp);
	fd_close(&r->new_fd);
}

/* Leaves the file as it is. */
static void drop(struct atomic_file *r)
{
	sd_event_source_disable_unref(r->work);
	r->work = NULL;
	drop_new(r);
	mem_free(&r->content);
	r->done = NULL;
}

void atomic_file_free(struct atomic_file *r)
{
	if (!r)
		return;
	async_fsync_free(r->syncer);
	drop(r);
	fd_close(&r->fd);
	fd_close(&r->dir_fd);
	free(r->path);
	free(r->temp);
	free(r->dir);
	free(r);
}

bool atomic_file_is_async(const struct atomic_file *r)
{
	return async_fsync_is_async(r->syncer);
}

/* Reading */

static int check_owner(const struct atomic_file *r, struct stat *st, struct err *err)
{
	if (fstat(r->fd, st) < 0)
		return fail(err, -errno, "look at", r->path);
	if (!S_ISREG(st->st_mode))
		return err_set(err, -EPERM, "%s is not a file", r->path);
	if (st->st_uid != geteuid() && st->st_uid != 0)
		return err_set(err, -EPERM, "%s belongs to user %u, who may have written anything",
			       r->path, st->st_uid);
	if (st->st_mode & (S_IWGRP | S_IWOTH))
		return err_set(err, -EPERM, "%s may be written by others (mode %03o)", r->path,
			       st->st_mode & 0777);
	return 0;
}

int atomic_file_read(struct atomic_file *r, size_t max, char **ret, size_t *ret_len,
		     struct err *err)
{
	struct stat st;
	size_t len = 0;
	ssize_t n = 0;
	if (r->fd < 0)
		return err_set(err, -ENOENT, "there is no %s", r->path);
	int rc = check_owner(r, &st, err);
	if (rc < 0)
		return rc;
	if (st.st_size < 0 || (size_t)st.st_size > max)
		return err_set(err, -EFBIG, "%s has %lld bytes, at most %zu are read", r->path,
			       (long long)st.st_size, max);
	size_t size = (size_t)st.st_size;
	char *content = mem_new(size + 1, 1);
	do {
		n = pread(r->fd, content + len, size - len, (off_t)len);
		len += n > 0 ? (size_t)n : 0;
	} while ((n > 0 && len < size) || (n < 0 && errno == EINTR));
	if (n < 0) {
		rc = fail(err, -errno, "read", r->path);
		free(content);
		return rc;
	}
	*ret = content;
	*ret_len = len;
	return 0;
}

int atomic_file_set_aside(struct atomic_file *r, const char *path, struct err *err)
{
	if (rename(r->path, path) < 0)
		return err_set(err, -errno, "cannot rename %s to %s: %s", r->path, path,
			       strerror(errno));
	return 0;
}

int atomic_file_link(struct atomic_file *r, const char *path, struct err *err)
{
	if (link(r->path, path) < 0 && errno != EEXIST)
		return err_set(err, -errno, "cannot link %s to %s: %s", r->path, path,
			       strerror(errno));
	return 0;
}

/* Writing */

/* The file may be somebody else's by now: there was none when we looked, or ours was removed. */
static int claim(struct atomic_file *r, struct err *err)
{
	return r->fd >= 0 && is_still(r->fd, r->path) ? 0 : open_file(r, err);
}

/* With the lock from its first moment on. The directory may be another one by now. */
static int open_new(struct atomic_file *r, struct err *err)
{
	int rc = open_dir(r, err);
	if (rc == 0)
		rc = claim(r, err);
	if (rc < 0)
		return rc;
	unlink(r->temp); /* of a run that was killed */
	r->new_fd = open(r->temp, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (r->new_fd < 0)
		return fail(err, -errno, "write", r->temp);
	return lock(r->new_fd, r->temp, err);
}

static int write_some(int fd, const char *data, size_t len, size_t *written)
{
	ssize_t n = write(fd, data + *written, len - *written);
	if (n < 0 && errno != EINTR)
		return -errno;
	*written += n > 0 ? (size_t)n : 0;
	return 0;
}

/* The new content is on the disk and takes the old one's place. */
static int replace(struct atomic_file *r, struct err *err)
{
	if (rename(r->temp, r->path) < 0)
		return err_set(err, -errno, "cannot rename %s to %s: %s", r->temp, r->path,
			       strerror(errno));
	fd_close(&r->fd);
	r->fd = r->new_fd;
	r->new_fd = -1;
	return 0;
}

static void finish(struct atomic_file *r, const struct err *err)
{
	atomic_file_done_cb *done = r->done;
	void *userdata = r->userdata;
	drop(r);
	done(err, userdata);
}

static void finish_at_disk(struct atomic_file *r, int result, const char *path)
{
	struct err err;
	fail(&err, result, "sync", path);
	finish(r, &err);
}

static void on_dir_synced(int result, void *userdata)
{
	struct atomic_file *r = userdata;
	if (result < 0)
		finish_at_disk(r, result, r->dir);
	else
		finish(r, NULL);
}

static void on_file_synced(int result, void *userdata)
{
	struct atomic_file *r = userdata;
	struct err err;
	if (result < 0)
		finish_at_disk(r, result, r->temp);
	else if (replace(r, &err) < 0)
		finish(r, &err);
	else
		async_fsync_start(r->syncer, r->dir_fd, on_dir_synced, r);
}

static int on_work(sd_event_source *source, void *userdata)
{
	(void)source;
	struct atomic_file *r = userdata;
	struct err err = { "" };
	int rc = r->new_fd < 0 ? open_new(r, &err) : 0;
	size_t end = r->len - r->written > WRITE_TURN ? r->written + WRITE_TURN : r->len;
	if (rc == 0) {
		rc = write_some(r->new_fd, r->content, end, &r->written);
		if (rc < 0)
			fail(&err, rc, "write", r->temp);
	}
	if (rc < 0)
		finish(r, &err);
	else if (r->written < r->len)
		loop_defer(r->loop, &r->work, LOOP_APPLY, on_work, r);
	else
		async_fsync_start(r->syncer, r->new_fd, on_file_synced, r);
	return 0;
}

void atomic_file_start(struct atomic_file *r, char *content, size_t len, atomic_file_done_cb *done,
		       void *userdata)
{
	r->content = content;
	r->len = len;
	r->written = 0;
	r->done = done;
	r->userdata = userdata;
	loop_defer(r->loop, &r->work, LOOP_APPLY, on_work, r);
}

int atomic_file_write_now(struct atomic_file *r, const char *content, size_t len, struct err *err)
{
	size_t written = 0;
	async_fsync_free(r->syncer); /* waits, and calls nobody back */
	drop(r);
	r->syncer = async_fsync_new(r->loop);
	int rc = open_new(r, err);
	while (rc == 0 && written < len) {
		rc = write_some(r->new_fd, content, len, &written);
		if (rc < 0)
			fail(err, rc, "write", r->temp);
	}
	if (rc == 0 && fsync(r->new_fd) < 0)
		rc = fail(err, -errno, "sync", r->temp);
	if (rc == 0)
		rc = replace(r, err);
	if (rc == 0 && fsync(r->dir_fd) < 0 && errno != EINVAL)
		rc = fail(err, -errno, "sync", r->dir);
	drop_new(r);
	return rc;
}
